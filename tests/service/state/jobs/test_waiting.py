"""Errors that are not those of a job: it waits, and another process may run it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.collection import Collection
from index.embedding import WordEmbedder
from index.errors import (
    FormatInUse,
    LoccitError,
    ModelNotFound,
    ObjectsUnavailable,
    ReadersUnavailable,
    StoreDamaged,
    UnknownFormat,
)
from index.library import Library
from index.upgrading import Upgrade
from service.flows.ingest.jobs.upgrading import UpgradeRunner
from service.flows.ingest.jobs.waiting import WaitingJobs
from service.state.jobs.records import Job, JobState, lease_to_run
from tests.contracts.jobs.model import MemoryJobStore, MemorySession
from tests.log_lines import lines
from tests.patience import PATIENCE, eventually
from tests.service.state.jobs.running import Start, add, finished, text

NOT_THEIRS = [UnknownFormat, FormatInUse, ModelNotFound, ObjectsUnavailable, ReadersUnavailable]


class SharedStore(MemoryJobStore):
    """As one in a database: the processes that run its jobs are counted."""

    def attendants(self) -> int:
        return 2


class UnableLibrary(Library):
    """That of a process that cannot open its collections."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, embedder=WordEmbedder())
        super().open("default", create=True)
        self.error: LoccitError | None = None

    def open(self, name: str, *, create: bool = False, model: str = "") -> Collection:
        self._fail()
        return super().open(name, create=create, model=model)

    def upgrade(self, name: str) -> Upgrade:
        self._fail()
        return super().upgrade(name)

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error


@pytest.fixture
def unable(tmp_path: Path) -> Iterator[UnableLibrary]:
    with UnableLibrary(tmp_path / "unable") as library:
        yield library


@pytest.mark.parametrize("kind", NOT_THEIRS)
def test_a_job_that_one_process_cannot_run_waits_for_another(
    kind: type[LoccitError],
    unable: UnableLibrary,
    library: Library,
    start: Start,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "loccit.service")
    library.open("default", create=True)
    store = SharedStore()
    unable.error = kind("It is not to be used here.")
    first = start(library=unable, store=store, worker=False)
    add(first, text(first, "a.md", "A.", 1))
    reason = eventually(lambda: first.waiting.reason(store.job("job")))
    assert reason.startswith("It is not to be used here.")
    assert store.job("job").state == "running"
    assert finished(start(store=store)).state == "done"
    told = f"Jobs of the collection 'default' cannot be run here now: {reason}"
    assert [message for message in caplog.messages if reason in message] == [told]


def test_a_process_alone_says_in_the_job_that_its_model_is_missing(
    unable: UnableLibrary, start: Start
) -> None:
    unable.error = ModelNotFound("There is no model.")
    runner = start(library=unable, store=MemoryJobStore(), worker=False)
    add(runner, text(runner, "a.md", "A.", 1))
    failed = finished(runner)
    assert (failed.state, failed.problem[:19]) == ("failed", "There is no model. ")


def test_a_reason_is_told_once_until_the_job_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    store = SharedStore()
    job = store.add("job", "default", [])
    waiting, error = WaitingJobs(store), UnknownFormat("Too new.")
    for _ in range(2):
        waiting.set_aside(job, error)
    assert len(lines(caplog)) == 1
    assert not waiting.are_due(job)
    assert waiting.are_due(store.add("other", "other", []))
    waiting.forget(job)
    assert waiting.reason(job) == ""
    waiting.set_aside(job, error)
    assert len(lines(caplog)) == 2


# Upgrades


def upgraded(library: Library, store: MemoryJobStore, session: MemorySession) -> Job:
    """The upgrade after one run of the thread."""
    runner = UpgradeRunner(library, store, WaitingJobs(store), may_continue=lambda: True)
    runner.start(store.in_state("queued", "running"), session)
    runner.join(PATIENCE)
    return store.job("job")


@pytest.mark.parametrize("kind", NOT_THEIRS)
def test_an_upgrade_that_one_process_cannot_run_waits(kind: type[LoccitError], unable: UnableLibrary) -> None:
    store = SharedStore()
    store.add("job", "default", [], kind="upgrade", details={"model": ""})
    unable.error = kind("It is not to be used here.")
    assert upgraded(unable, store, store.open_session()).state == "running"
    unable.error = None
    assert upgraded(unable, store, store.open_session()).state == "done"


class GatedLibrary(UnableLibrary):
    """Begins an upgrade when it may."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.began, self.let_go = threading.Event(), threading.Event()

    def upgrade(self, name: str) -> Upgrade:
        self.began.set()
        assert self.let_go.wait(PATIENCE)
        return super().upgrade(name)


def test_an_upgrade_stops_when_its_session_is_lost_also_where_the_process_has_another(tmp_path: Path) -> None:
    store = MemoryJobStore()
    job = store.add("job", "default", [], kind="upgrade", details={"model": ""})
    with GatedLibrary(tmp_path) as library:
        runner = UpgradeRunner(library, store, WaitingJobs(store), may_continue=lambda: True)
        runner.start([job], lost := store.open_session())
        assert library.began.wait(PATIENCE)
        lost.close()
        assert store.open_session().acquire(lease_to_run(job))  # of this process or another
        library.let_go.set()
        runner.join(PATIENCE)
    assert store.job("job").state == "running"
    assert "plan" not in store.job("job").details


class BrokenStore(MemoryJobStore):
    """Cannot even record that a job failed."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def begin(self, job_id: str) -> bool:
        raise RuntimeError("Nobody expects it.")

    def move(self, job_id: str, state: JobState, *, problem: str = "") -> None:
        raise self.error


@pytest.mark.parametrize("error", [RuntimeError("It is broken."), StoreDamaged("It is broken.")])
def test_what_an_upgrade_could_not_be_run_for_is_logged(
    error: Exception, unable: UnableLibrary, caplog: pytest.LogCaptureFixture
) -> None:
    store = BrokenStore(error)
    job = store.add("job", "default", [], kind="upgrade", details={"model": ""})
    waiting = WaitingJobs(store)
    runner = UpgradeRunner(unable, store, waiting, may_continue=lambda: True)
    runner.start([job], store.open_session())
    runner.join(PATIENCE)
    assert "It is broken." in caplog.text
    assert not waiting.are_due(job)
