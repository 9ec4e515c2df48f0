"""Copy jobs and their spooled files while others add and run them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from index.store.sqlite import PinnedDatabase, pin_database
from service.state.jobs.checksums import ENDING, copy_spooled
from service.state.jobs.protocols import Spool

_FILES = (
    "SELECT j.id, i.spooled, MAX(i.outcome = 'waiting') FROM items i JOIN jobs j ON j.number = i.job"
    " WHERE i.spooled <> '' GROUP BY j.number, i.spooled ORDER BY j.number, MIN(i.number)"
)


class PinnedJobs:
    """The jobs of a data folder as they are at one moment."""

    def __init__(self, database: PinnedDatabase | None, spool: Spool) -> None:
        """Use :func:`pinned_jobs`."""
        self._database = database
        self._spool = spool

    def copy(self, path: Path, spool: Path) -> frozenset[tuple[str, str]]:
        """Write the jobs to ``path`` and the files that they need into the folder ``spool``.

        Returns the files, as job and name, that wait and are not there. One that was removed because it was
        ingested waits in no later state: that is the state to copy. What a call before has copied is not
        copied again.
        """
        path.unlink(missing_ok=True)
        if self._database is None:
            return frozenset()
        self._database.copy(path)
        with closing(sqlite3.connect(path)) as copy:
            is_new = not copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'items'").fetchone()
            files = [] if is_new else copy.execute(_FILES).fetchall()
        missing = set()
        for job, name, is_waiting in files:
            target = spool / job / name
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                with suppress(FileNotFoundError):
                    copy_spooled(self._spool, job, name, target)
            if is_waiting and not target.exists():
                missing.add((job, name))
        self._remove_others(spool, {(job, name) for job, name, _ in files})
        return frozenset(missing)

    @staticmethod
    def _remove_others(spool: Path, named: set[tuple[str, str]]) -> None:
        for path in list(spool.glob("*/*")):
            if (path.parent.name, path.name.removesuffix(ENDING)) not in named:
                path.unlink()


@contextmanager
def pinned_jobs(path: Path, spool: Spool) -> Iterator[PinnedJobs]:
    """Keep the state of a job store, if there is one. Raises :class:`index.errors.StoreDamaged`."""
    if not path.exists():
        yield PinnedJobs(None, spool)
        return
    with pin_database(path) as database:
        yield PinnedJobs(database, spool)
