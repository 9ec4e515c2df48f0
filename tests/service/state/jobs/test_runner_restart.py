from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from typing import Any

from index.errors import StoreUnavailable
from index.ingest.preparation import Source
from index.library import Library
from service.flows.ingest.background.embedding import EmbeddingWorker
from service.flows.ingest.jobs.runner import JobRunner
from service.state.jobs import JOBS
from service.state.jobs.protocols import Session
from service.state.jobs.records import Item, NewItem
from service.state.jobs.spool.folder import FolderSpool
from tests.contracts.jobs.model import MemoryJobStore, MemorySession
from tests.index.sources.web.standins import Server
from tests.patience import PATIENCE, eventually
from tests.service.state.jobs.running import (
    NewRunner,
    Start,
    add,
    archive,
    finished,
    hold,
    page,
    results,
    text,
)
from tests.service.state.jobs.zip_files import zipped


def test_documents_stored_before_a_crash_are_unchanged_after_it(
    library: Library, idle: JobRunner, start: Start
) -> None:
    """The process was killed after a commit, before the job store recorded the outcomes."""
    add(idle, *(text(idle, f"{n}.md", f"Text {n}.", n) for n in range(5)))
    assert idle.store.begin("job")
    collection = library.open("default")
    collection.put_many([Source(f"{n}.md", f"Text {n}.".encode()) for n in range(3)])
    job = finished(runner := start())
    assert job.state == "done"
    assert set(results(runner)) == {f"{n}.md" for n in range(5)}
    assert [results(runner)[f"{n}.md"] for n in range(5)] == ["unchanged"] * 3 + ["added"] * 2
    assert [collection.archive.document(f"{n}.md").versions for n in range(5)] == [1] * 5
    assert collection.archive.counts().embedded == collection.archive.counts().passages == 5


def test_files_left_by_a_crash_are_deleted_when_the_job_is_done(
    idle: JobRunner, start: Start, spool: FolderSpool
) -> None:
    add(idle, text(idle, "a.md", "A.", 1))
    idle.store.begin("job")
    idle.store.move("job", "embedding")
    finished(start())
    assert not spool.path("job", "").exists()


def test_expanded_archive_continues_after_a_restart(library: Library, idle: JobRunner, start: Start) -> None:
    add(idle, archive(idle, zipped({f"{n}.md": f"Text {n}." for n in range(4)})))
    idle.store.begin("job")
    members = [
        NewItem("member", f"{n}.md", "000001", 7, {"member": f"{n}.md", "metadata": {}}) for n in range(4)
    ]
    idle.store.expand("job", 1, members)
    job = finished(start())
    assert job.counts.outcomes == {"added": 4, "expanded": 1}
    assert library.open("default").archive.counts().documents == 4


def test_stopped_runner_leaves_the_rest_to_the_next(
    library: Library, idle: JobRunner, start: Start, server: Server
) -> None:
    let_go = hold(server, "/slow.html", page("Slow"))
    address = server.url("/slow.html", "127.0.0.1")
    add(idle, NewItem("url", address), text(idle, "b.md", "B.", 1))
    first = start()
    eventually(lambda: "/slow.html" in server.targets)
    stopping = threading.Thread(target=first.stop)
    stopping.start()
    assert first._stopped.wait(PATIENCE)  # before it has the page
    let_go.set()
    stopping.join()
    assert idle.store.job("job").state == "running"
    assert results(idle) == {address: "added", "b.md": "waiting"}
    assert finished(start()).state == "done"
    assert library.open("default").archive.counts().documents == 2


def test_only_one_of_two_runners_runs_jobs(library: Library, idle: JobRunner, new_runner: NewRunner) -> None:
    by: dict[str, list[str]] = {"first": [], "second": []}
    first, second = (new_runner(on_stored=stored.append) for stored in by.values())
    for number in range(20):
        name = f"job{number}"
        add(idle, text(idle, f"{number}.md", f"Text {number}.", 1, name), job=name)
    with ExitStack() as running:
        for one in (EmbeddingWorker(library, poll_seconds=0.05), first, second):
            one.start()
            running.callback(one.stop)
        for number in range(20):
            job = finished(idle, f"job{number}")
            assert (job.state, job.counts.outcomes) == ("done", {"added": 1})
        collection = library.open("default")
        assert [collection.archive.document(f"{n}.md").versions for n in range(20)] == [1] * 20
        assert [bool(stored) for stored in by.values()].count(True) == 1
        (first if by["first"] else second).stop()
        add(idle, text(idle, "last.md", "Last.", 1, "last"), job="last")
        assert finished(idle, "last").state == "done"  # the other takes over
        assert all(by.values())


class TellingStore(MemoryJobStore):
    """Tells of jobs, as a database does: who runs them need not look often."""

    is_announced = True
    tell: Callable[[], object]

    def attending(self, woken: Callable[[], object]) -> AbstractContextManager[None]:
        self.tell = woken
        return nullcontext()


def test_a_job_that_the_store_tells_of_is_run_at_once(library: Library, start: Start) -> None:
    library.open("default", create=True)
    store = TellingStore()
    runner = start(store=store)
    for name in ("first", "second"):
        add(runner, text(runner, f"{name}.md", f"Text {name}.", 1, name), job=name)
        store.tell()
        assert finished(runner, name).state == "done"


class LosingSession(MemorySession):
    """Is lost when ``lost`` is set, as with the connection to a database."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.lost, self.closed = threading.Event(), threading.Event()

    def is_held(self) -> bool:
        return not self.lost.is_set()

    def close(self) -> None:
        super().close()
        self.closed.set()


class LosingStore(MemoryJobStore):
    """Has one session, which may be lost, and no other."""

    def __init__(self) -> None:
        super().__init__()
        self.session = LosingSession(self, self._claims, self._leases, self._lock)

    def open_session(self) -> Session | None:  # type: ignore[override]
        return None if self.session.lost.is_set() else self.session


def test_runner_that_lost_its_session_leaves_the_rest(
    library: Library, new_runner: NewRunner, server: Server
) -> None:
    library.open("default", create=True)
    store = LosingStore()
    runner = new_runner(store=store)
    let_go = hold(server, "/slow.html", page("Slow"))
    address = server.url("/slow.html", "127.0.0.1")
    add(runner, NewItem("url", address), text(runner, "b.md", "B.", 1))
    runner.start()
    try:
        eventually(lambda: "/slow.html" in server.targets)
        store.session.lost.set()
        let_go.set()
        assert store.session.closed.wait(PATIENCE)
        assert store.job("job").state == "running"
        assert results(runner) == {address: "added", "b.md": "waiting"}
    finally:
        runner.stop()


class AbsentStore(MemoryJobStore):
    """Its database cannot be reached once, when outcomes are to be recorded."""

    was_absent = False

    def settle(self, job_id: str, items: Sequence[Item], *, last_passage: int = 0) -> None:
        if not self.was_absent:
            self.was_absent = True
            raise StoreUnavailable("The server cannot be reached.")
        super().settle(job_id, items, last_passage=last_passage)


def test_a_job_waits_while_the_database_cannot_be_reached(library: Library, start: Start) -> None:
    library.open("default", create=True)
    runner = start(store=AbsentStore())
    add(runner, *(text(runner, f"{n}.md", f"Text {n}.", n) for n in range(2)))
    assert finished(runner).state == "done"
    assert results(runner) == {"0.md": "unchanged", "1.md": "added"}


# Expiry


def test_finished_job_is_deleted_after_keep_days(idle: JobRunner, start: Start, spool: FolderSpool) -> None:
    add(idle, text(idle, "a.xyz", "A.", 1))
    runner = start()
    finished(runner)
    runner.stop()
    runner = start(keep_days=1)
    add(runner, text(runner, "b.md", "B.", 1, "later"), job="later")
    finished(runner, "later")
    runner.stop()
    assert idle.store.ids() == {"job", "later"}
    assert spool.path("job", "000001").exists()
    runner = start(keep_days=0)
    eventually(lambda: not runner.store.ids())
    eventually(lambda: not spool.path("job", "").exists())


def test_a_clock_that_jumps_deletes_no_job(
    idle: JobRunner, start: Start, library: Library, spool: FolderSpool
) -> None:
    add(idle, text(idle, "a.xyz", "A.", 1))
    runner = start()
    finished(runner)
    runner.stop()
    with closing(sqlite3.connect(library.data / JOBS)) as connection, connection:
        connection.execute("UPDATE jobs SET finished = 1")  # as it looks when the clock is decades ahead
    runner = start(keep_days=1)
    add(runner, text(runner, "b.md", "B.", 1, "later"), job="later")
    finished(runner, "later")  # and it has looked for old jobs before
    assert idle.store.ids() == {"job", "later"}
    assert spool.path("job", "000001").exists()
