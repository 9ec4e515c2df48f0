"""Runs of sources as jobs, when they are due: one after the other, in a thread of whoever runs jobs."""

import logging
import time
from collections.abc import Callable
from typing import Any

from index.collection import warn_once
from index.errors import LoccitError
from index.library import Library
from index.sources.applications import Stopped, all_sources
from service.flows.ingest.jobs.job_thread import JobThread, MayContinue
from service.flows.ingest.jobs.waiting import WaitingJobs
from service.flows.sources.describing import run_json
from service.flows.sources.running import SourceRunner
from service.state.jobs.protocols import JobStore, Session
from service.state.jobs.records import Job, new_job_id

log = logging.getLogger("loccit.service")

_LOOK_SECONDS = 15.0
"""Between two looks at what is due; sources are looked at each minute at most."""
_TELL_SECONDS = 1.0
DUE = "due-sources"
"""The lease to queue what is due."""


def queue_sync(store: JobStore, collection: str, source: str) -> Job:
    """The job that synchronizes a source: one that has not finished, else a new one."""
    for job in store.in_state("queued", "running"):
        if job.kind == "sync" and (job.collection, job.details["source"]) == (collection, source):
            return job
    details = {"source": source, "progress": None, "result": None}
    return store.add(new_job_id(), collection, [], kind="sync", details=details)


class SourceJobs(JobThread):
    """Runs jobs of the kind ``sync``, and queues those of sources that are due.

    A job that stops goes on when it is started again, in this process or another: what was read is stored,
    and is not read again.
    """

    name = "loccit-sources"

    def __init__(
        self,
        library: Library,
        store: JobStore,
        waiting: WaitingJobs,
        runner: SourceRunner,
        *,
        may_continue: MayContinue,
    ) -> None:
        super().__init__(library, store, waiting, may_continue=may_continue)
        self._runner = runner
        self._looked = -_LOOK_SECONDS

    def queue_due(self, session: Session) -> None:
        """Queue a job for each source that is due, now and then."""
        if time.monotonic() < self._looked + _LOOK_SECONDS or not session.acquire(DUE):
            return
        try:
            self._looked = time.monotonic()
            for name in self._library.names():
                try:
                    sources, unreadable = all_sources(self._library.open(name))
                    due = [one for one in sources if one.is_due(time.time())]
                except LoccitError as error:
                    log.info("The sources of the collection %r are not looked at: %s", name, error.message)
                    continue
                for problem in unreadable.values():
                    warn_once(name, problem.message)
                for source in due:
                    queue_sync(self._store, name, source.name)
        finally:
            session.release(DUE)

    def _run_one(self, job: Job, may_continue: MayContinue) -> None:
        if self._store.job(job.id).state == "running" or self._store.begin(job.id):
            self._synchronize(job, may_continue)

    def _synchronize(self, job: Job, may_continue: Callable[[], bool]) -> None:
        told = _Told(self._store, job)

        def goes_on() -> bool:
            return may_continue() and not self._store.is_cancelling(job.id)

        collection = self._library.open(job.collection)
        try:
            _, run = self._runner.run(
                collection, job.details["source"], on_file=told.note, may_continue=goes_on
            )
        except Stopped:
            if self._store.is_cancelling(job.id):
                self._store.move(job.id, "cancelled")
            return
        self._store.set_details(job.id, {**job.details, "progress": told.progress, "result": run_json(run)})
        self._store.move(job.id, "done")


class _Told:
    """Keeps the progress of a job, and stores it once a second."""

    def __init__(self, store: JobStore, job: Job) -> None:
        self._store = store
        self._job = job
        self._at = 0.0
        self.progress: dict[str, Any] | None = None

    def note(self, done: int, total: int) -> None:
        self.progress = {"entries": total, "done": done}
        if time.monotonic() >= self._at + _TELL_SECONDS:
            self._at = time.monotonic()
            self._store.set_details(self._job.id, {**self._job.details, "progress": self.progress})
