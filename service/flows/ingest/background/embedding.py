"""Background thread that embeds new passages and picks up changes of other processes."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from index.collection import Collection
from index.errors import (
    CollectionBusy,
    CollectionNotFound,
    InvalidCollectionName,
    LoccitError,
    StoreUnavailable,
)
from index.library import Library
from index.records import DocumentRecord
from service.background import BackgroundThread
from service.flows.ingest.background.agenda import Agenda, Turn

log = logging.getLogger("loccit.service")

PASSAGES_PER_STEP = 32
"""Questions share the processors with a step, and wait a fraction of a second for it at most."""
REFRESH_SECONDS = 0.25
"""Interval of looks at all collections, and the least between two looks where their changes are told."""
RARE_REFRESH_SECONDS = 5.0
"""Interval of looks at all collections where changes are told: for what was told while a connection broke."""
POLL_SECONDS = 5.0
"""Interval for passages without a notification: another process stored them and did not embed them."""
WAIT_SECONDS = 120.0
"""How long an upload waits for its vectors."""
_LONGEST_PAUSE = 60.0
_AWAY_SECONDS = 2.0
"""Pause while the record's server is away, which is known at once."""


@dataclass(slots=True)
class _Progress:
    """State of a collection: when to look for passages next, and its last problem."""

    due: float = 0.0
    pause: float = 0.0
    problem: str = ""
    opened: bool = True


class EmbeddingWorker(BackgroundThread):
    """Embeds new passages of all collections and refreshes their indexes, until it is stopped.

    A failure is logged, and the collection is tried again after pauses that grow. Other collections are not
    affected. ``embeds``: False leaves all passages to other processes. ``passages_per_step`` are embedded in
    one collection before the next one has its turn.

    Where the record tells of changes, the changed collection is refreshed at once, and all of them every
    ``refresh_seconds`` besides. ``on_told`` is called with what the record tells; see
    :meth:`index.library.Library.following`.
    """

    thread_name = "loccit-embed"

    def __init__(
        self,
        library: Library,
        *,
        refresh_seconds: float | None = None,
        poll_seconds: float = POLL_SECONDS,
        embeds: bool = True,
        passages_per_step: int = PASSAGES_PER_STEP,
        on_told: Callable[[str | None], object] = lambda _: None,
    ) -> None:
        super().__init__()
        self._library = library
        self._embeds = embeds
        self._passages_per_step = passages_per_step
        self._listening = ExitStack()
        if refresh_seconds is None:
            refresh_seconds = RARE_REFRESH_SECONDS if library.is_announced else REFRESH_SECONDS
        self._least_seconds = min(refresh_seconds, REFRESH_SECONDS)
        self._agenda = Agenda(every=refresh_seconds, least=self._least_seconds)
        self._on_told = on_told
        self.on_embedded: Callable[[], object] = lambda: None
        """Called after passages got their vectors. It is set before the start, by whoever waits for that."""
        self._poll_seconds = poll_seconds
        self.embedded = 0
        """Passages embedded since the start."""
        self._progress: dict[str, _Progress] = {}
        self._embedding = threading.Lock()

    @property
    def running(self) -> bool:
        """Whether the thread is running."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread, and be told of passages that other processes store, and of changes."""
        if self._embeds:
            self._listening.enter_context(self._library.attending(self.notify_all))
        self._listening.enter_context(self._library.following(self.look_at))
        super().start()

    def stop(self) -> None:
        """Stop the thread after its current step."""
        super().stop()
        self._listening.close()

    def notify(self, name: str) -> None:
        """Announce new passages of a collection."""
        self._agenda.add(name, urgent=True)
        self._wake.set()

    def notify_all(self) -> None:
        """Announce that any collection may have new passages."""
        self._agenda.add(None, urgent=True)
        self._wake.set()

    def look_at(self, name: str | None) -> None:
        """Announce that a collection has changed, or that any may have (None)."""
        self._agenda.add(name)
        self._wake.set()
        self._on_told(name)

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
                self._stopped.wait(self._least_seconds)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._round()
            except StoreUnavailable as error:
                log.warning("The embedding worker waits: %s", error.message)
                self._stopped.wait(_AWAY_SECONDS)
            except Exception:
                log.exception("The embedding worker failed, and continues.")
            while (pause := self._agenda.pause()) and not self._stopped.is_set():
                self._wake.wait(pause)
                self._wake.clear()

    def _round(self) -> None:
        """Do one step in each collection whose turn it is."""
        with self._agenda.turn() as turn:
            names = sorted(turn.names)
            if turn.is_of_all:
                names = self._library.names()
                for gone in self._progress.keys() - set(names):
                    del self._progress[gone]
            for name in names:
                if not self._stopped.is_set() and self._step(name, turn):
                    self._agenda.add(name, urgent=True)  # there may be more

    def _step(self, name: str, turn: Turn) -> bool:
        """Refresh a collection and embed some of its passages; returns whether there may be more."""
        progress = self._progress.setdefault(name, _Progress())
        waits = time.monotonic() < progress.due and not turn.has_passages(name)
        if waits and not progress.opened:
            return False
        collection: Collection | None = None
        try:
            collection = self._library.open(name)
            collection.refresh()
            done = 0 if waits else self._embed_step(collection)
        except (CollectionNotFound, InvalidCollectionName, CollectionBusy):
            # Not problems: the collection is deleted or locked by another process.
            progress.due = time.monotonic() + self._poll_seconds
            turn.has_failed = True
            return False
        except Exception as error:
            if collection is not None and self._is_gone(collection):
                return False
            turn.has_failed = True
            if not waits:
                self._postpone(name, progress, error)
            progress.opened = collection is not None
            return False
        if not waits:
            if progress.problem:
                log.info("The collection %r works again.", name)
            self._progress[name] = _Progress(due=0.0 if done else time.monotonic() + self._poll_seconds)
        if done:
            self.on_embedded()
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
