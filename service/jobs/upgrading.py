"""The thread of a process that runs upgrades of collections, one after the other."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from index.errors import CollectionBusy, LoccitError, StoreUnavailable
from index.library import Library
from index.search import CALIBRATION_FILE
from index.upgrading import Plan, Progress, Upgrade
from service.advice import message_with_advice
from service.errors import JobNotFound
from service.jobs.finishing import UNEXPECTED, fail
from service.jobs.protocols import JobStore, Session
from service.jobs.records import Job, lease_to_run

log = logging.getLogger("loccit.service")

_PASSAGES_AT_ONCE = 32
"""Questions share the processors with a step, as with one of the embedding worker."""
_PAUSE_SECONDS = 5.0


class UpgradeRunner:
    """Runs jobs of the kind ``upgrade``, each until it is done, cancelled or failed, or has to stop.

    ``may_continue`` is asked between two steps. A job that stops goes on when it is started again, in this
    process or another, from what its collection has staged.
    """

    def __init__(self, library: Library, store: JobStore, *, may_continue: Callable[[], bool]) -> None:
        self._library = library
        self._store = store
        self._may_continue = may_continue
        self._thread: threading.Thread | None = None
        self._due = 0.0

    def start(self, jobs: Sequence[Job], session: Session) -> None:
        """Run these jobs in the thread, unless it runs others or waits for a collection that is busy.

        Those that another session runs are left to it.
        """
        running = self._thread is not None and self._thread.is_alive()
        if jobs and not running and time.monotonic() >= self._due:
            self._thread = threading.Thread(
                target=self._run, args=(jobs, session), name="loccit-upgrade", daemon=True
            )
            self._thread.start()

    def join(self, seconds: float) -> None:
        """Wait for the thread to stop."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self, jobs: Sequence[Job], session: Session) -> None:
        try:
            for job in jobs:
                if self._may_continue() and session.acquire(lease := lease_to_run(job)):
                    try:
                        self._run_job(job)
                    finally:
                        session.release(lease)
        except StoreUnavailable as error:
            log.warning("No upgrades are run for now: %s", error.message)

    def _run_job(self, job: Job) -> None:
        try:
            if self._store.begin(job.id):
                with self._library.upgrade(job.collection) as upgrade:
                    self._upgrade(job, upgrade)
        except JobNotFound:
            return  # cancelled and deleted since it was listed
        except (CollectionBusy, StoreUnavailable):
            # A command upgrades it, others write it, or the database is away: the job goes on later.
            self._due = time.monotonic() + _PAUSE_SECONDS
        except LoccitError as error:
            fail(self._store, job, message_with_advice(error))
        except Exception:
            log.exception("Job %s failed.", job.id)
            fail(self._store, job, UNEXPECTED)

    def _upgrade(self, job: Job, upgrade: Upgrade) -> None:
        details = {**job.details, "result": None}

        def tell(progress: Progress) -> None:
            details["progress"] = asdict(progress)
            self._store.set_details(job.id, details)

        def stop() -> bool:
            return not self._may_continue() or self._store.is_cancelling(job.id)

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
    """A plan as JSON values; see :class:`service.schemas.upgrades.UpgradePlan`."""
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
