"""The dense index over one folder."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.errors import StoreDamaged
from index.types import Ids, Ranking, Vectors
from index.vectors.files import Base, read_base, read_manifest, write_base
from index.vectors.nearest import inner_products, nearest
from index.vectors.segments import Rows, Segment, Snapshot, merged

_log = logging.getLogger("loccit.vectors")

_SMALL = 4096
"""Passages that are searched as fast beside the base as in it."""


class FaissIndex:
    """Exact nearest passages by inner product. Implements :class:`index.protocols.DenseIndex`.

    The folder has a *base*: all passages up to some change of the store, memory-mapped. What came since
    is in memory, and is brought again from the store after a restart; :meth:`compact` makes the next
    base of both. A passage id names one vector for good.

    Searches work on a snapshot and wait for nobody. Updates wait for each other, not for a compaction.
    Several processes may open a folder; only the one with the collection's write lock may compact.
    """

    def __init__(self, folder: Path, dimension: int, base: Base) -> None:
        """Use :meth:`open`."""
        self._folder = folder
        self._dimension = dimension
        self._manifest, self._base_change = base.manifest, base.change
        self._snapshot: Snapshot | None = Snapshot(base.change, Segment.whole(base.rows))
        self._updating = threading.Lock()
        self._compacting = threading.Lock()

    @staticmethod
    def open(folder: str | Path, dimension: int) -> FaissIndex:
        """Open what the folder has. Writes nothing.

        A folder that is damaged, of another dimension or of another format is logged and opened empty
        at change 0, as a folder that does not exist: the store has everything to fill it again.
        """
        folder = Path(folder)
        try:
            base = read_base(folder, dimension)
        except StoreDamaged as error:
            _log.warning("%s; it starts empty and is filled from the store", error.message)
            base = Base.empty(dimension, read_manifest(folder))
        return FaissIndex(folder, dimension, base)

    @property
    def change(self) -> int:
        """The store's change number up to which this index is complete."""
        return self._current().change

    @property
    def should_compact(self) -> bool:
        """Whether passages beside the base, and removed ones, have become many for its size."""
        snapshot = self._current()
        beside = sum(len(delta) for delta in snapshot.deltas)
        return beside + snapshot.dead > max(_SMALL, len(snapshot.base.rows) // 4)

    def __len__(self) -> int:
        return len(self._current())

    def update(self, change: int, *, ids: Ids, documents: Ids, vectors: Vectors, removed: Ids) -> None:
        """Add passages (id, document key, vector) and drop ``removed``.

        ``vectors`` has shape (len(ids), dimension). Ids that are held are left as they are, and one
        that is both added and removed is not there afterwards, so repeating an update is harmless.
        """
        ids, documents = np.asarray(ids, np.int64), np.asarray(documents, np.int64)
        removed = np.asarray(removed, np.int64)
        vectors = np.asarray(vectors, np.float32)
        if len(documents) != len(ids) or vectors.shape != (len(ids), self._dimension):
            raise ValueError(
                f"{len(ids)} ids, {len(documents)} documents, vectors {vectors.shape}: "
                f"expected one document and one vector of {self._dimension} numbers for each id"
            )
        with self._updating:
            snapshot = self._current()
            _, first = np.unique(ids, return_index=True)
            new = first[~snapshot.holds(ids[first]) & ~np.isin(ids[first], removed)]
            added = Rows.of(ids[new], documents[new], vectors[new])
            self._snapshot = snapshot.changed(change, added, removed)

    def search(self, query: Vectors, n: int, *, documents: Ids | None = None) -> list[Ranking]:
        """For each row of ``query`` the at most ``n`` nearest, ties by passage id.

        ``documents`` are the keys allowed, in any order; none of them means no results.
        """
        query = np.ascontiguousarray(np.atleast_2d(query), np.float32)
        if query.shape[1] != self._dimension:
            raise ValueError(f"a query has {query.shape[1]} numbers, this index {self._dimension}")
        keys = None if documents is None else np.unique(np.asarray(documents, np.int64))
        return nearest(self._current().segments, query, n, keys)

    def scores(self, query: Vectors, ids: Ids) -> NDArray[np.float32]:
        """Inner products of one query row with the named passages; NaN for those not held.

        The same numbers as :meth:`search` gives.
        """
        row = np.asarray(query, np.float32).reshape(1, self._dimension)
        ids = np.asarray(ids, np.int64)
        scores = np.full(len(ids), np.nan, np.float32)
        for segment in self._current().segments:
            positions = segment.find(ids)
            here = positions >= 0
            vectors = segment.rows.vectors(positions[here])
            scores[here] = inner_products(vectors, np.broadcast_to(row, vectors.shape))
        return scores

    def compact(self) -> None:
        """Write a base of all that is held and go on with it. Searches and updates go on meanwhile."""
        with self._compacting:
            snapshot = self._current()
            unchanged = not snapshot.deltas and not snapshot.dead
            if unchanged and self._is_current() and self._base_change == snapshot.change:
                return
            write_base(self._folder, snapshot.change, merged(snapshot.segments))
            self._adopt()

    def reload(self) -> bool:
        """Take a base that another process has published, keeping what is newer here. True if so."""
        with self._compacting:
            return not self._is_current() and self._adopt()

    def close(self) -> None:
        """Let go of the files. Searches under way finish; later calls raise ``RuntimeError``."""
        with self._updating:
            self._snapshot = None

    def _is_current(self) -> bool:
        """Whether the folder's base is the one in use."""
        return read_manifest(self._folder) == self._manifest

    def _adopt(self) -> bool:
        try:
            base = read_base(self._folder, self._dimension)
        except StoreDamaged as error:
            _log.warning("%s; going on with what is in memory", error.message)
            self._manifest = read_manifest(self._folder)
            return False
        if base.manifest is None:
            return False
        with self._updating:
            snapshot = self._current()
            if base.change > snapshot.change:
                self._snapshot = Snapshot(base.change, Segment.whole(base.rows))
            else:
                self._snapshot = snapshot.rebased(base.change, base.rows)
            self._manifest, self._base_change = base.manifest, base.change
        return True

    def _current(self) -> Snapshot:
        snapshot = self._snapshot
        if snapshot is None:
            raise RuntimeError("this index is closed")
        return snapshot
