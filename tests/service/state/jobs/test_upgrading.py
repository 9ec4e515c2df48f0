"""Upgrades as jobs: what a stop, another upgrade, or a collection that is gone means for them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.config import Precision
from index.embedding import Models, WordEmbedder
from index.ingest import Source
from index.library import Library
from index.naming import CALIBRATION_FILE
from index.upgrading import Progress
from service.flows.ingest.jobs.upgrading import UpgradeRunner
from service.flows.ingest.jobs.waiting import WaitingJobs
from service.state.jobs.records import Job, lease_to_run
from tests.contracts.jobs.model import MemoryJobStore
from tests.patience import PATIENCE

DETAILS = {"model": "64", "plan": {}, "progress": None, "result": None}


def library_in(folder: Path, loaded: list[WordEmbedder]) -> Library:
    def load(name: str, _: Precision | None) -> WordEmbedder:
        loaded.append(WordEmbedder(int(name)))
        return loaded[-1]

    return Library(folder, embedder=Models(lambda: WordEmbedder(256), name="256", load=load))


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with library_in(tmp_path, []) as library:
        collection = library.open("notes", create=True)
        texts = {f"{number}.txt": f"The lamp number {number} was lit at dusk." for number in range(100)}
        collection.put_many([Source(name, text.encode()) for name, text in texts.items()])
        collection.embed_pending()
        yield library


def run(library: Library, store: MemoryJobStore, may_continue: Callable[[], bool] = lambda: True) -> Job:
    """Run the job until it ends or has to stop."""
    runner = UpgradeRunner(library, store, WaitingJobs(store), may_continue=may_continue)
    session = store.open_session()
    runner.start(store.in_state("queued", "running"), session)
    runner.join(PATIENCE)
    session.close()
    return store.job("job")


def test_one_that_has_to_stop_goes_on_where_it_was(library: Library, tmp_path: Path) -> None:
    store, steps = MemoryJobStore(), itertools.count()
    store.add("job", "notes", [], kind="upgrade", details=DETAILS)
    # Asked once before each of 100 versions is split, and before each batch of 32 is embedded.
    stopped = run(library, store, lambda: next(steps) < 104)
    assert stopped.state == "running"
    assert stopped.details["progress"] == {"versions": 100, "staged": 100, "passages": 100, "embedded": 64}
    assert library.description("notes").dimension == 256
    loaded: list[WordEmbedder] = []
    with library_in(tmp_path, loaded) as again:
        done = run(again, store)
    assert (done.state, done.details["plan"]["begun"]) == ("done", True)
    assert done.details["result"]["fingerprint"] == library.description("notes").fingerprint
    assert library.description("notes").dimension == 64
    assert loaded[-1].passages == 36 + 17  # a sample of 17 texts measures the time


def test_one_that_is_to_be_cancelled_while_it_is_stopped(library: Library) -> None:
    store, steps = MemoryJobStore(), itertools.count()
    store.add("job", "notes", [], kind="upgrade", details=DETAILS)
    run(library, store, lambda: next(steps) < 50)
    store.cancel("job")
    assert run(library, store).state == "cancelled"
    with library.upgrade("notes") as upgrade:
        assert upgrade.begun is None
    assert library.description("notes").dimension == 256


def test_one_waits_while_a_command_upgrades_the_collection(library: Library) -> None:
    store = MemoryJobStore()
    store.add("job", "notes", [], kind="upgrade", details={**DETAILS, "model": ""})
    states: list[str] = []

    def meanwhile(_: Progress) -> None:
        if not states:
            states.append(run(library, store).state)

    with library.upgrade("notes") as upgrade:
        assert upgrade.run(upgrade.plan("64"), meanwhile)
    assert states == ["running"]
    assert run(library, store).state == "done"
    assert library.description("notes").dimension == 64


def test_one_of_a_collection_that_is_gone_fails(library: Library) -> None:
    store = MemoryJobStore()
    store.add("job", "notes", [], kind="upgrade", details=DETAILS)
    library.delete("notes")
    failed = run(library, store)
    assert failed.state == "failed"
    assert failed.problem.startswith("There is no collection 'notes'.")


def test_a_model_that_is_gone_fails_it(library: Library) -> None:
    store = MemoryJobStore()
    store.add("job", "notes", [], kind="upgrade", details={**DETAILS, "model": "no number"})
    failed = run(library, store)
    assert (failed.state, failed.details["result"]) == ("failed", None)
    assert "its log has the reason" in failed.problem


def test_a_calibration_that_does_not_fit_any_more_is_in_the_result(library: Library) -> None:
    (library.open("notes").folder / CALIBRATION_FILE).write_text("{}")
    store = MemoryJobStore()
    store.add("job", "notes", [], kind="upgrade", details=DETAILS)
    assert run(library, store).details["result"]["calibration_outdated"] is True


def test_one_that_another_process_runs_is_left_to_it(library: Library) -> None:
    store = MemoryJobStore()
    store.add("job", "notes", [], kind="upgrade", details=DETAILS)
    other = store.open_session()
    assert other.acquire(lease_to_run(store.job("job")))
    assert run(library, store).state == "queued"
    other.close()
    assert run(library, store).state == "done"
