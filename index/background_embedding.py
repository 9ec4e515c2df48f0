"""Embedding in a thread, while more documents are put into a collection."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from types import TracebackType

from index.collection import Collection
from index.errors import InvalidInput
from index.ingest import Put, Source

_PAUSE = 0.2
"""Seconds between looks at passages that another process is embedding."""
_FIRST_COMMIT = 16


class _Stopped(Exception):
    """Raised where the thread reports progress, to end it there."""


class BackgroundEmbedding:
    """Embeds a collection's passages from the first :meth:`notify` on; all of them by the end of ``with``.

    ``progress`` is called in its thread with (passages done, passages there were to do). An error of the
    thread is raised at the end; when the ``with`` block itself fails, the thread ends with its batch.
    """

    def __init__(self, collection: Collection, progress: Callable[[int, int], None] | None = None) -> None:
        self._collection = collection
        self._progress = progress
        self._wake = threading.Event()
        self._last = False
        self._stopped = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="loccit-embed")
        self.done = 0
        """Passages embedded."""

    def notify(self) -> None:
        """Say that there are new passages."""
        self._wake.set()

    def __enter__(self) -> BackgroundEmbedding:
        self._thread.start()
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
        except BaseException as error:  # raised again in the thread that waits for this one
            self._error = error

    def _is_complete(self) -> bool:
        counts = self._collection.counts()
        return counts.embedded >= counts.passages

    def _report(self, done: int, waiting: int) -> None:
        if self._progress:
            self._progress(self.done + done, self.done + waiting)
        if self._stopped:
            raise _Stopped


def commit_sizes(collection: Collection) -> Iterator[int]:
    """How many documents to put at once, commit after commit.

    The first are few, so that the model has work soon.
    """
    most = collection.config.ingest.documents_per_commit
    size = min(_FIRST_COMMIT, most)
    while True:
        yield size
        size = min(2 * size, most)


def put_all(
    collection: Collection,
    sources: Iterable[Source],
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[list[Put | InvalidInput]]:
    """Put documents commit by commit and embed them meanwhile; yields what became of each commit's.

    When it is at its end, all of them are embedded. ``progress`` is that of :class:`BackgroundEmbedding`.
    """
    rest, sizes = iter(sources), commit_sizes(collection)
    with BackgroundEmbedding(collection, progress) as embedding:
        while batch := list(islice(rest, next(sizes))):
            outcomes = collection.put_many(batch)
            embedding.notify()
            yield outcomes
