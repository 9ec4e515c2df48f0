"""Check a job store in a file, and its spool."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from index.records import Problem
from index.store.sqlite import file_damage, reading
from service.state.jobs import sql
from service.state.jobs.protocols import Spool
from service.state.jobs.sqlite import schema


def problems(path: Path, spool: Spool) -> Iterator[Problem]:
    """Yield what is wrong with the jobs in a file and with the files that they wait for."""
    if not path.exists():
        return
    if damage := file_damage(path, lambda connection: schema.prepare(connection, path)):
        yield Problem("jobs_damaged", path.name, f"{damage}. Restore a backup, or move the file away.")
        return
    with reading(path) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'counts'").fetchone():
            return
    yield from sql.problems(lambda: reading(path), spool)
