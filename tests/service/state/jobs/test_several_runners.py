"""Several processes that run the jobs of one store, as threads that share one in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from index.config import ReadingConfig
from index.library import Library
from index.readers import InProcessReaders
from index.types import Extract
from service.flows.ingest.jobs.finishing import EXPIRY, JobFinishing
from service.flows.ingest.jobs.runner import JobRunner
from service.state.jobs.protocols import Session
from service.state.jobs.records import NewItem
from service.state.jobs.spool.folder import FolderSpool
from tests.contracts.jobs.model import MemoryJobStore, MemorySession
from tests.index.sources.web.standins import Server
from tests.patience import PATIENCE, eventually
from tests.service.http_service import GatedEmbedder
from tests.service.state.jobs.running import NewRunner, add, hold, page, results, text


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


def test_jobs_age_by_one_clock(library: Library, tmp_path: Path) -> None:
    store, spool = MemoryJobStore(), FolderSpool(tmp_path / "spool")
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


def test_an_embedded_job_is_finished_by_one(library: Library, tmp_path: Path) -> None:
    store, spool = MemoryJobStore(), FolderSpool(tmp_path / "spool")
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


# One job


class GatedReaders(InProcessReaders):
    """Reads ``slow.md`` for the first time once ``let_go`` is set."""

    def __init__(self) -> None:
        super().__init__(ReadingConfig())
        self.began, self.let_go = threading.Event(), threading.Event()

    def read(self, data: bytes, *, name: str, media_type: str | None = None, password: str = "") -> Extract:
        if name == "slow.md" and not self.began.is_set():
            self.began.set()
            assert self.let_go.wait(PATIENCE)
        return super().read(data, name=name, media_type=media_type, password=password)


class ListingStore(MemoryJobStore):
    """Keeps the sessions that were opened."""

    def __init__(self) -> None:
        super().__init__()
        self.sessions: list[Session] = []

    def open_session(self) -> MemorySession:
        self.sessions.append(session := super().open_session())
        return session


@pytest.fixture
def readers() -> GatedReaders:
    return GatedReaders()


@pytest.fixture
def gated(tmp_path: Path, readers: GatedReaders) -> Iterator[Library]:
    """A library that reads one file slowly."""
    with Library(tmp_path / "gated", embedder=GatedEmbedder(), readers=readers) as library:
        library.open("default", create=True)
        yield library


@pytest.fixture
def sharing(gated: Library, new_runner: NewRunner, readers: GatedReaders) -> Iterator[list[JobRunner]]:
    """Two runners of this library. The first one has begun to read that file, in a job."""
    store, library = ListingStore(), gated
    with ExitStack() as stopping:
        runners = [new_runner(library=library, store=store) for _ in range(2)]
        names = ["slow.md", *(f"{number}.md" for number in range(20)), "slow.md"]
        add(runners[0], *(text(runners[0], name, f"Text {n}.", n) for n, name in enumerate(names)))
        add(runners[0], text(runners[0], "0.md", "Of the next job.", 1, "next"), job="next")
        for one in runners:
            stopping.callback(one.stop)
        runners[0].start()
        assert readers.began.wait(PATIENCE)
        yield runners
        readers.let_go.set()


def test_the_files_of_one_job_are_stored_by_several(
    sharing: list[JobRunner], readers: GatedReaders, gated: Library
) -> None:
    first, second = sharing
    store = first.store
    second.start()
    eventually(lambda: store.job("job").counts.outcomes == {"waiting": 2, "added": 20})
    # Neither the later file of the same name nor the next job overtakes the file that is being read.
    assert [item.number for item in store.items("job", limit=9, outcomes=("waiting",))] == [1, 22]
    assert (store.job("job").state, store.job("next").state) == ("running", "queued")
    readers.let_go.set()
    eventually(lambda: store.job("next").state == "embedding")
    assert store.job("job").counts.outcomes == {"added": 21, "replaced": 1}
    assert store.job("job").state == "embedding"
    archive = gated.open("default").archive
    assert [archive.text("slow.md", number)[1] for number in (1, 2)] == ["Text 0.", "Text 21."]
    assert archive.document("slow.md").versions == 2
    assert archive.text("0.md")[1] == "Of the next job."


def test_who_lost_a_claim_stores_nothing(
    sharing: list[JobRunner], readers: GatedReaders, gated: Library, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = sharing
    store = first.store
    assert isinstance(store, ListingStore)
    store.sessions[0].give_back()  # as after some hours
    second.start()
    eventually(lambda: store.job("job").counts.outcomes == {"added": 21, "replaced": 1})
    before = store.items("job", limit=99)
    readers.let_go.set()
    eventually(lambda: "left to others" in caplog.text)
    eventually(lambda: store.job("next").state == "embedding")
    assert store.items("job", limit=99) == before
    archive = gated.open("default").archive
    assert archive.document("slow.md").versions == 2
    assert archive.text("slow.md")[1] == "Text 21."


def test_a_job_is_cancelled_once_what_others_read_is_stored(
    sharing: list[JobRunner], readers: GatedReaders
) -> None:
    first, second = sharing
    store = first.store
    other = store.open_session()
    assert other is not None
    assert other.claim("job", limit=1, max_bytes=1)
    store.cancel("job")
    readers.let_go.set()
    eventually(lambda: store.job("job").counts.outcomes == {"added": 1, "waiting": 21})
    add(second, text(second, "a.md", "A.", 1, "third"), job="third", collection="gone")
    eventually(lambda: store.job("third").state == "failed")  # the runner has looked at all jobs
    assert store.job("job").state == "running"
    other.close()
    eventually(lambda: store.job("job").state == "cancelled")
    assert store.job("job").counts.outcomes == {"added": 1, "cancelled": 21}
    eventually(lambda: store.job("next").state == "embedding")
