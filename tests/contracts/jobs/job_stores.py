"""The job stores that the contract suites test. A new one is added here, with no new test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from service.jobs.memory import MemoryJobStore
from service.jobs.protocols import JobStore
from service.jobs.sqlite import SqliteJobStore

Opener = Callable[[], JobStore]
"""Opens the same jobs with each call, as another process would."""


def _sqlite(folder: Path) -> Opener:
    return lambda: SqliteJobStore(folder / "jobs.sqlite")


def _memory(_: Path) -> Opener:
    store = MemoryJobStore()
    return lambda: store


OPENERS: Mapping[str, Callable[[Path], Opener]] = {"sqlite": _sqlite, "memory": _memory}
"""For each job store, what makes an opener of jobs in an empty folder."""
