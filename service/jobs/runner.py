"""The thread that runs jobs that ingest, one after the other; upgrades have a thread of their own."""

from __future__ import annotations

import logging
import threading
import time
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from itertools import takewhile

from index.collection import Collection
from index.errors import (
    CollectionBusy,
    CollectionNotFound,
    DiskFull,
    InvalidInput,
    LoccitError,
    ObjectsUnavailable,
    ReaderFailed,
    StoreUnavailable,
)
from index.ingest import Source
from index.library import Library
from index.records import Put
from service.advice import message_with_advice
from service.errors import JobNotFinished, JobNotFound
from service.jobs.intake import Intake
from service.jobs.protocols import JobStore, Lease, Spool
from service.jobs.records import SAME_TEXT, Item, Job, Rejection
from service.jobs.upgrading import UpgradeRunner

log = logging.getLogger("loccit.service")

_Taken = tuple[Job, Item, Source | Rejection]
"""An item of a job, and what it names or why that is refused."""

_POLL_SECONDS = 0.5
_RARE_POLL_SECONDS = 5.0
"""Interval while nothing is to be done, where the store tells of new jobs."""
_PAUSE_SECONDS = 5.0
_FILES_PER_COMMIT = 32
_BYTES_PER_COMMIT = 8 * 1024 * 1024
_EXPIRY_SECONDS = 600.0
_STOP_SECONDS = 10.0
_DAY = 86_400.0
_ABORTED_UPLOAD_SECONDS = _DAY
_UNEXPECTED = "the service met an error of its own with this file; its log has the reason under the job's id."


class JobRunner:
    """Runs the jobs of a store while it holds the store's lease; unfinished ones go on at the next start.

    ``on_stored`` is called with the name of a collection that has new passages to embed. Finished jobs are
    kept for ``keep_days``. Whoever opened the store closes it, after :meth:`stop`.
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
        self._library = library
        self._intake = intake
        self.spool: Spool = intake.spool
        self.store = store
        self._lease: Lease | None = None
        self._upgrades = UpgradeRunner(library, store, may_continue=self._may_continue)
        self._on_stored = on_stored
        self._keep_seconds = keep_days * _DAY
        self._aged_at: float | None = None
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
                self._lease = self.store.acquire_lease()
                if self._lease is not None:
                    try:
                        self._serve()
                    finally:
                        self._upgrades.join(_STOP_SECONDS)
                        self._lease.release()
            except ObjectsUnavailable as error:
                log.warning("Jobs wait: %s", error.message)
            except StoreUnavailable as error:
                log.warning("No jobs are run for now: %s", error.message)
            except Exception:
                log.exception("The thread that does jobs failed, and goes on.")
            # Another process runs the jobs, the lease was lost, or something failed.
            self._stopped.wait(_PAUSE_SECONDS)

    def _may_continue(self) -> bool:
        return not self._stopped.is_set() and self._lease is not None and self._lease.is_held()

    def _serve(self) -> None:
        while self._may_continue():
            is_embedding = self._finish_embedded()
            self._delete_expired()
            unfinished = self.store.in_state("running", "queued")
            # They take hours, for which no document must wait.
            self._upgrades.start([job for job in unfinished if job.kind == "upgrade"])
            if ingests := [job for job in unfinished if job.kind == "ingest"]:
                together = _alike(ingests)
                if len(together) < 2 or not self._run_together(together):
                    self._run_job(ingests[0])
            else:
                is_idle = not unfinished and not is_embedding and self.store.is_announced
                self._wake.wait(_RARE_POLL_SECONDS if is_idle else _POLL_SECONDS)
                self._wake.clear()

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
            stored = self._store(waiting)
            for job in stored:
                self.store.move(job.id, "embedding")
        except Exception:
            log.debug("Several jobs could not be run together.", exc_info=True)
            return False
        finally:
            self._intake.close()
        return bool(stored)

    def _run_job(self, job: Job) -> None:
        try:
            if not self.store.begin(job.id):
                return
        except JobNotFound:  # cancelled and deleted since it was listed
            return
        try:
            if self._ingest(job):
                self.store.move(job.id, "embedding")
        except (CollectionBusy, DiskFull, ObjectsUnavailable):
            self._stopped.wait(_PAUSE_SECONDS)  # the job stays in its state and goes on later
        except LoccitError as error:
            self._fail(job, message_with_advice(error))
        except Exception:
            log.exception("Job %s failed.", job.id)
            self._fail(job, "The service met an error of its own; its log has the reason under the job's id.")
        finally:
            self._intake.close()

    def _fail(self, job: Job, problem: str) -> None:
        log.error("Job %s: %s", job.id, problem)
        self.store.move(job.id, "failed", problem=problem)

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
            if waiting[0].kind in ("archive", "sitemap", "crawl"):
                self._expand(job, waiting[0])
            else:
                stored += len(self._store([(job, item) for item in waiting]))
            self._finish_embedded()  # jobs before this one must not wait for its end
        return False

    def _expand(self, job: Job, item: Item) -> None:
        try:
            if item.kind == "crawl":
                for page, source in self._intake.crawled(job.id, item):
                    if self._interrupted(job):
                        return
                    if added := self.store.add_item(job.id, page):
                        self._put([(job, added, source)])
                self.store.expand(job.id, item.number, ())
            else:
                members = []
                for member in self._intake.members(job.id, item):
                    if self._interrupted(job):
                        return
                    members.append(member)
                self.store.expand(job.id, item.number, members)
        except InvalidInput as error:
            self.store.settle(job.id, [_refused(item, Rejection.of(error))])

    def _interrupted(self, job: Job) -> bool:
        return not self._may_continue() or self.store.is_cancelling(job.id)

    def _store(self, waiting: Sequence[tuple[Job, Item]]) -> list[Job]:
        """Store the first of the waiting items in one commit of a limited size; returns the job of each.

        The jobs have the same collection and sender.
        """
        batch: list[_Taken] = []
        ids: set[str] = set()
        size = 0
        for job, item in waiting:
            if item.kind in ("archive", "sitemap", "crawl"):
                break
            source = self._intake.source(job.id, item)
            if isinstance(source, Source):
                name = unicodedata.normalize("NFC", source.id)
                if name in ids:
                    break  # it replaces one of this batch, which must be stored first
                ids.add(name)
                size += len(source.data)
            batch.append((job, item, source))
            if size >= _BYTES_PER_COMMIT or item.kind == "url":
                break
        self._put(batch)
        return [job for job, _, _ in batch]

    def _put(self, batch: Sequence[_Taken]) -> None:
        if not batch:
            return
        job = batch[0][0]
        # Opened for each batch: the collection may be deleted, and its name reused, at any time.
        collection = self._library.open(job.collection)
        sources = [source for _, _, source in batch if isinstance(source, Source)]
        outcomes = iter(self._outcomes(job, collection, sources))
        settled: dict[str, list[Item]] = {}
        for of, item, source in batch:
            outcome = next(outcomes) if isinstance(source, Source) else source
            settled.setdefault(of.id, []).append(_settled(item, outcome))
        last_passage = collection.archive.last_passage() if sources else 0
        for job_id, items in settled.items():
            self.store.settle(job_id, items, last_passage=last_passage)
        self._on_stored(job.collection)
        for job_id, items in settled.items():
            kept = [item.spooled for item in items if item.kind == "file" and item.outcome != "refused"]
            self.spool.remove(job_id, kept)

    def _outcomes(
        self, job: Job, collection: Collection, sources: Sequence[Source]
    ) -> Sequence[Put | InvalidInput]:
        """Store sources one by one when storing them together fails, so that one bad file stops no other."""
        try:
            return collection.seen_by(job.access.sender).put_many(sources)
        except Exception as error:
            # Raises if the collection was deleted meanwhile.
            same = self._library.open(job.collection) is collection
            if isinstance(error, LoccitError) or not same:
                raise
            if len(sources) > 1:
                return [one for source in sources for one in self._outcomes(job, collection, [source])]
            log.exception("Job %s: a file could not be stored.", job.id)
            (source,) = sources
            return [ReaderFailed(f"{source.id}: {_UNEXPECTED}")]

    def _finish_embedded(self) -> bool:
        """Finish jobs whose passages all have their vectors; returns whether there are others."""
        is_waiting = False
        for job in self.store.in_state("embedding"):
            try:
                left = self._library.open(job.collection).archive.waiting(job.last_passage)
            except CollectionNotFound as error:
                self._fail(job, message_with_advice(error))
                continue
            except LoccitError:
                is_waiting = True
                continue  # the embedding worker logs what is wrong with the collection
            if job.cancelling or not left:
                if not job.counts.outcomes.get("refused"):
                    self.spool.clear(job.id)
                self.store.move(job.id, "cancelled" if left else "done")
            else:
                is_waiting = True
        return is_waiting

    def _delete_expired(self) -> None:
        """Now and then, delete old finished jobs and the files of aborted uploads.

        Jobs age while they can be run, by the monotonic clock: the system clock may jump by years.
        """
        now = time.monotonic()
        ran = 0.0 if self._aged_at is None else now - self._aged_at
        if self._aged_at is not None and ran < _EXPIRY_SECONDS:
            return
        self._aged_at = now
        for job_id in self.store.age(ran, until=self._keep_seconds):
            with suppress(JobNotFinished, JobNotFound):  # queued again, or deleted, since it was listed
                self.store.delete(job_id)
                self.spool.clear(job_id)
        self.spool.clear_unknown(self.store.ids(), idle_seconds=_ABORTED_UPLOAD_SECONDS)


def _alike(jobs: Sequence[Job]) -> list[Job]:
    """The first of the jobs, and those after it, that have one file each for the same collection."""
    first = jobs[0]

    def is_alike(job: Job) -> bool:
        same = (job.collection, job.access.sender) == (first.collection, first.access.sender)
        return same and job.counts.outcomes == {"waiting": 1} and not job.cancelling

    return list(takewhile(is_alike, jobs[:_FILES_PER_COMMIT]))


def _refused(item: Item, why: Rejection) -> Item:
    return replace(item, outcome="refused", code=why.code, message=why.message)


def _settled(item: Item, outcome: Put | InvalidInput | Rejection) -> Item:
    if isinstance(outcome, InvalidInput):
        outcome = Rejection.of(outcome)
    if isinstance(outcome, Rejection):
        return _refused(item, outcome)
    passages = 0 if outcome.status == "unchanged" else outcome.record.passages
    message = SAME_TEXT if outcome.same_text else ""
    return replace(
        item, outcome=outcome.status, document=outcome.record.id, passages=passages, message=message
    )
