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
        self._kept: OrderedDict[int, Moment] = OrderedDict()

    def of(self, past: PastPassageStore) -> Moment:
        """The searchable moment. Raises :class:`MomentTooLarge`."""
        # One at a time: building takes all the cores there are, and the next may want the same.
        with self._building:
            if past.reached not in self._kept:
                total, _ = past.counts()
                if total > self._most:
                    raise MomentTooLarge(
                        f"The collection had {total:,} passages after change {past.change}; an earlier "
                        f"moment is searched when it had at most {self._most:,}. Raise "
                        "LOCCIT_AS_OF_PASSAGES, or ask the collection as it is."
                    )
                self._kept[past.reached] = Moment(past, self._analyzer, self._dimension)
            self._kept.move_to_end(past.reached)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return self._kept[past.reached]

    def forget(self) -> None:
        """Forget all: something was erased, and is to be nowhere any more."""
        with self._building:
            self._kept.clear()
