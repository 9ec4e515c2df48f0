"""Check the rows of a job store, and its spool."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from index.records import Problem
from service.state.databases import Connection
from service.state.jobs.checksums import is_damaged
from service.state.jobs.protocols import Spool, size_of_spooled

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

Reading = Callable[[], AbstractContextManager[Connection]]
"""Opens a transaction that reads the database as it is then."""


def problems(reading: Reading, spool: Spool) -> Iterator[Problem]:
    """Yield what is wrong with jobs, and with the files that they wait for."""
    with reading() as connection:
        orphans, miscounted, waiting = (
            connection.execute(query).fetchall() for query in (_ORPHANS, _MISCOUNTED, _WAITING)
        )
    for (place,) in orphans:
        yield Problem("job_missing", place, "it has items and is missing. Restore a backup.")
    for (job,) in miscounted:
        yield Problem("job_counts_wrong", f"job {job}", "its progress is counted wrongly. Delete the job.")
    for job, name, document in waiting:
        # The runner removes a file after its item is settled: unless that happened since.
        if size_of_spooled(spool, job, name) is None and _still_waits(reading, job, name):
            message = f"the file of {document!r} is not in the spool. Cancel the job and upload it again."
            yield Problem("upload_missing", f"job {job}", message)
        elif is_damaged(spool, job, name):
            message = f"the file of {document!r} is not what was sent. Cancel the job and upload it again."
            yield Problem("upload_damaged", f"job {job}", message)


def _still_waits(reading: Reading, job: str, name: str) -> bool:
    with reading() as connection:
        row = connection.execute(f"{_WAITING} AND j.id = ? AND i.spooled = ?", (job, name)).fetchone()
    return row is not None
