"""A thread that embeds what is new and sees what other processes have written."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass

from index.collection import Collection
from index.errors import CollectionBusy, CollectionNotFound, InvalidCollectionName, LoccitError
from index.library import Library
from index.records import DocumentRecord

log = logging.getLogger("loccit.service")

PASSAGES_PER_STEP = 32
"""Few enough that questions, which use the same processor, wait a fraction of a second at most."""
REFRESH_SECONDS = 0.25
POLL_SECONDS = 5.0
"""Only for what nobody told of: passages that another process wrote, and left for others to embed."""
WAIT_SECONDS = 120.0
_LONGEST_PAUSE = 60.0
_STOP_SECONDS = 10.0


@dataclass(slots=True)
class _Progress:
    """What the worker knows of a collection: when to look for passages there, and what is wrong with it."""

    due: float = 0.0
    pause: float = 0.0
    problem: str = ""
    opened: bool = True


class EmbeddingWorker:
    """Keeps all collections of a library fresh and embedded, until it is stopped.

    What fails is logged and tried again, after a longer pause each time: one collection with a problem
    does not keep the others from being served.
    """

    def __init__(
        self,
        library: Library,
        *,
        refresh_seconds: float = REFRESH_SECONDS,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._library = library
        self._refresh_seconds = refresh_seconds
        self._poll_seconds = poll_seconds
        self._progress: dict[str, _Progress] = {}
        self._news: set[str] = set()
        self._turn = threading.Lock()
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="loccit-embed", daemon=True)

    @property
    def running(self) -> bool:
        """Whether the thread is there."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the step that it is at."""
        self._stopped.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)

    def notify(self, name: str) -> None:
        """Say that a collection has new passages."""
        self._news.add(name)
        self._wake.set()

    def embed_document(
        self, collection: Collection, document_id: str, *, seconds: float = WAIT_SECONDS
    ) -> DocumentRecord:
        """Embed, in the caller's thread, until a document is embedded or the time is up; returns its record.

        Raises what the library raises.
        """
        deadline = time.monotonic() + seconds
        while (record := collection.document(document_id)).embedded < record.passages:
            if self._stopped.is_set() or time.monotonic() > deadline:
                break
            with self._turn:  # not at the same passages as the worker's own thread
                done = collection.embed_pending(limit=PASSAGES_PER_STEP)
            if not done:
                # Another process is embedding this collection, and will come to the document.
                self._stopped.wait(self._refresh_seconds)
        return record

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                more = self._round()
            except Exception:
                log.exception("The embedding worker failed, and goes on.")
                more = False
            self._wake.wait(0.0 if more else self._refresh_seconds)
            self._wake.clear()

    def _round(self) -> bool:
        """One step in each collection; whether any may have more to embed."""
        names = self._library.names()
        for gone in self._progress.keys() - set(names):
            del self._progress[gone]
        more = [self._step(name) for name in names if not self._stopped.is_set()]
        return any(more)

    def _step(self, name: str) -> bool:
        progress = self._progress.setdefault(name, _Progress())
        waits = time.monotonic() < progress.due and name not in self._news
        if waits and not progress.opened:
            return False
        self._news.discard(name)
        collection: Collection | None = None
        try:
            collection = self._library.open(name)
            collection.refresh()
            done = 0 if waits else self._embedded(collection)
        except (CollectionNotFound, InvalidCollectionName, CollectionBusy):
            # Deleted, being deleted, or written by another process for long: none is a problem.
            progress.due = time.monotonic() + self._poll_seconds
            return False
        except Exception as error:
            if collection is not None and self._is_gone(collection):
                return False
            if not waits:
                self._put_off(name, progress, error)
            progress.opened = collection is not None
            return False
        if not waits:
            if progress.problem:
                log.info("The collection %r is in order again.", name)
            self._progress[name] = _Progress(due=0.0 if done else time.monotonic() + self._poll_seconds)
        return done > 0

    def _embedded(self, collection: Collection) -> int:
        with self._turn:
            return collection.embed_pending(limit=PASSAGES_PER_STEP)

    def _is_gone(self, collection: Collection) -> bool:
        """Whether a collection was deleted under our hands, even if another has its name by now."""
        try:
            return self._library.open(collection.name) is not collection
        except LoccitError:
            return True

    def _put_off(self, name: str, progress: _Progress, error: Exception) -> None:
        progress.pause = min(2 * progress.pause or self._poll_seconds, _LONGEST_PAUSE)
        progress.due = time.monotonic() + progress.pause
        known = isinstance(error, LoccitError)
        problem = str(error) if known else repr(error)
        if problem != progress.problem:  # once, not at every try
            progress.problem = problem
            log.error("The collection %r: %s", name, problem, exc_info=None if known else error)
