"""The thread of a process that runs upgrades of collections, one after the other."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from index.naming import CALIBRATION_FILE
from index.upgrading import Plan, Progress, Upgrade
from service.flows.ingest.jobs.job_thread import JobThread, MayContinue
from service.state.jobs.records import Job

_PASSAGES_AT_ONCE = 32
"""Questions share the processors with a step, as with one of the embedding worker."""


class UpgradeRunner(JobThread):
    """Runs jobs of the kind ``upgrade``, each until it is done, cancelled or failed, or has to stop.

    A job that stops goes on when it is started again, in this process or another, from what its collection
    has staged.
    """

    name = "loccit-upgrade"

    def _run_one(self, job: Job, may_continue: MayContinue) -> None:
        if self._store.begin(job.id):
            with self._library.upgrade(job.collection) as upgrade:
                self._upgrade(job, upgrade, may_continue)

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
