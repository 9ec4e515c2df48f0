"""The thread that does jobs, one after the other."""

from __future__ import annotations

import logging
import threading
import time
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from filelock import FileLock, Timeout

from index.collection import Collection
from index.errors import CollectionBusy, CollectionNotFound, InvalidInput, LoccitError, ReaderFailed
from index.ingest import Put, Source
from index.library import Library
from service.errors import JobNotFinished, JobNotFound
from service.jobs.intake import Intake
from service.jobs.records import Item, Job, Refused
from service.jobs.spool import Spool
from service.jobs.store import JobStore

log = logging.getLogger("loccit.service")

_POLL_SECONDS = 0.5
_PAUSE_SECONDS = 5.0
_FILES_PER_COMMIT = 32
_BYTES_PER_COMMIT = 8 * 1024 * 1024
_EXPIRY_SECONDS = 3600.0
_STOP_SECONDS = 10.0
_DAY = 86_400.0
_BROKE = "the service met an error of its own with this file; its log has the reason under the job's id."


class JobRunner:
    """Does the jobs of a data folder until it is stopped; what it leaves is gone on with at the next start.

    Of several processes with the same folder one does the jobs. ``on_stored`` is called with the name of a
    collection that has new passages to embed. Jobs that are finished are kept for ``keep_days``.
    """

    def __init__(
        self,
        library: Library,
        intake: Intake,
        *,
        on_stored: Callable[[str], None],
        keep_days: float,
    ) -> None:
        self._library = library
        self._intake = intake
        self.spool: Spool = intake.spool
        self.store = JobStore(library.data / "jobs.sqlite")
        self._lock = FileLock(library.data / "jobs.lock", thread_local=False)
        self._on_stored = on_stored
        self._keep_seconds = keep_days * _DAY
        self._expired = 0.0
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="loccit-jobs", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Say that there is something to do."""
        self._wake.set()

    def stop(self) -> None:
        """Stop after the files in hand."""
        self._stopped.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)
        self.store.close()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                with self._lock.acquire(timeout=0):
                    self._serve()
            except Timeout:
                self._stopped.wait(_PAUSE_SECONDS)  # another process does the jobs
            except Exception:
                log.exception("The thread that does jobs failed, and goes on.")
                self._stopped.wait(_PAUSE_SECONDS)

    def _serve(self) -> None:
        while not self._stopped.is_set():
            self._settle_embedded()
            self._expire()
            unfinished = self.store.in_state("running", "queued")
            if unfinished:
                self._do(unfinished[0])
            else:
                self._wake.wait(_POLL_SECONDS)
                self._wake.clear()

    def _do(self, job: Job) -> None:
        try:
            if not self.store.begin(job.id):
                return
        except JobNotFound:  # cancelled and forgotten since it was looked up
            return
        try:
            if self._take_in(job):
                self.store.move(job.id, "embedding")
        except CollectionBusy:
            self._stopped.wait(_PAUSE_SECONDS)  # it stays in its state, and is gone on with
        except LoccitError as error:
            self._fail(job, error.message)
        except Exception:
            log.exception("Job %s failed.", job.id)
            self._fail(job, "The service met an error of its own; its log has the reason under the job's id.")
        finally:
            self._intake.close()

    def _fail(self, job: Job, problem: str) -> None:
        log.error("Job %s: %s", job.id, problem)
        self.store.move(job.id, "failed", problem=problem)

    def _take_in(self, job: Job) -> bool:
        """Whether everything is taken in; false when the job was cancelled or the service stops."""
        while not self._stopped.is_set():
            if self.store.is_cancelling(job.id):
                self.store.move(job.id, "cancelled")  # its files are kept, to be tried again
                return False
            waiting = self.store.items(job.id, limit=_FILES_PER_COMMIT, outcomes=("waiting",))
            if not waiting:
                return True
            if waiting[0].kind in ("archive", "sitemap", "crawl"):
                self._expand(job, waiting[0])
            else:
                self._store(job, waiting)
            self._settle_embedded()  # a long job does not hold up the end of those before it
        return False

    def _expand(self, job: Job, item: Item) -> None:
        try:
            if item.kind == "crawl":
                for page, source in self._intake.crawled(job.id, item):
                    if self._interrupted(job):
                        return
                    if kept := self.store.add_item(job.id, page):
                        self._put(job, [(kept, source)])
                self.store.expand(job.id, item.number, ())
            else:
                members = []
                for member in self._intake.members(job.id, item):
                    if self._interrupted(job):
                        return
                    members.append(member)
                self.store.expand(job.id, item.number, members)
        except InvalidInput as error:
            self.store.settle(job.id, [_refused(item, Refused.of(error))])

    def _interrupted(self, job: Job) -> bool:
        return self._stopped.is_set() or self.store.is_cancelling(job.id)

    def _store(self, job: Job, waiting: Sequence[Item]) -> None:
        taken: list[tuple[Item, Source | Refused]] = []
        ids: set[str] = set()
        size = 0
        for item in waiting:
            if item.kind in ("archive", "sitemap", "crawl"):
                break
            found = self._intake.source(job.id, item)
            if isinstance(found, Source):
                name = unicodedata.normalize("NFC", found.id)
                if name in ids:
                    break  # it replaces one that must be stored first
                ids.add(name)
                size += len(found.data)
            taken.append((item, found))
            if size >= _BYTES_PER_COMMIT or item.kind == "url":
                break
        self._put(job, taken)

    def _put(self, job: Job, taken: Sequence[tuple[Item, Source | Refused]]) -> None:
        # Asked for each time: it may be deleted, and another may have its name by now.
        collection = self._library.open(job.collection)
        sources = [found for _, found in taken if isinstance(found, Source)]
        outcomes = iter(self._outcomes(job, collection, sources))
        settled = [
            _settled(item, next(outcomes) if isinstance(found, Source) else found) for item, found in taken
        ]
        self.store.settle(job.id, settled, mark=collection.last_passage() if sources else 0)
        self._on_stored(job.collection)
        self.spool.remove(
            job.id,
            [item.spooled for item in settled if item.kind == "file" and item.outcome != "refused"],
        )

    def _outcomes(
        self, job: Job, collection: Collection, sources: Sequence[Source]
    ) -> Sequence[Put | InvalidInput]:
        """Of :meth:`Collection.put_many`. A file on which it breaks does not hold up the others."""
        try:
            return collection.put_many(sources)
        except Exception as error:
            # If this fails, the collection was deleted under our hands.
            same = self._library.open(job.collection) is collection
            if isinstance(error, LoccitError) or not same:
                raise
            if len(sources) > 1:
                return [one for source in sources for one in self._outcomes(job, collection, [source])]
            log.exception("Job %s: a file could not be stored.", job.id)
            (source,) = sources
            return [ReaderFailed(f"{source.id}: {_BROKE}")]

    def _settle_embedded(self) -> None:
        """Jobs whose passages all have their vectors by now are done."""
        for job in self.store.in_state("embedding"):
            try:
                left = self._library.open(job.collection).waiting(job.mark)
            except CollectionNotFound as error:
                self._fail(job, error.message)
                continue
            except LoccitError:
                continue  # the embedding worker tells what is wrong with the collection
            if job.cancelling or not left:
                if not job.counted.outcomes.get("refused"):
                    self.spool.clear(job.id)
                self.store.move(job.id, "cancelled" if left else "done")

    def _expire(self) -> None:
        if time.monotonic() < self._expired:
            return
        self._expired = time.monotonic() + _EXPIRY_SECONDS
        for job_id in self.store.finished_before(time.time() - self._keep_seconds):
            with suppress(JobNotFinished, JobNotFound):  # queued again, or deleted, since
                self.store.delete(job_id)
                self.spool.clear(job_id)
        self.spool.clear_unknown(self.store.ids())


def _refused(item: Item, why: Refused) -> Item:
    return replace(item, outcome="refused", code=why.code, message=why.message)


def _settled(item: Item, outcome: Put | InvalidInput | Refused) -> Item:
    if isinstance(outcome, InvalidInput):
        outcome = Refused.of(outcome)
    if isinstance(outcome, Refused):
        return _refused(item, outcome)
    passages = 0 if outcome.status == "unchanged" else outcome.record.passages
    return replace(item, outcome=outcome.status, document=outcome.record.id, passages=passages)
