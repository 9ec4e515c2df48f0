"""Background thread that embeds new passages and picks up changes of other processes."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass

from index.collection import Collection
from index.errors import CollectionBusy, CollectionNotFound, InvalidCollectionName, LoccitError
from index.library import Library
from index.records import DocumentRecord

log = logging.getLogger("loccit.service")

PASSAGES_PER_STEP = 32
"""Questions share the processors with a step, and wait a fraction of a second for it at most."""
REFRESH_SECONDS = 0.25
POLL_SECONDS = 5.0
"""Interval for passages without a notification: another process stored them and did not embed them."""
WAIT_SECONDS = 120.0
"""How long an upload waits for its vectors."""
_LONGEST_PAUSE = 60.0
_STOP_SECONDS = 10.0


@dataclass(slots=True)
class _Progress:
    """State of a collection: when to look for passages next, and its last problem."""

    due: float = 0.0
    pause: float = 0.0
    problem: str = ""
    opened: bool = True


class EmbeddingWorker:
    """Embeds new passages of all collections and refreshes their indexes, until it is stopped.

    A failure is logged, and the collection is tried again after pauses that grow. Other collections are not
    affected. ``embeds``: False leaves all passages to other processes. ``passages_per_step`` are embedded in
    one collection before the next one has its turn.
    """

    def __init__(
        self,
        library: Library,
        *,
        refresh_seconds: float = REFRESH_SECONDS,
        poll_seconds: float = POLL_SECONDS,
        embeds: bool = True,
        passages_per_step: int = PASSAGES_PER_STEP,
    ) -> None:
        self._library = library
        self._embeds = embeds
        self._passages_per_step = passages_per_step
        self._attending = ExitStack()
        self._all_notified = threading.Event()
        self._refresh_seconds = refresh_seconds
        self._poll_seconds = poll_seconds
        self.embedded = 0
        """Passages embedded since the start."""
        self._progress: dict[str, _Progress] = {}
        self._notified: set[str] = set()
        self._embedding = threading.Lock()
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="loccit-embed", daemon=True)

    @property
    def running(self) -> bool:
        """Whether the thread is running."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread, and be woken by passages that other processes store."""
        if self._embeds:
            self._attending.enter_context(self._library.attending(self.notify_all))
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread after its current step."""
        self._stopped.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)
        self._attending.close()

    def notify(self, name: str) -> None:
        """Announce new passages of a collection."""
        self._notified.add(name)
        self._wake.set()

    def notify_all(self) -> None:
        """Announce that any collection may have new passages."""
        self._all_notified.set()
        self._wake.set()

    def embed_document(
        self, collection: Collection, document_id: str, *, seconds: float = WAIT_SECONDS
    ) -> DocumentRecord:
        """Embed in the caller's thread until a document is complete or the time is up; returns its record.

        Raises the errors of the library.
        """
        deadline = time.monotonic() + seconds
        while True:
            with self._embedding:  # the worker is between two steps, so all stored vectors are indexed
                record = collection.archive.document(document_id)
                complete = record.embedded == record.passages
                done = 0 if complete else self._embed_pending(collection)
            if complete or self._stopped.is_set() or time.monotonic() > deadline:
                return record
            if not done:
                # Another process is embedding this collection and will reach the document.
                self._stopped.wait(self._refresh_seconds)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                more = self._round()
            except Exception:
                log.exception("The embedding worker failed, and continues.")
                more = False
            self._wake.wait(0.0 if more else self._refresh_seconds)
            self._wake.clear()

    def _round(self) -> bool:
        """Do one step in each collection; returns whether any may have more to embed."""
        notified = self._all_notified.is_set()
        self._all_notified.clear()
        names = self._library.names()
        if notified:
            self._notified.update(names)
        for gone in self._progress.keys() - set(names):
            del self._progress[gone]
        more = [self._step(name) for name in names if not self._stopped.is_set()]
        return any(more)

    def _step(self, name: str) -> bool:
        progress = self._progress.setdefault(name, _Progress())
        waits = time.monotonic() < progress.due and name not in self._notified
        if waits and not progress.opened:
            return False
        self._notified.discard(name)
        collection: Collection | None = None
        try:
            collection = self._library.open(name)
            collection.refresh()
            done = 0 if waits else self._embed_step(collection)
        except (CollectionNotFound, InvalidCollectionName, CollectionBusy):
            # Not problems: the collection is deleted or locked by another process.
            progress.due = time.monotonic() + self._poll_seconds
            return False
        except Exception as error:
            if collection is not None and self._is_gone(collection):
                return False
            if not waits:
                self._postpone(name, progress, error)
            progress.opened = collection is not None
            return False
        if not waits:
            if progress.problem:
                log.info("The collection %r works again.", name)
            self._progress[name] = _Progress(due=0.0 if done else time.monotonic() + self._poll_seconds)
        return done > 0

    def _embed_step(self, collection: Collection) -> int:
        with self._embedding:
            return self._embed_pending(collection)

    def _embed_pending(self, collection: Collection) -> int:
        if not self._embeds:
            collection.maintain()
            return 0
        done = collection.embed_pending(limit=self._passages_per_step, stop=self._stopped.is_set)
        self.embedded += done  # one thread at a time, by the lock
        return done

    def _is_gone(self, collection: Collection) -> bool:
        """Whether a collection was deleted meanwhile, even if a new one has its name."""
        try:
            return self._library.open(collection.name) is not collection
        except LoccitError:
            return True

    def _postpone(self, name: str, progress: _Progress, error: Exception) -> None:
        progress.pause = min(2 * progress.pause or self._poll_seconds, _LONGEST_PAUSE)
        progress.due = time.monotonic() + progress.pause
        known = isinstance(error, LoccitError)
        problem = str(error) if known else repr(error)
        if problem != progress.problem:  # log it once, not at every try
            progress.problem = problem
            log.error("The collection %r: %s", name, problem, exc_info=None if known else error)
