"""Cancel the jobs of a collection that is deleted: another of its name must not get their files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from service.errors import JobNotFound
from service.state.jobs.protocols import JobStore


@contextmanager
def cancelling_jobs(collection: str, store: JobStore) -> Iterator[None]:
    """Cancel, when the block has deleted a collection, the jobs that waited or ran before."""
    waiting = [one for one in store.in_state("queued", "running") if one.collection == collection]
    yield
    for job in waiting:
        with suppress(JobNotFound):  # finished and deleted meanwhile
            store.cancel(job.id)
