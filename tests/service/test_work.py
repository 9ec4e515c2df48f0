"""What ``loccit worker`` does, in this process: with and without a place where uploaded files are shared."""

import logging
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from index.errors import ModelDamaged, StoreUnavailable
from index.ingest.preparation import Source
from service.app.worker import Work
from service.errors import InvalidSettings
from service.settings import Settings, load_settings
from service.state.jobs import open_job_store, open_spool
from service.state.jobs.records import NewItem
from service.state.jobs.uploads import Upload
from service.state.library import open_library
from tests.patience import PATIENCE, eventually
from tests.postgresql import PASSWORD


def settings_of(folder: Path, **given: object) -> Settings:
    return load_settings(data=folder, model="words", **given)


@contextmanager
def working(settings: Settings) -> Iterator[Work]:
    work, stopped = Work(settings), threading.Event()
    thread = threading.Thread(target=work.run, args=(stopped,))
    assert not work.health().is_ready
    thread.start()
    try:
        eventually(lambda: work.health().is_ready)
        yield work
    finally:
        stopped.set()
        thread.join(PATIENCE)
    assert not work.health().is_up


def test_a_worker_without_shared_files_embeds_and_runs_no_jobs(
    tmp_path: Path, postgresql_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    settings = settings_of(tmp_path / "worker", store=postgresql_url)
    with open_library(settings_of(tmp_path / "service", store=postgresql_url)) as library:
        collection = library.open("default", create=True)
        collection.put(Source("a.txt", b"The lamp was lit."))
        with working(settings) as work:
            eventually(lambda: collection.archive.counts().embedded == 1)
            collection.put(Source("b.txt", b"The dog sleeps."))
            eventually(lambda: collection.archive.counts().embedded == 2)
            eventually(lambda: work.health().details == {"embedded": 2, "runs_jobs": False})
            eventually(lambda: library.attendants() == 1)
        eventually(lambda: library.attendants() == 0)
    assert "runs no jobs" in caplog.text
    assert "Embedded 2 passages." in caplog.text


def test_a_worker_runs_jobs_whose_files_are_shared(tmp_path: Path, postgresql_url: str) -> None:
    shared = {"store": postgresql_url, "objects": (tmp_path / "objects").as_uri()}
    (tmp_path / "objects").mkdir()
    with (
        open_library(settings_of(tmp_path / "service", **shared)) as library,
        closing(open_job_store(tmp_path / "service", store=postgresql_url)) as jobs,
        working(settings_of(tmp_path / "worker", **shared)) as work,
    ):
        library.open("default", create=True)
        upload = Upload(open_spool(tmp_path / "service", **shared))
        name, size = upload.put(b"The lamp was lit.")
        item = NewItem("file", "a.txt", name, size)
        job = upload.commit(lambda id_: jobs.add(id_, "default", [item]))
        eventually(lambda: jobs.job(job.id).state == "done")
        eventually(lambda: work.health().details == {"embedded": 1, "runs_jobs": True})
        assert library.open("default").archive.document("a.txt").embedded == 1


def test_what_prevents_the_start_is_raised(tmp_path: Path, postgresql_url: str) -> None:
    with pytest.raises(InvalidSettings, match="LOCCIT_STORE"):
        Work(settings_of(tmp_path))
    with pytest.raises(StoreUnavailable):
        Work(settings_of(tmp_path, store=postgresql_url.replace(PASSWORD, "wrong")))


@pytest.mark.model
def test_a_worker_whose_model_cannot_be_opened_ends_before_it_takes_work(
    tmp_path: Path, postgresql_url: str
) -> None:
    (model := tmp_path / "model").mkdir()
    (model / "config.json").write_text("{}")
    work = Work(load_settings(data=tmp_path / "data", model=str(model), store=postgresql_url))
    with pytest.raises(ModelDamaged):
        work.run(threading.Event())
    assert not work.health().is_ready


def test_a_worker_that_is_stopped_at_once_has_done_nothing(tmp_path: Path, postgresql_url: str) -> None:
    stopped = threading.Event()
    stopped.set()
    work = Work(settings_of(tmp_path, store=postgresql_url))
    work.run(stopped)
    assert not work.health().is_ready
