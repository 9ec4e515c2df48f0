"""Embed passages in a background thread while more documents are put into a collection."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from types import TracebackType

from index.collection import Collection
from index.errors import InvalidInput
from index.ingest.preparation import Source
from index.records import Put

_PAUSE = 0.2
"""Seconds between two checks on passages that another process is embedding."""
_FIRST_COMMIT = 16


class _Stopped(Exception):
    """Raised from the progress callback, to stop the thread there."""


class BackgroundEmbedding:
    """Embeds a collection's passages in a thread while the ``with`` block runs.

    The thread starts to work at the first :meth:`notify`. At the end of the block all passages are embedded,
    or an error of the thread is raised. When the block fails or is interrupted, the thread stops after its
    batch. ``progress`` is called in the thread with (passages done, passages to do).
    """

    def __init__(self, collection: Collection, progress: Callable[[int, int], None] | None = None) -> None:
        self._collection = collection
        self._progress = progress
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._last = False
        self._stopped = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="loccit-embed")
        self.done = 0
        """Number of passages embedded."""

    def notify(self) -> None:
        """Wake the thread: there are new passages."""
        self._wake.set()

    def __enter__(self) -> BackgroundEmbedding:
        try:
            self._thread.start()
        except KeyboardInterrupt:  # the thread may be running, and __exit__ will not be called to stop it
            self._stopped = True
            self._wake.set()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopped = error is not None
        self._last = True
        self._wake.set()
        try:
            self._ended.wait()  # an interrupted join() would mark the thread as stopped while it runs
        except KeyboardInterrupt:
            self._stopped = True
            self._ended.wait()
            raise
        self._thread.join()
        if error is None and self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            while not self._stopped:
                self._wake.wait()
                self._wake.clear()
                last = self._last
                self.done += self._collection.embed_pending(progress=self._report)
                if last and self._is_complete():
                    return
                if last:
                    self._wake.set()
                    time.sleep(_PAUSE)
        except _Stopped:
            return
        except BaseException as error:  # raised again by __exit__, in the caller's thread
            self._error = error
        finally:
            self._ended.set()

    def _is_complete(self) -> bool:
        counts = self._collection.archive.counts()
        return counts.embedded >= counts.passages

    def _report(self, done: int, waiting: int) -> None:
        if self._progress:
            self._progress(self.done + done, self.done + waiting)
        if self._stopped:
            raise _Stopped


def commit_sizes(collection: Collection) -> Iterator[int]:
    """The number of documents for each commit: few at first, so that the model soon has work."""
    limit = collection.config.ingest.documents_per_commit
    size = min(_FIRST_COMMIT, limit)
    while True:
        yield size
        size = min(2 * size, limit)


def put_all(
    collection: Collection,
    sources: Iterable[Source],
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[list[Put | InvalidInput]]:
    """Put documents in commits and embed them in the background; yields the outcomes of each commit.

    When the iterator ends, all passages are embedded. ``progress`` as in :class:`BackgroundEmbedding`.
    """
    rest, sizes = iter(sources), commit_sizes(collection)
    with BackgroundEmbedding(collection, progress) as embedding:
        while batch := list(islice(rest, next(sizes))):
            outcomes = collection.put_many(batch)
            embedding.notify()
            yield outcomes
