"""A thread of a process that runs jobs of one kind, one after the other."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from index.errors import LoccitError
from service.advice import message_with_advice
from service.errors import JobNotFound
from service.flows.ingest.jobs.finishing import UNEXPECTED, fail_job
from service.flows.ingest.jobs.waiting import WaitingJobs
from service.state.jobs.protocols import JobStore, Session
from service.state.jobs.records import Job, lease_to_run

log = logging.getLogger("loccit.service")

MayContinue = Callable[[], bool]
Run = Callable[[Job, MayContinue], None]
"""Begins a job and runs it. A :class:`index.errors.LoccitError` is waited for, or fails the job."""


class JobThread:
    """Runs jobs with ``run`` in a thread that is started when some are due, and ends with them.

    ``may_continue`` is asked by ``run``, and with it whether the session that gave the lease is still held.
    """

    def __init__(
        self, store: JobStore, waiting: WaitingJobs, run: Run, *, name: str, may_continue: MayContinue
    ) -> None:
        self._name = name
        self._store = store
        self._waiting = waiting
        self._run_one = run
        self._may_continue = may_continue
        self._thread: threading.Thread | None = None

    def start(self, jobs: Sequence[Job], session: Session) -> None:
        """Run those of these jobs that need not wait, unless the thread runs others.

        Those that another session runs are left to it.
        """
        due = [job for job in jobs if self._waiting.are_due(job)]
        if due and not (self._thread is not None and self._thread.is_alive()):
            self._thread = threading.Thread(
                target=self._run, args=(due, session), name=self._name, daemon=True
            )
            self._thread.start()

    def join(self, seconds: float) -> None:
        """Wait for the thread to stop."""
        if self._thread is not None:
            self._thread.join(seconds)

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
                log.exception("The thread %s could not run job %s, and goes on.", self._name, job.id)
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
