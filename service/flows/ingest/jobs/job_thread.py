"""A thread of a process that runs jobs of one kind, one after the other."""

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from index.errors import LoccitError
from index.library import Library
from service.advice import message_with_advice
from service.errors import JobNotFound
from service.flows.ingest.jobs.finishing import UNEXPECTED, fail_job
from service.flows.ingest.jobs.waiting import WaitingJobs
from service.state.jobs.protocols import JobStore, Session
from service.state.jobs.records import Job, lease_to_run

log = logging.getLogger("loccit.service")

MayContinue = Callable[[], bool]


class JobThread(ABC):
    """Runs jobs of one kind in a thread that is started when some are due, and ends with them.

    ``may_continue`` is asked between their steps, and whether the session that gave the lease is still held.
    """

    name: str
    """Of the thread."""

    def __init__(
        self, library: Library, store: JobStore, waiting: WaitingJobs, *, may_continue: MayContinue
    ) -> None:
        self._library = library
        self._store = store
        self._waiting = waiting
        self._may_continue = may_continue
        self._thread: threading.Thread | None = None

    def start(self, jobs: Sequence[Job], session: Session) -> None:
        """Run those of these jobs that need not wait, unless the thread runs others.

        Those that another session runs are left to it.
        """
        due = [job for job in jobs if self._waiting.are_due(job)]
        if due and not (self._thread is not None and self._thread.is_alive()):
            self._thread = threading.Thread(
                target=self._run, args=(due, session), name=self.name, daemon=True
            )
            self._thread.start()

    def join(self, seconds: float) -> None:
        """Wait for the thread to stop."""
        if self._thread is not None:
            self._thread.join(seconds)

    @abstractmethod
    def _run_one(self, job: Job, may_continue: MayContinue) -> None:
        """Begin a job and run it. A :class:`index.errors.LoccitError` is waited for, or fails the job."""

    def _run(self, jobs: Sequence[Job], session: Session) -> None:
        def may_continue() -> bool:
            # By the session of this run: the process may have another one by now, without the lease.
            return self._may_continue() and session.is_held()

        for job in jobs:
            try:
                if may_continue() and session.acquire(lease := lease_to_run(job)):
                    try:
                        self._run_job(job, may_continue)
                    finally:
                        session.release(lease)
            except LoccitError as error:
                self._waiting.set_aside(job, error)
            except Exception:
                log.exception("The thread %s could not run job %s, and goes on.", self.name, job.id)
                self._waiting.pause(job)

    def _run_job(self, job: Job, may_continue: MayContinue) -> None:
        """Run one job. Raises an error that jobs wait for, and what the store raises."""
        try:
            self._run_one(job, may_continue)
        except JobNotFound:
            pass  # cancelled and deleted since it was listed
        except LoccitError as error:
            if self._waiting.wait_for(error):
                raise
            fail_job(self._store, job, message_with_advice(error))
        except Exception:
            log.exception("Job %s failed.", job.id)
            fail_job(self._store, job, UNEXPECTED)
        self._waiting.forget(job)
