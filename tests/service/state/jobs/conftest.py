from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from index.library import Library
from index.sources.web import Fetcher, WebConfig
from service.flows.ingest.background.embedding import EmbeddingWorker
from service.flows.ingest.jobs.intake import Intake
from service.flows.ingest.jobs.runner import JobRunner
from service.state.jobs import open_job_store
from service.state.jobs.protocols import JobStore
from service.state.jobs.spool.folder import FolderSpool
from tests.index.sources.web.standins import Server
from tests.patience import PATIENCE
from tests.service.state.jobs.running import NewRunner, Start


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def spool(library: Library) -> FolderSpool:
    return FolderSpool(library.data / "spool")


@pytest.fixture
def new_runner(library: Library, spool: FolderSpool, server: Server) -> Iterator[NewRunner]:
    """Makes runners that share the jobs, each with a store of its own; does not start them."""
    stores: list[JobStore] = []

    def new_runner(
        *,
        library: Library = library,
        store: JobStore | None = None,
        on_stored: Callable[[str], None] = lambda _: None,
        keep_days: float = 7.0,
        max_bytes: int = 100_000,
        turn_seconds: float = 1.0,
    ) -> JobRunner:
        stores.append(store or open_job_store(library.data))
        web = WebConfig(
            allowed_networks=("127.0.0.0/8",),
            ports=(80, 443, server.port),
            delay_seconds=0.0,
            max_bytes=max_bytes,
            seconds=PATIENCE,  # pages come when tests let them
        )
        intake = Intake(spool, Fetcher(web), max_document_bytes=max_bytes)
        return JobRunner(
            library,
            stores[-1],
            intake,
            on_stored=on_stored,
            keep_days=keep_days,
            turn_seconds=turn_seconds,
        )

    yield new_runner
    for store in stores:
        store.close()


@pytest.fixture
def start(library: Library, new_runner: NewRunner) -> Iterator[Start]:
    """Starts a runner, and the worker that embeds what it stores."""
    started: list[JobRunner | EmbeddingWorker] = []

    def start(*, worker: bool = True, **given: Any) -> JobRunner:
        embedding = EmbeddingWorker(library)
        runner = new_runner(on_stored=embedding.notify, **given)
        embedding.on_embedded = runner.wake
        for one in (embedding, runner) if worker else (runner,):
            one.start()
            started.append(one)
        return runner

    yield start
    for one in reversed(started):
        one.stop()


@pytest.fixture
def idle(library: Library, new_runner: NewRunner) -> JobRunner:
    """A runner that is never started: tests add jobs to its store."""
    library.open("default", create=True)
    return new_runner()
