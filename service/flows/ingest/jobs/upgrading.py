"""The thread of a process that runs upgrades of collections, one after the other."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from index.errors import LoccitError
from index.library import Library
from index.naming import CALIBRATION_FILE
from index.upgrading import Plan, Progress, Upgrade
from service.advice import message_with_advice
from service.errors import JobNotFound
from service.flows.ingest.jobs.finishing import UNEXPECTED, fail_job
from service.flows.ingest.jobs.waiting import WaitingJobs
from service.state.jobs.protocols import JobStore, Session
from service.state.jobs.records import Job, lease_to_run

log = logging.getLogger("loccit.service")

_PASSAGES_AT_ONCE = 32
"""Questions share the processors with a step, as with one of the embedding worker."""


class UpgradeRunner:
    """Runs jobs of the kind ``upgrade``, each until it is done, cancelled or failed, or has to stop.

    ``may_continue`` is asked between two steps, and whether the session that gave the lease is still held.
    A job that stops goes on when it is started again, in this process or another, from what its collection
    has staged.
    """

    def __init__(
        self, library: Library, store: JobStore, waiting: WaitingJobs, *, may_continue: Callable[[], bool]
    ) -> None:
        self._library = library
        self._store = store
        self._waiting = waiting
        self._may_continue = may_continue
        self._thread: threading.Thread | None = None

    def start(self, jobs: Sequence[Job], session: Session) -> None:
        """Run those of these jobs in the thread that need not wait, unless it runs others.

        Those that another session runs are left to it.
        """
        running = self._thread is not None and self._thread.is_alive()
        due = [job for job in jobs if self._waiting.are_due(job)]
        if due and not running:
            self._thread = threading.Thread(
                target=self._run, args=(due, session), name="loccit-upgrade", daemon=True
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
                log.exception("The thread that runs upgrades could not run job %s, and goes on.", job.id)
                self._waiting.pause(job)

    def _run_job(self, job: Job, may_continue: Callable[[], bool]) -> None:
        """Run one job. Raises an error that jobs wait for, and what the store raises."""
        try:
            if self._store.begin(job.id):
                with self._library.upgrade(job.collection) as upgrade:
                    self._upgrade(job, upgrade, may_continue)
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

    def _upgrade(self, job: Job, upgrade: Upgrade, may_continue: Callable[[], bool]) -> None:
        details = {**job.details, "result": None}

        def tell(progress: Progress) -> None:
            details["progress"] = asdict(progress)
            self._store.set_details(job.id, details)

        def stop() -> bool:
            return not may_continue() or self._store.is_cancelling(job.id)

        if not stop():
            plan = upgrade.plan(details["model"])
            details["plan"] = plan_json(plan)
            self._store.set_details(job.id, details)
            if upgrade.run(plan, tell, stop=stop, passages_at_once=_PASSAGES_AT_ONCE):
                self._store.set_details(job.id, {**details, "result": self._result(job, upgrade, plan)})
                self._store.move(job.id, "done")
                return
        if self._store.is_cancelling(job.id):
            upgrade.cancel()
            self._store.move(job.id, "cancelled")

    def _result(self, job: Job, upgrade: Upgrade, plan: Plan) -> dict[str, Any]:
        calibration = self._library.open(job.collection).folder / CALIBRATION_FILE
        return {
            "fingerprint": upgrade.current.fingerprint,
            "calibration_outdated": bool(plan.changes) and calibration.exists(),
        }


def plan_json(plan: Plan) -> dict[str, Any]:
    """A plan as JSON values; see :class:`service.faces.api.schemas.upgrades.UpgradePlan`."""
    return {
        "changes": plan.changes,
        "model": plan.target.model_name,
        "documents": plan.documents,
        "passages": plan.passages,
        "seconds": round(plan.seconds, 1),
        "bytes": plan.bytes,
        "free_bytes": plan.free,
        "begun": plan.begun,
    }
