"""End jobs whose passages are embedded, and delete old ones: once for all processes that run jobs."""

import logging
import time
from contextlib import suppress

from index.errors import CollectionNotFound, LoccitError
from index.library import Library
from service.advice import message_with_advice
from service.errors import JobNotFinished, JobNotFound
from service.state.jobs.protocols import JobStore, Session, Spool
from service.state.jobs.records import Job

log = logging.getLogger("loccit.service")

EMBEDDED = "embedded"
"""The lease to end jobs whose passages have their vectors. It is held for a moment."""
EXPIRY = "expiry"
"""The lease to let jobs age. Whoever has it keeps it, for its clock measures the time."""
UNEXPECTED = "The service met an error of its own; its log has the reason under the job's id."
"""Problem of a job that failed by an error that nobody foresaw."""
KEEP_DAYS = 7.0
"""Days for which a finished job can be looked up: a week, for whoever was away. Only time in which the
service runs counts."""
_EXPIRY_SECONDS = 600.0
_DAY = 86_400.0
_ABORTED_UPLOAD_SECONDS = _DAY


class JobFinishing:
    """Ends jobs that are embedded, and deletes those that finished ``keep_days`` ago. For one thread."""

    def __init__(
        self, library: Library, store: JobStore, spool: Spool, *, keep_days: float = KEEP_DAYS
    ) -> None:
        self._library = library
        self._store = store
        self._spool = spool
        self._keep_seconds = keep_days * _DAY
        self._aged: tuple[Session, float] | None = None
        """The session in which jobs aged, and when by the monotonic clock."""

    def finish_embedded(self, session: Session) -> bool:
        """Finish jobs whose passages all have their vectors; returns whether there are others."""
        if not session.acquire(EMBEDDED):
            return True  # another process is looking right now
        try:
            waiting = [self._finish(job) for job in self._store.in_state("embedding")]
        finally:
            session.release(EMBEDDED)
        return not all(waiting)

    def _finish(self, job: Job) -> bool:
        """Finish a job if nothing waits for its vector, or it is to be cancelled."""
        try:
            left = self._library.open(job.collection).archive.waiting(job.last_passage)
        except CollectionNotFound as error:
            fail_job(self._store, job, message_with_advice(error))
            return True
        except LoccitError:
            return False  # the embedding worker logs what is wrong with the collection
        if left and not job.cancelling:
            return False
        if not job.counts.outcomes.get("refused"):
            self._spool.clear(job.id)
        self._store.move(job.id, "cancelled" if left else "done")
        return True

    def delete_expired(self, session: Session) -> None:
        """Now and then, delete old finished jobs and the files of aborted uploads.

        Jobs age while they can be run, by the monotonic clock: the system clock may jump by years.
        """
        if not session.acquire(EXPIRY):
            return
        now = time.monotonic()
        # Until this session has the lease, others let jobs age.
        ran = now - self._aged[1] if self._aged and self._aged[0] is session else None
        if ran is not None and ran < _EXPIRY_SECONDS:
            return
        self._aged = (session, now)
        for job_id in self._store.age(ran or 0.0, until=self._keep_seconds):
            with suppress(JobNotFinished, JobNotFound):  # queued again, or deleted, since it was listed
                self._store.delete(job_id)
                self._spool.clear(job_id)
        self._spool.clear_unknown(self._store.ids(), idle_seconds=_ABORTED_UPLOAD_SECONDS)


def fail_job(store: JobStore, job: Job, problem: str) -> None:
    """Record, and log, why a job failed."""
    log.error("Job %s: %s", job.id, problem)
    store.move(job.id, "failed", problem=problem)
