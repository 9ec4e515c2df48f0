"""Remove from the whole data folder what was erased: collections, jobs and uploaded files."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

from index.collection import Collection
from index.errors import (
    CollectionNotFound,
    DiskFull,
    DiskReadOnly,
    LedgerFailed,
    LoccitError,
    ObjectsOfAnother,
    ObjectsUnavailable,
    StoreUnavailable,
)
from index.history import PurgeState
from index.library import Library
from index.records import Erasure
from service.background import BackgroundThread
from service.flows.ingest.background.agenda import Agenda
from service.state.files import FileErasure, has_files, open_file_store
from service.state.jobs import has_jobs, open_job_store, open_spool
from service.state.jobs.erasing import JobErasure

log = logging.getLogger("loccit.service")

_POLL_SECONDS = 1.0
"""Erasures that follow each other within this time are purged together."""
_EXPECTED = (DiskFull, DiskReadOnly, LedgerFailed, ObjectsOfAnother, ObjectsUnavailable, StoreUnavailable)
_RARE_SECONDS = 5.0
"""Interval of looks at all collections where the record tells of changes."""
_LONGEST_DELAY = 10.0
"""The most that a purge is put off for the erasures that follow."""
_LONGEST_PAUSE = 10.0
_WARN_SECONDS = 60.0
_SWEEP_SECONDS = 3600.0
_TIDY_SECONDS = 3600.0
"""Between two looks whether a collection's originals are to be swept."""
WAIT_SECONDS = 60.0


@dataclass(slots=True)
class _Waiting:
    """Erasures of a collection that are not purged: since when, the last one seen, and when to try again."""

    since: float
    change: int = 0
    due: float = 0.0
    pause: float = _POLL_SECONDS
    warned: bool = False
    problem: str = ""


@contextmanager
def open_purger(library: Library) -> Iterator[Purger]:
    """A purger without a thread, for a command; opens jobs and uploaded files if the data folder has any."""
    with ExitStack() as stack:
        jobs = files = None
        url, objects = library.config.store_url, library.config.objects
        if has_jobs(library.data, store=url):
            store = stack.enter_context(closing(open_job_store(library.data, store=url)))
            jobs = JobErasure(store, open_spool(library.data, store=url, objects=objects))
        if has_files(library.data, store=url):
            uploads = stack.enter_context(closing(open_file_store(library.data, store=url, objects=objects)))
            files = FileErasure(uploads, library.ledger)
        yield Purger(library, jobs, files)


class Purger(BackgroundThread):
    """Purges what was erased, in a thread or in the caller's. Of several processes one works at a time.

    The record of a collection remembers what is to be purged: nothing is forgotten when a process ends.
    ``jobs`` and ``files`` are what is kept beside the collections, None where the data folder has none.
    Where the record tells of changes, all collections are looked at only every ``look_seconds``; before that
    ``on_look`` is called.
    """

    thread_name = "loccit-purge"

    def __init__(
        self,
        library: Library,
        jobs: JobErasure | None,
        files: FileErasure | None = None,
        *,
        look_seconds: float = _RARE_SECONDS,
        on_look: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__()
        self._library = library
        self._agenda = Agenda(every=look_seconds if library.is_announced else 0.0)
        self._on_look = on_look
        self._beside = [one for one in (jobs, files) if one is not None]
        self._waiting: dict[str, _Waiting] = {}
        self._swept = -_SWEEP_SECONDS
        self._tidied: dict[str, float] = {}
        self._problem = ""
        self._sweep_problem = ""

    def look_at(self, name: str | None) -> None:
        """Announce that a collection has changed, or that any may have (None)."""
        self._agenda.add(name)

    def finish(self, collection: Collection, *, seconds: float = WAIT_SECONDS) -> PurgeState:
        """Purge a collection in the caller's thread, until it is done or the time is up.

        Raises the errors of the library.
        """
        try:
            return self._until(lambda: self._purge_all(collection), seconds)
        except ObjectsOfAnother as error:
            log.warning("What was erased from the collection %r is not purged: %s", collection.name, error)
            return "pending"

    def finish_deleted(self, *, seconds: float = WAIT_SECONDS) -> PurgeState:
        """Erase what jobs and files hold of collections that do not exist, in the caller's thread.

        Tries again until it is done or the time is up. Raises the errors of the library.
        """
        return self._until(self._erase_deleted, seconds)

    def _until(self, is_done: Callable[[], bool], seconds: float) -> PurgeState:
        """Try again until it is done or the time is up."""
        deadline = time.monotonic() + seconds
        while not is_done():
            if self._stopped.is_set() or time.monotonic() > deadline:
                return "pending"
            self._stopped.wait(min(_POLL_SECONDS, max(0.0, deadline - time.monotonic())))
        return "done"

    def _erase_deleted(self) -> bool:
        self._swept = -_SWEEP_SECONDS
        self._library.enter_erasures()  # while the ledger lacks them, a restore brings them back
        existing = set(self._library.names())
        states = [one.erase_deleted(existing) for one in self._beside]
        done = all(states)
        if done:
            self._swept = time.monotonic()
        return done

    def _purge_all(self, collection: Collection) -> bool:
        while (erasure := collection.purging.pending()) is not None:
            if not self._purge(collection, erasure):
                return False
        return True

    def _purge(self, collection: Collection, erasure: Erasure) -> bool:
        def from_beside() -> bool:
            collection.enter_erasures()  # while the ledger lacks them, a restore brings them back
            states = [one.erase_documents(collection.name, erasure.documents) for one in self._beside]
            return all(states)

        return collection.purging.run(erasure, first=from_beside)

    def _run(self) -> None:
        while not self._stopped.wait(_POLL_SECONDS):
            try:
                self._round()
            except _EXPECTED as error:
                log.warning("Erasures wait to be purged: %s", error.message)
            except Exception:
                log.exception("The thread that purges what was erased failed, and goes on.")

    def _round(self) -> None:
        if time.monotonic() - self._swept >= _SWEEP_SECONDS:
            self._sweep()
        with self._agenda.turn() as turn:
            names = sorted(turn.names | self._waiting.keys())
            if turn.is_of_all:
                self._on_look()
                names = self._library.names()
                for gone in self._waiting.keys() - set(names):
                    del self._waiting[gone]
            for name in names:
                if self._stopped.is_set():
                    return
                self._step(name)

    def _sweep(self) -> None:
        """Erase what is left of deleted collections. One that cannot be erased holds up no other."""
        try:
            self._erase_deleted()
        except (LoccitError, OSError) as error:
            if str(error) != self._sweep_problem:  # log it once, not at every try
                self._sweep_problem = str(error)
                log.warning("Erasures of deleted collections wait to be purged: %s", error)
        else:
            self._sweep_problem = ""

    def _step(self, name: str) -> None:
        try:
            collection = self._library.open(name)
            erasure = collection.purging.pending()
        except (LoccitError, RuntimeError):
            return  # deleted meanwhile, or it cannot be opened, which the log says
        if erasure is None:
            self._waiting.pop(name, None)
            self._cleanse(collection)
            self._tidy(collection)
            return
        waiting = self._waiting.setdefault(name, _Waiting(time.monotonic()))
        is_quiet, waiting.change = waiting.change == erasure.change, erasure.change
        now = time.monotonic()
        if now < waiting.due or not (is_quiet or now - waiting.since > _LONGEST_DELAY):
            return
        if self._attempt(collection, erasure, waiting):
            self._waiting.pop(name, None)
            return
        waiting.pause = min(2 * waiting.pause, _LONGEST_PAUSE)
        waiting.due = time.monotonic() + waiting.pause
        if time.monotonic() - waiting.since > _WARN_SECONDS and not waiting.warned:
            waiting.warned = True
            log.warning(
                "What was erased from the collection %r is still in files of the data folder after %d "
                "seconds. A process that reads them for long, such as a backup, may hold them.",
                name,
                round(time.monotonic() - waiting.since),
            )

    def _cleanse(self, collection: Collection) -> None:
        try:
            collection.purging.cleanse()
        except (CollectionNotFound, RuntimeError):
            return  # closed meanwhile
        except (LoccitError, OSError) as error:
            if str(error) != self._problem:
                self._problem = str(error)
                log.error(  # noqa: TRY400 -- the message says what to do
                    "What other machines have erased from the collection %r is still in files here: %s",
                    collection.name,
                    error,
                )

    def _tidy(self, collection: Collection) -> None:
        """Claim the place of originals; now and then, sweep what belongs to no version."""
        now = time.monotonic()
        if now < self._tidied.get(collection.name, now):
            return
        self._tidied[collection.name] = now + _TIDY_SECONDS
        try:
            if not collection.purging.claim():
                log.warning(
                    "The originals of the collection %r belong to another database, of which this one is a "
                    "copy: none are deleted. `loccit adopt` gives it places of its own.",
                    collection.name,
                )
            elif collection.purging.is_sweep_due() and (swept := collection.purging.sweep_strays()):
                log.info(
                    "Removed %d files of the collection %r that no document has.", swept, collection.name
                )
        except (CollectionNotFound, RuntimeError):
            return  # closed meanwhile
        except (LoccitError, OSError) as error:
            log.warning("Originals of the collection %r are swept later: %s", collection.name, error)

    def _attempt(self, collection: Collection, erasure: Erasure, waiting: _Waiting) -> bool:
        try:
            return self._purge(collection, erasure)
        except (CollectionNotFound, RuntimeError):
            return False  # closed meanwhile
        except (LoccitError, OSError) as error:
            if str(error) != waiting.problem:  # log it once, not at every try
                waiting.problem = str(error)
                log.error(  # noqa: TRY400 -- the message says what to do
                    "What was erased from the collection %r is not purged: %s", collection.name, error
                )
            return False
