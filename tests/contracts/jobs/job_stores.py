"""The job stores that the contract suites test. A new one is added here, with no new test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from service.state.jobs import open_job_store
from service.state.jobs.protocols import JobStore
from tests import postgresql
from tests.contracts.jobs.model import MemoryJobStore

Opener = Callable[[], JobStore]
"""Opens the same jobs with each call, as another process would."""


@contextmanager
def _sqlite(folder: Path) -> Iterator[Opener]:
    yield lambda: open_job_store(folder)


@contextmanager
def _postgresql(folder: Path) -> Iterator[Opener]:
    with postgresql.database() as url:
        yield lambda: open_job_store(folder, store=url)


@contextmanager
def _memory(_: Path) -> Iterator[Opener]:
    store = MemoryJobStore()
    yield lambda: store


OPENERS: Mapping[str, Callable[[Path], AbstractContextManager[Opener]]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "memory": _memory,
}
"""For each job store, what makes an opener of jobs in an empty folder."""
