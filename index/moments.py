"""Earlier moments of a collection, made searchable again."""

from __future__ import annotations

import shutil
import tempfile
import threading
import weakref
from collections import OrderedDict
from pathlib import Path

import numpy as np

from index.analysis import Analyzer
from index.errors import MomentTooLarge
from index.lexical import TantivyIndex
from index.protocols import PastPassageStore
from index.vectors import FaissIndex

_KEPT = 2
"""Moments kept ready: conversations and comparisons ask the same one again and again."""


class Moment:
    """Indexes over the passages that were live after a change, in a temporary folder."""

    def __init__(self, past: PastPassageStore, analyzer: Analyzer, dimension: int) -> None:
        folder = Path(tempfile.mkdtemp(prefix="loccit-moment-"))
        # Not before the last search that uses it is done.
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        nothing = np.empty(0, np.int64)
        self.dense = FaissIndex.open(folder / "vectors", dimension)
        for ids, documents, vectors in past.vectors(dimension):
            self.dense.update(past.change, ids=ids, documents=documents, vectors=vectors, removed=nothing)
        self.lexical = TantivyIndex.open(folder / "lexical", analyzer)
        self.lexical.update(past.change, added=past.texts(), removed=nothing)


class Moments:
    """The moments asked for last. Safe to use from several threads.

    ``most`` is how many passages a moment may have: making one searchable takes about a second for each
    10,000 of them.
    """

    def __init__(self, analyzer: Analyzer, dimension: int, most: int) -> None:
        self._analyzer = analyzer
        self._dimension = dimension
        self._most = most
        self._building = threading.Lock()
        self._locking = threading.Lock()
        self._kept: OrderedDict[int, Moment] = OrderedDict()
        self._era = 0

    def of(self, past: PastPassageStore) -> Moment:
        """The searchable moment. Raises :class:`MomentTooLarge`."""
        if held := self._held(past.reached):
            return held
        # One at a time: building takes all the cores there are, and the next may want the same.
        with self._building:
            if held := self._held(past.reached):
                return held
            era = self._era
            built = self._built(past)
            with self._locking:
                # What was built before something was erased may be of what was erased.
                if era == self._era:
                    self._kept[past.reached] = built
                    while len(self._kept) > _KEPT:
                        self._kept.popitem(last=False)
            return built

    def _held(self, reached: int) -> Moment | None:
        with self._locking:
            if held := self._kept.get(reached):
                self._kept.move_to_end(reached)
            return held

    def _built(self, past: PastPassageStore) -> Moment:
        total, _ = past.counts()
        if total > self._most:
            raise MomentTooLarge(
                f"The collection had {total:,} passages after change {past.change}; an earlier moment is "
                f"searched when it had at most {self._most:,}. Raise LOCCIT_AS_OF_PASSAGES, or ask the "
                "collection as it is."
            )
        return Moment(past, self._analyzer, self._dimension)

    def forget(self) -> None:
        """Forget all: something was erased, and is to be nowhere any more. Waits for nothing."""
        with self._locking:
            self._kept.clear()
            self._era += 1
