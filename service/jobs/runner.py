"""The thread that runs jobs that ingest; upgrades have a thread of their own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import takewhile
from operator import itemgetter

from index.errors import (
    CollectionBusy,
    DiskFull,
    FormatInUse,
    InvalidInput,
    LoccitError,
    ObjectsUnavailable,
    StoreUnavailable,
)
from index.library import Library
from service.advice import message_with_advice
from service.errors import JobNotFound
from service.jobs.finishing import UNEXPECTED, JobFinishing, fail
from service.jobs.intake import Intake
from service.jobs.protocols import JobStore, Session, Spool
from service.jobs.records import EXPANDED, Item, Job, Rejection, lease_to_run
from service.jobs.storing import ItemStoring, refused
from service.jobs.upgrading import UpgradeRunner

log = logging.getLogger("loccit.service")

_POLL_SECONDS = 0.5
_RARE_POLL_SECONDS = 5.0
"""Interval while nothing is to be done, where the store tells of new jobs."""
_PAUSE_SECONDS = 5.0
_FILES_PER_COMMIT = 32
_STOP_SECONDS = 10.0
_WAITS = (CollectionBusy, FormatInUse, DiskFull, ObjectsUnavailable, StoreUnavailable)
"""Errors after which a job stays in its state and goes on later."""


class JobRunner:
    """Runs the jobs of a store, of each collection in their order; unfinished ones go on at the next start.

    Of several processes one runs the jobs of a collection, while it holds the lease for that. ``on_stored``
    is called with the name of a collection that has new passages to embed. Finished jobs are kept for
    ``keep_days``. Whoever opened the store closes it, after :meth:`stop`.
    """

    def __init__(
        self,
        library: Library,
        store: JobStore,
        intake: Intake,
        *,
        on_stored: Callable[[str], None],
        keep_days: float,
    ) -> None:
        self._intake = intake
        self.spool: Spool = intake.spool
        self.store = store
        self._session: Session | None = None
        self._storing = ItemStoring(library, store, intake, on_stored=on_stored)
        self._finishing = JobFinishing(library, store, intake.spool, keep_days=keep_days)
        self._upgrades = UpgradeRunner(library, store, may_continue=self._may_continue)
        self._set_aside: dict[str, float] = {}
        """Collections whose jobs wait for something, and until when by the monotonic clock."""
        self._attending = ExitStack()
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="loccit-jobs", daemon=True)

    def start(self) -> None:
        """Start the thread, and be woken by jobs that other processes queue."""
        self._attending.enter_context(self.store.attending(self.wake))
        self._thread.start()

    def wake(self) -> None:
        """Look for new jobs now."""
        self._wake.set()

    def stop(self) -> None:
        """Stop after the files in hand."""
        self._stopped.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)
        self._attending.close()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._session = self.store.open_session()
                if self._session is not None:
                    try:
                        self._serve(self._session)
                    finally:
                        self._upgrades.join(_STOP_SECONDS)
                        self._session.close()
            except ObjectsUnavailable as error:
                log.warning("Jobs wait: %s", error.message)
            except StoreUnavailable as error:
                log.warning("No jobs are run for now: %s", error.message)
            except Exception:
                log.exception("The thread that does jobs failed, and goes on.")
            # Others exclude this process, the session was lost, or something failed.
            self._stopped.wait(_PAUSE_SECONDS)

    def _may_continue(self) -> bool:
        return not self._stopped.is_set() and self._session is not None and self._session.is_held()

    def _serve(self, session: Session) -> None:
        while self._may_continue():
            is_embedding = self._finishing.finish_embedded(session)
            self._finishing.delete_expired(session)
            unfinished = self.store.in_state("running", "queued", most=_FILES_PER_COMMIT)
            # They take hours, for which no document must wait.
            self._upgrades.start([job for job in unfinished if job.kind == "upgrade"], session)
            if not self._ingest_next([job for job in unfinished if job.kind == "ingest"], session):
                is_idle = not unfinished and not is_embedding and self.store.is_announced
                self._wake.wait(_RARE_POLL_SECONDS if is_idle else _POLL_SECONDS)
                self._wake.clear()

    def _ingest_next(self, jobs: Sequence[Job], session: Session) -> bool:
        """Run the oldest jobs of one collection; False where there are none that can be run here now."""
        for together in _oldest(jobs):
            collection, lease = together[0].collection, lease_to_run(together[0])
            if self._set_aside.get(collection, 0.0) > time.monotonic() or not session.acquire(lease):
                continue
            try:
                if len(together) < 2 or not self._run_together(together):
                    self._run_job(together[0])
            except _WAITS as error:
                log.info("The jobs of the collection %r wait: %s", collection, error.message)
                self._set_aside[collection] = time.monotonic() + _PAUSE_SECONDS
            finally:
                session.release(lease)
            return True
        return False

    def _run_together(self, jobs: Sequence[Job]) -> bool:
        """Store the files of several jobs in one commit, which takes as long as one for a single file.

        Returns False where that cannot be done. Whoever runs them one by one finds out why.
        """
        waiting: list[tuple[Job, Item]] = []
        try:
            for job in jobs:
                (item,) = self.store.items(job.id, limit=1, outcomes=("waiting",))
                if item.kind != "file":
                    break
                if self.store.begin(job.id) and not self.store.is_cancelling(job.id):
                    waiting.append((job, item))
            if len(waiting) < 2:
                return False
            stored = self._storing.store(waiting)
            for job in stored:
                self.store.move(job.id, "embedding")
        except Exception:
            log.debug("Several jobs could not be run together.", exc_info=True)
            return False
        finally:
            self._intake.close()
        return bool(stored)

    def _run_job(self, job: Job) -> None:
        """Run a job until it is stored, cancelled or failed, or this process has to stop.

        Raises one of :data:`_WAITS`.
        """
        try:
            if not self.store.begin(job.id):
                return
        except JobNotFound:  # cancelled and deleted since it was listed
            return
        try:
            if self._ingest(job):
                self.store.move(job.id, "embedding")
        except _WAITS:
            raise
        except LoccitError as error:
            fail(self.store, job, message_with_advice(error))
        except Exception:
            log.exception("Job %s failed.", job.id)
            fail(self.store, job, UNEXPECTED)
        finally:
            self._intake.close()

    def _ingest(self, job: Job) -> bool:
        """Ingest all items; return False when the job was cancelled or the runner has to stop."""
        stored = 0
        while self._may_continue():
            if self.store.is_cancelling(job.id):
                self.store.move(job.id, "cancelled")  # its files are kept for a retry
                return False
            # The first commits are small, so that whoever waits sees files being done.
            most = min(_FILES_PER_COMMIT, max(1, 2 * stored))
            waiting = self.store.items(job.id, limit=most, outcomes=("waiting",))
            if not waiting:
                return True
            if waiting[0].kind in EXPANDED:
                self._expand(job, waiting[0])
            else:
                stored += len(self._storing.store([(job, item) for item in waiting]))
            if self._session is not None:
                self._finishing.finish_embedded(self._session)  # jobs before must not wait for its end
        return False

    def _expand(self, job: Job, item: Item) -> None:
        try:
            if item.kind == "crawl":
                for page, source in self._intake.crawled(job.id, item):
                    if self._interrupted(job):
                        return
                    if added := self.store.add_item(job.id, page):
                        self._storing.put([(job, added, source)])
                self.store.expand(job.id, item.number, ())
            else:
                members = []
                for member in self._intake.members(job.id, item):
                    if self._interrupted(job):
                        return
                    members.append(member)
                self.store.expand(job.id, item.number, members)
        except InvalidInput as error:
            self.store.settle(job.id, [refused(item, Rejection.of(error))])

    def _interrupted(self, job: Job) -> bool:
        return not self._may_continue() or self.store.is_cancelling(job.id)


def _oldest(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """For each collection, its oldest job, and those after it that have one file each from one sender."""
    for collection in dict.fromkeys(job.collection for job in jobs):
        own = [job for job in jobs if job.collection == collection]
        sender = own[0].access.sender
        small = (
            job.counts.outcomes == {"waiting": 1} and not job.cancelling and job.access.sender == sender
            for job in own
        )
        yield [job for job, _ in takewhile(itemgetter(1), zip(own, small, strict=True))] or own[:1]
