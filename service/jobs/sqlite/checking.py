"""Check a job store and its spool."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from index.records import Problem
from index.store.sqlite import file_damage
from service.jobs.protocols import Spool, size_of_spooled

_MISCOUNTED = (
    "SELECT j.id FROM jobs j WHERE EXISTS (SELECT 1 FROM counts c WHERE c.job = j.number AND"
    " (c.items, c.bytes, c.passages) <> (SELECT COUNT(*), COALESCE(SUM(i.bytes), 0),"
    " COALESCE(SUM(i.passages), 0) FROM items i WHERE i.job = j.number AND i.outcome = c.outcome))"
)
_ORPHANS = "SELECT DISTINCT 'job ' || job FROM items WHERE job NOT IN (SELECT number FROM jobs)"
_WAITING = (
    "SELECT j.id, i.spooled, i.name FROM items i JOIN jobs j ON j.number = i.job"
    " WHERE i.spooled <> '' AND i.outcome = 'waiting'"
)


def problems(path: Path, spool: Spool) -> Iterator[Problem]:
    """Yield what is wrong with the jobs in a file and with the files that they wait for."""
    if not path.exists():
        return
    if damage := file_damage(path):
        yield Problem("jobs_damaged", path.name, f"{damage}. Restore a backup, or move the file away.")
        return
    with closing(sqlite3.connect(path)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'counts'").fetchone():
            return
        for (place,) in connection.execute(_ORPHANS).fetchall():
            yield Problem("job_missing", place, "it has items and is missing. Restore a backup.")
        for (job,) in connection.execute(_MISCOUNTED).fetchall():
            yield Problem(
                "job_counts_wrong", f"job {job}", "its progress is counted wrongly. Delete the job."
            )
        for job, name, document in connection.execute(_WAITING).fetchall():
            # The runner removes a file after its item is settled: unless that happened since.
            if size_of_spooled(spool, job, name) is None and _still_waits(connection, job, name):
                message = f"the file of {document!r} is not in the spool. Cancel the job and upload it again."
                yield Problem("upload_missing", f"job {job}", message)


def _still_waits(connection: sqlite3.Connection, job: str, name: str) -> bool:
    row = connection.execute(f"{_WAITING} AND j.id = ? AND i.spooled = ?", (job, name)).fetchone()
    return row is not None
