"""Write a file to a spool in one step."""

from __future__ import annotations

from contextlib import closing

from service.state.jobs.protocols import Spool


def spool_file(spool: Spool, job_id: str, number: int, data: bytes) -> tuple[str, int]:
    """Spool a whole file; return its name and size."""
    with closing(spool.create(job_id, number)) as file:
        file.write(data)
        file.keep()
    spool.sync(job_id)
    return file.name, file.size
