"""Several processes that run the jobs of one store, as threads that share one in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from index.library import Library
from service.jobs.finishing import EXPIRY, JobFinishing
from service.jobs.memory import MemoryJobStore
from service.jobs.records import NewItem
from service.jobs.runner import JobRunner
from service.jobs.spool.memory import MemorySpool
from tests.index.sources.web.standins import Server
from tests.patience import eventually
from tests.service.jobs.running import NewRunner, add, hold, page, results, text


@pytest.fixture
def runners(library: Library, new_runner: NewRunner) -> Iterator[list[JobRunner]]:
    """Two runners that are not started, and are stopped at the end."""
    store = MemoryJobStore()
    for name in ("default", "other"):
        library.open(name, create=True)
    with ExitStack() as stopping:
        runners = [new_runner(store=store) for _ in range(2)]
        for one in runners:
            stopping.callback(one.stop)
        yield runners


def test_jobs_of_different_collections_run_at_the_same_time(runners: list[JobRunner], server: Server) -> None:
    first, _ = runners
    pages = {name: hold(server, f"/{name}.html", page(name)) for name in ("default", "other")}
    for name in pages:
        address = server.url(f"/{name}.html", "127.0.0.1")
        add(first, NewItem("url", address), job=name, collection=name)
    add(first, text(first, "a.md", "A.", 1, "next"), job="next")
    for one in runners:
        one.start()
    eventually(lambda: {f"/{name}.html" for name in pages} <= set(server.targets))
    pages["other"].set()
    add(first, text(first, "b.md", "B.", 1, "later"), job="later", collection="other")
    eventually(lambda: first.store.job("later").state == "embedding")
    # Jobs of one collection follow each other, though a process has nothing else to do.
    assert first.store.job("next").state == "queued"
    pages["default"].set()
    eventually(lambda: first.store.job("next").state == "embedding")
    assert results(first, "next") == {"a.md": "added"}


def test_the_jobs_of_a_busy_collection_keep_none_of_another(runners: list[JobRunner]) -> None:
    first, _ = runners
    session = first.store.open_session()
    assert session is not None
    assert session.acquire("ingest/default")
    add(first, text(first, "a.md", "A.", 1))
    add(first, text(first, "b.md", "B.", 1, "second"), job="second", collection="other")
    first.start()
    eventually(lambda: first.store.job("second").state == "embedding")
    assert first.store.job("job").state == "queued"
    session.close()
    eventually(lambda: first.store.job("job").state == "embedding")


def test_jobs_age_by_one_clock(library: Library) -> None:
    store, spool = MemoryJobStore(), MemorySpool()
    finishing = [JobFinishing(library, store, spool, keep_days=0.0) for _ in range(2)]
    sessions = [store.open_session() for _ in finishing]
    for one, session in zip(finishing, sessions, strict=True):
        one.delete_expired(session)
    store.add("job", "default", [])
    store.move("job", "done")
    finishing[1].delete_expired(sessions[1])
    assert store.ids() == {"job"}  # the other one lets jobs age
    sessions[0].close()
    finishing[1].delete_expired(sessions[1])
    assert store.ids() == set()
    assert not store.open_session().acquire(EXPIRY)


def test_an_embedded_job_is_finished_by_one(library: Library) -> None:
    store, spool = MemoryJobStore(), MemorySpool()
    library.open("default", create=True)
    store.add("job", "default", [])
    store.move("job", "embedding")
    one, other = store.open_session(), store.open_session()
    assert other.acquire("embedded")
    finishing = JobFinishing(library, store, spool, keep_days=1.0)
    assert finishing.finish_embedded(one)
    assert store.job("job").state == "embedding"
    other.close()
    assert not finishing.finish_embedded(one)
    assert store.job("job").state == "done"
