"""Build and cache temporary indexes for searching a collection as of an earlier change."""

import shutil
import tempfile
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from index.engine.lexical import TantivyIndex
from index.engine.searchable import IndexPair
from index.engine.vectors import FaissIndex
from index.errors import MomentTooLarge
from index.filters import Filter
from index.protocols import LexicalIndex, PastPassages
from index.records import Mark
from index.text.analysis import Analyzer
from index.types import Ids

_PREFIX = "loccit-moment-"
_LOCK = "in-use.lock"
_KEPT = 2
"""Moments cached: conversations and comparisons ask the same one repeatedly."""


class Moment:
    """Indexes over the passages that were live after a change, in a temporary folder."""

    def __init__(self, past: PastPassages, analyzer: Analyzer, dimension: int) -> None:
        folder, lock = _own_folder()
        # Removed after the last search that uses it.
        weakref.finalize(self, _remove, folder, lock)
        nothing, mark = np.empty(0, np.int64), Mark(past.change)
        self.dense = FaissIndex.open(folder / "vectors", dimension)
        for ids, documents, vectors in past.vectors(dimension):
            self.dense.update(mark, ids=ids, documents=documents, vectors=vectors, removed=nothing)
        self.lexical = TantivyIndex.open(folder / "lexical", analyzer)
        self.lexical.update(mark, added=past.texts(), removed=nothing)


class PastIndexes(IndexPair):
    """The indexes of an earlier change; filters are evaluated in the request's snapshot."""

    def __init__(self, moment: Moment, lexical: LexicalIndex, select: Callable[[Filter], Ids]) -> None:
        super().__init__(moment.dense, lexical, select)
        self._moment = moment  # keeps the files: they are removed with the moment


def _own_folder() -> tuple[Path, FileLock]:
    """A temporary folder, and its lock, which the system releases when this process ends, however it does."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        lock = FileLock(folder / _LOCK, is_singleton=False, thread_local=False)
        # Another process that removes leftovers may have locked it first.
        with suppress(FileNotFoundError):
            lock.acquire()
            return folder, lock


def _remove(folder: Path, lock: FileLock) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()


def remove_leftovers() -> None:
    """Remove the folders of killed processes: they hold words, even of documents erased since."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        # Without its lock it may be one that is being made.
        with suppress(Timeout, OSError):
            if (folder / _LOCK).exists():
                with FileLock(folder / _LOCK, is_singleton=False, timeout=0):
                    shutil.rmtree(folder, ignore_errors=True)


class Moments:
    """Cache of the moments used last. Safe to use from several threads.

    ``most`` is the largest number of passages in a moment: building its indexes takes about a second per
    10,000 passages.
    """

    def __init__(self, analyzer: Analyzer, dimension: int, most: int) -> None:
        self._analyzer = analyzer
        self._dimension = dimension
        self._most = most
        self._building = threading.Lock()
        self._locking = threading.Lock()
        self._kept: OrderedDict[int, Moment] = OrderedDict()
        self._forgotten = 0
        remove_leftovers()

    def of(self, past: PastPassages) -> Moment:
        """Return the indexes of a moment, built if needed. Raises :class:`MomentTooLarge`."""
        if held := self._find_cached(past.reached):
            return held
        # One at a time: building takes all cores, and the next request may want the same moment.
        with self._building:
            if held := self._find_cached(past.reached):
                return held
            forgotten = self._forgotten
            built = self._build(past)
            with self._locking:
                # After an erasure during the build, the moment may contain erased data: do not cache it.
                if forgotten == self._forgotten:
                    self._kept[past.reached] = built
                    while len(self._kept) > _KEPT:
                        self._kept.popitem(last=False)
            return built

    def _find_cached(self, reached: int) -> Moment | None:
        with self._locking:
            if held := self._kept.get(reached):
                self._kept.move_to_end(reached)
            return held

    def _build(self, past: PastPassages) -> Moment:
        total, _ = past.counts()
        if total > self._most:
            raise MomentTooLarge(
                f"The collection had {total:,} passages after change {past.change}; an earlier change is "
                f"searched when it had at most {self._most:,}. Ask the collection as it is."
            )
        return Moment(past, self._analyzer, self._dimension)

    def forget(self) -> None:
        """Drop all cached moments, because something was erased. Does not wait for a build."""
        with self._locking:
            self._kept.clear()
            self._forgotten += 1
