"""Jobs as their callers use them: queue, look up, and follow."""

import threading
from collections.abc import Iterable, Mapping
from typing import Any

from service.flows.ingest.jobs.runner import JobRunner
from service.state.identity import Principal
from service.state.jobs import refusals
from service.state.jobs.erasing import JobErasure
from service.state.jobs.protocols import JobStore, Spool
from service.state.jobs.records import Access, Job, NewItem, new_job_id
from service.state.limits.permits import Permits

MAX_JOBS = 256
"""Most jobs that wait or run. One may have thousands of files."""


class Jobs:
    """The jobs of all collections. Its methods block.

    ``followers`` are the permits of requests that follow a job.
    """

    def __init__(self, runner: JobRunner, *, followers: Permits) -> None:
        self.runner = runner
        self.store: JobStore = runner.store
        self.spool: Spool = runner.spool
        self.erasure = JobErasure(runner.store, runner.spool)
        self.followers = followers
        self._adding = threading.Lock()

    def get(self, caller: Principal, job_id: str) -> Job:
        """A job that the caller may see. Raises :class:`service.errors.JobNotFound`."""
        job = self.store.job(job_id)
        if not job.is_visible_to(caller):
            raise refusals.job_not_found(job_id)
        return job

    def require_room(self) -> None:
        """Raise :class:`service.errors.Overloaded` while as many jobs as are allowed wait or run."""
        counts = self.store.count_states()
        if counts.get("queued", 0) + counts.get("running", 0) >= MAX_JOBS:
            raise refusals.too_many_jobs(MAX_JOBS)

    def add(self, job_id: str, collection: str, items: Iterable[NewItem], access: Access) -> Job:
        """Queue a job. Raises :class:`service.errors.Overloaded` as :meth:`require_room` does."""
        with self._adding:
            self.require_room()
            return self.store.add(job_id, collection, items, access)

    def add_upgrade(self, collection: str, details: Mapping[str, Any]) -> Job:
        """Queue the upgrade of a collection, as :meth:`add`. Raises what the store raises, too."""
        with self._adding:
            self.require_room()
            return self.store.add(new_job_id(), collection, [], kind="upgrade", details=details)
