"""Jobs that wait for something, and why: an error that is not theirs must not fail them."""

import logging
import time

from index.errors import (
    BackendMissing,
    CollectionBusy,
    DiskFull,
    DiskReadOnly,
    EngineUnsuitable,
    FormatInUse,
    LoccitError,
    ModelDamaged,
    ModelNotFound,
    ObjectsUnavailable,
    ReadersUnavailable,
    StoreUnavailable,
    TooManyModels,
    UnknownFormat,
)
from service.advice import message_with_advice
from service.state.jobs.protocols import JobStore
from service.state.jobs.records import Job, lease_to_run

log = logging.getLogger("loccit.service")

_PAUSE_SECONDS = 5.0
_PASSING = (
    CollectionBusy,
    DiskFull,
    DiskReadOnly,
    FormatInUse,
    ObjectsUnavailable,
    ReadersUnavailable,
    StoreUnavailable,
)
"""Errors after which a job stays in its state and goes on later."""
_HERE = (BackendMissing, EngineUnsuitable, ModelDamaged, ModelNotFound, TooManyModels)
"""Errors of this machine. A process of another one may be able to run the job, if there can be any."""


class WaitingJobs:
    """The jobs that this process sets aside for some seconds: all of one kind for one collection.

    Nothing of this is in the store, for other processes may be able to run them. Safe to use from several
    threads.
    """

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self._reasons: dict[str, str] = {}
        """By the lease to run them."""
        self._until: dict[str, float] = {}

    def wait_for(self, error: LoccitError) -> bool:
        """True if jobs wait after this error; other errors fail them."""
        if isinstance(error, _HERE):
            return self._store.attendants() is not None  # counted where they share a database
        # Later tables are of a newer version, which runs the job even if this process is now alone.
        return isinstance(error, (*_PASSING, UnknownFormat))

    def set_aside(self, job: Job, error: LoccitError) -> None:
        """Let a job, and those like it, wait; the reason is logged when it is a new one."""
        lease, reason = lease_to_run(job), message_with_advice(error)
        if self._reasons.get(lease) != reason:
            level = logging.INFO if isinstance(error, _PASSING) else logging.WARNING
            log.log(level, "Jobs of the collection %r cannot be run here now: %s", job.collection, reason)
        self._reasons[lease] = reason
        self.pause(job)

    def pause(self, job: Job) -> None:
        """Let a job, and those like it, wait; why is logged already."""
        self._until[lease_to_run(job)] = time.monotonic() + _PAUSE_SECONDS

    def forget(self, job: Job) -> None:
        """Call it when one of them went on."""
        self._reasons.pop(lease_to_run(job), None)

    def are_due(self, job: Job) -> bool:
        """True if a job may be tried now; jobs under the same lease wait together."""
        return self._until.get(lease_to_run(job), 0.0) <= time.monotonic()

    def reason(self, job: Job) -> str:
        """The problem of the last try to run a job in this process; empty where others run it since."""
        lease = lease_to_run(job)
        is_recent = time.monotonic() < self._until.get(lease, 0.0) + _PAUSE_SECONDS
        return self._reasons.get(lease, "") if is_recent else ""
