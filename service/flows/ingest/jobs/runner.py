"""The thread that runs jobs that ingest; upgrades have a thread of their own."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import takewhile
from operator import itemgetter

from index.errors import (
    DiskFull,
    DiskReadOnly,
    InvalidInput,
    LoccitError,
    ObjectsUnavailable,
    StoreUnavailable,
)
from index.library import Library
from service.advice import message_with_advice
from service.background import STOP_SECONDS, BackgroundThread
from service.errors import JobNotFound
from service.flows.ingest.jobs.finishing import KEEP_DAYS, UNEXPECTED, JobFinishing, fail_job
from service.flows.ingest.jobs.intake import Intake
from service.flows.ingest.jobs.storing import ClaimsLost, ItemStoring, refused_item
from service.flows.ingest.jobs.syncing import SourceJobs
from service.flows.ingest.jobs.upgrading import UpgradeRunner
from service.flows.ingest.jobs.waiting import WaitingJobs
from service.flows.sources.running import SourceRunner
from service.state.jobs.protocols import JobStore, Session, Spool
from service.state.jobs.records import EXPANDED, Item, Job, Rejection, lease_to_run

log = logging.getLogger("loccit.service")

_POLL_SECONDS = 0.5
_RARE_POLL_SECONDS = 5.0
"""Interval while nothing is to be done, where the store tells of new jobs."""
_PAUSE_SECONDS = 5.0
_FILES_PER_COMMIT = 32
_TURN_SECONDS = 1.0
"""After a commit beyond that, the jobs of other collections have their turn."""
_COMMIT_SECONDS = 3.0
"""The longest time that a commit should take, by how long the files of the last one took."""


class JobRunner(BackgroundThread):
    """Runs the jobs of a store, of each collection in their order; unfinished ones go on at the next start.

    Collections take turns, so that no job of another one waits for all files of a large or slow one.

    Of several processes one runs the jobs of a collection, while it holds the lease for that; the others help
    it with the files of the oldest one. ``on_stored`` is called with the name of a collection that has new
    passages to embed. Finished jobs are kept for ``keep_days``. Whoever opened the store closes it, after
    :meth:`stop`.
    """

    thread_name = "loccit-jobs"

    def __init__(  # noqa: PLR0913 -- this is where the parts are put together
        self,
        library: Library,
        store: JobStore,
        intake: Intake,
        *,
        on_stored: Callable[[str], None],
        sources: SourceRunner | None = None,
        keep_days: float = KEEP_DAYS,
        turn_seconds: float = _TURN_SECONDS,
    ) -> None:
        super().__init__()
        self._intake = intake
        self._turn_seconds = turn_seconds
        self._turns: dict[str, int] = {}
        """By collection, the number of its last turn."""
        self._pace = 0.0
        """Seconds that a file of the last commit took."""
        self.spool: Spool = intake.spool
        self.store = store
        self._session: Session | None = None
        self._storing = ItemStoring(library, store, intake, on_stored=on_stored)
        self._finishing = JobFinishing(library, store, intake.spool, keep_days=keep_days)
        self.waiting = WaitingJobs(store)
        self._upgrades = UpgradeRunner(library, store, self.waiting, may_continue=self._is_wanted)
        self._syncs = sources and SourceJobs(
            library, store, self.waiting, sources, may_continue=self._is_wanted
        )
        self._attending = ExitStack()

    def start(self) -> None:
        """Start the thread, and be woken by jobs that other processes queue."""
        self._attending.enter_context(self.store.attending(self.wake))
        super().start()

    def wake(self) -> None:
        """Look for new jobs now."""
        self._wake.set()

    def stop(self) -> None:
        """Stop after the files in hand."""
        super().stop()
        self._attending.close()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._session = self.store.open_session()
                if self._session is not None:
                    try:
                        self._serve(self._session)
                    finally:
                        self._intake.close()
                        self._upgrades.join(STOP_SECONDS)
                        if self._syncs:
                            self._syncs.join(STOP_SECONDS)
                        self._session.close()
            except (DiskFull, DiskReadOnly, ObjectsUnavailable) as error:
                log.warning("Jobs wait: %s", error.message)
            except StoreUnavailable as error:
                log.warning("No jobs are run for now: %s", error.message)
            except Exception:
                log.exception("The thread that does jobs failed, and goes on.")
            # Others exclude this process, the session was lost, or something failed.
            self._stopped.wait(_PAUSE_SECONDS)

    def _is_wanted(self) -> bool:
        return not self._stopped.is_set()

    def _may_continue(self) -> bool:
        return self._is_wanted() and self._session is not None and self._session.is_held()

    def _serve(self, session: Session) -> None:
        while self._may_continue():
            is_embedding = self._finishing.finish_embedded(session)
            self._finishing.delete_expired(session)
            unfinished = self.store.in_state("running", "queued", most=_FILES_PER_COMMIT)
            # They take hours, for which no document must wait.
            self._upgrades.start([job for job in unfinished if job.kind == "upgrade"], session)
            if self._syncs:
                self._syncs.queue_due(session)
                self._syncs.start([job for job in unfinished if job.kind == "sync"], session)
            if not self._ingest_next([job for job in unfinished if job.kind == "ingest"], session):
                self._intake.close()
                is_idle = not unfinished and not is_embedding and self.store.is_announced
                self._wake.wait(_RARE_POLL_SECONDS if is_idle else _POLL_SECONDS)
                self._wake.clear()

    def _ingest_next(self, jobs: Sequence[Job], session: Session) -> bool:
        """Run the oldest jobs of one collection, or help with one; False where nothing can be done now."""
        together = [one for one in _oldest_by_collection(jobs) if self.waiting.are_due(one[0])]
        together.sort(key=lambda one: self._turns.get(one[0].collection, 0))
        others: list[Job] = []
        for one in together:
            if not session.acquire(lease := lease_to_run(one[0])):
                others.append(one[0])
                continue
            try:
                if self._attempt(one[0], partial(self._lead, one, session)):
                    self._had_turn(one[0].collection, together)
                    return True
            finally:
                session.release(lease)
        return any(self._attempt(job, partial(self._help, job, session)) for job in others)

    def _had_turn(self, collection: str, together: Sequence[Sequence[Job]]) -> None:
        """Put a collection behind all others that have jobs now."""
        waiting = {jobs[0].collection: self._turns.get(jobs[0].collection, 0) for jobs in together}
        self._turns = {**waiting, collection: max(waiting.values(), default=0) + 1}

    def _attempt(self, job: Job, act: Callable[[], bool]) -> bool:
        """Do something for a job; set those of its collection aside where that has to wait."""
        try:
            went_on = act()
        except LoccitError as error:
            self.waiting.set_aside(job, error)
            return True
        if went_on:
            self.waiting.forget(job)
        return went_on

    def _lead(self, jobs: Sequence[Job], session: Session) -> bool:
        """Run jobs of a collection whose lease is held."""
        return (len(jobs) > 1 and self._run_together(jobs, session)) or self._run_job(jobs[0], session)

    def _run_together(self, jobs: Sequence[Job], session: Session) -> bool:
        """Store the files of several jobs in one commit, which takes as long as one for a single file.

        Returns False where that cannot be done. Whoever runs them one by one finds out why.
        """
        claimed: list[tuple[Job, Item]] = []
        try:
            for job in jobs:
                # Before it begins: until then nobody helps.
                items = self._storing.claim(job, session, limit=1, fetches=False)
                if not items or items[0].kind != "file":
                    break
                if self.store.begin(job.id) and not self.store.is_cancelling(job.id):
                    claimed.append((job, items[0]))
            if len(claimed) < 2:
                return False
            stored = self._storing.store(claimed, session)
            for job in stored:
                self.store.move(job.id, "embedding")
        except Exception:
            log.debug("Several jobs could not be run together.", exc_info=True)
            return False
        finally:
            session.give_back()
        return bool(stored)

    def _run_job(self, job: Job, session: Session) -> bool:
        """Run a job until it is stored, cancelled or failed, its turn is over, or this process has to stop.

        Returns False if there is nothing to be done until others have stored what they have claimed. Raises
        an error that jobs wait for.
        """
        try:
            state = self.store.job(job.id).state  # it may have been run since it was listed
            if state != "running" and not (state == "queued" and self.store.begin(job.id)):
                return True
        except JobNotFound:  # cancelled and deleted
            return True
        try:
            return self._ingest(job, session)
        except LoccitError as error:
            if self.waiting.wait_for(error):
                raise
            fail_job(self.store, job, message_with_advice(error))
        except Exception:
            log.exception("Job %s failed.", job.id)
            fail_job(self.store, job, UNEXPECTED)
        return True

    def _ingest(self, job: Job, session: Session) -> bool:
        """Ingest items that others have not claimed; returns whether there was anything to do."""
        stored, began = 0, time.monotonic()
        while self._may_continue():
            now = self.store.job(job.id)
            if now.cancelling:
                if session.others_claim(job.id):
                    return stored > 0
                self.store.move(job.id, "cancelled")  # its files are kept for a retry
                return True
            share = self._share(now, now.counts.done)
            claimed = self._storing.claim(job, session, limit=share, fetches=True)
            if claimed:
                stored += self._store_timed(job, claimed, session)
            else:
                waiting = self.store.items(job.id, limit=1, outcomes=("waiting",))
                if not waiting:
                    self.store.move(job.id, "embedding")
                    return True
                if waiting[0].kind not in EXPANDED:
                    return stored > 0
                self._expand(job, waiting[0], session)
            self._finishing.finish_embedded(session)  # jobs before this one must not wait for its end
            if time.monotonic() - began > self._turn_seconds:
                return True
        return True

    def _store_timed(self, job: Job, claimed: Sequence[Item], session: Session) -> int:
        """Store some items, and note how long a file takes."""
        began = time.monotonic()
        stored = len(self._storing.store([(job, item) for item in claimed], session))
        self._pace = (time.monotonic() - began) / max(1, stored)
        return stored

    def _help(self, job: Job, session: Session) -> bool:
        """Store some files of a job that another process runs; False if there are none."""
        waiting = job.counts.outcomes.get("waiting", 0)
        if job.state != "running" or job.cancelling or waiting < 2:
            return False
        try:
            share = self._share(job, job.counts.done)
            claimed = self._storing.claim(job, session, limit=share, fetches=False)
            return bool(claimed and self._storing.store([(job, item) for item in claimed], session))
        except LoccitError:
            raise  # whoever leads the job finds out whether it fails
        except Exception:
            log.exception("Job %s is left to another process.", job.id)
        self.waiting.pause(job)
        return True

    def _share(self, job: Job, stored: int) -> int:
        """The number of files to claim at a time."""
        # The first commits are small, so that whoever waits sees files being done, and so are the last ones,
        # so that no process waits for another one.
        most = min(_FILES_PER_COMMIT, max(1, 2 * stored))
        if self._pace:
            most = min(most, max(1, int(_COMMIT_SECONDS / self._pace)))
        processes = self.store.attendants() or 1
        if processes == 1:
            return most
        return max(1, min(most, job.counts.outcomes.get("waiting", 0) // (2 * processes)))

    def _expand(self, job: Job, item: Item, session: Session) -> None:
        try:
            if item.kind == "crawl":
                for page, source in self._intake.crawl(job.id, item):
                    if self._is_interrupted(job):
                        return
                    if added := self.store.add_item(job.id, page):
                        self._storing.store_added(job, added, source, session)
                self.store.expand(job.id, item.number, ())
            else:
                members = []
                for member in self._intake.members(job.id, item):
                    if self._is_interrupted(job):
                        return
                    members.append(member)
                self.store.expand(job.id, item.number, members)
        except InvalidInput as error:
            self.store.settle(job.id, [refused_item(item, Rejection.of(error))])
        except ClaimsLost:
            return  # with the session

    def _is_interrupted(self, job: Job) -> bool:
        return not self._may_continue() or self.store.is_cancelling(job.id)


def _oldest_by_collection(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """For each collection, its oldest job, and those after it that have one file each from one sender."""
    for collection in dict.fromkeys(job.collection for job in jobs):
        own = [job for job in jobs if job.collection == collection]
        sender = own[0].access.sender
        small = (
            job.counts.outcomes == {"waiting": 1} and not job.cancelling and job.access.sender == sender
            for job in own
        )
        yield [job for job, _ in takewhile(itemgetter(1), zip(own, small, strict=True))] or own[:1]
