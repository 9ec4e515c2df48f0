"""The dense index over one folder."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from index.config import VectorsConfig
from index.errors import StoreDamaged
from index.types import Ids, Ranking, Vectors
from index.vectors.approximation import Tuning, inner_products
from index.vectors.building import chosen_kind, write_base
from index.vectors.files import Base, Kind, read_base, read_manifest
from index.vectors.nearest import nearest
from index.vectors.rows import Rows
from index.vectors.segments import Snapshot

_log = logging.getLogger("loccit.vectors")

_FEWEST_BESIDE = 4096
_MOST_BESIDE = 16_384
"""Passages beside a base are looked at one by one, so many of them in about 2 ms."""
_OF_LARGE = 64
"""From a million passages on it may be one in so many: a base of ten million takes longer to write."""

_AGAIN = 0.8
"""A base becomes of another kind when this part of its passages would be enough for that."""

_DEFAULTS = VectorsConfig()


@dataclass(frozen=True, slots=True)
class Description:
    """How an index stands.

    ``kind`` is that of its base, ``tuning`` how that is searched, None for a flat one, which is exact.
    ``passages`` are all that are held, ``beside`` those of them not in the base, ``removed`` those in the
    base that are not held any more. ``size`` is that of the base's files in bytes, ``change`` the store's
    change that it was made at.
    """

    kind: Kind
    passages: int
    beside: int
    removed: int
    size: int
    change: int
    tuning: Tuning | None


class FaissIndex:
    """Nearest passages by inner product. Implements :class:`index.protocols.DenseIndex`.

    The folder has a *base*: all passages up to some change of the store, memory-mapped. What came since
    is in memory, and is brought again from the store after a restart; :meth:`compact` makes the next
    base of both. A passage id names one vector for good.

    A large base is searched by an approximate index, which finds most of the nearest; their scores are the
    exact inner products all the same. Searches work on a snapshot and wait for nobody. Updates wait for
    each other, not for a compaction. Several processes may open a folder.
    """

    def __init__(self, folder: Path, dimension: int, base: Base, config: VectorsConfig) -> None:
        """Use :meth:`open`."""
        self._folder = folder
        self._dimension = dimension
        self._config = config
        self._base = base
        self._snapshot: Snapshot | None = Snapshot(base.change, base.segment)
        self._updating = threading.Lock()
        self._compacting = threading.Lock()
        self._starting = threading.Lock()

    @staticmethod
    def open(folder: str | Path, dimension: int, config: VectorsConfig = _DEFAULTS) -> FaissIndex:
        """Open what the folder has. Writes nothing.

        A folder that is damaged, of another dimension or of another format is logged and opened empty
        at change 0, as a folder that does not exist: the store has everything to fill it again.
        """
        folder = Path(folder)
        try:
            base = read_base(folder, dimension, is_limited=config.memory_bytes > 0)
        except StoreDamaged as error:
            _log.warning("%s; it starts empty and is filled from the store", error.message)
            base = Base.empty(dimension, read_manifest(folder))
        return FaissIndex(folder, dimension, base, config)

    @property
    def change(self) -> int:
        """The store's change number up to which this index is complete."""
        return self._current().change

    @property
    def should_compact(self) -> bool:
        """Whether many passages are beside the base or removed from it, or it should be of another kind."""
        snapshot = self._current()
        held, base = len(snapshot), len(snapshot.base.rows)
        beside = sum(len(delta) for delta in snapshot.deltas)
        most = min(base // 4, max(_MOST_BESIDE, base // _OF_LARGE))
        if beside > max(_FEWEST_BESIDE, most) or beside + snapshot.dead > max(_FEWEST_BESIDE, base // 4):
            return True
        kinds = {chosen_kind(round(part * held), self._config) for part in (_AGAIN, 1)}
        return base > 0 and self._base.kind not in kinds

    @property
    def described(self) -> Description:
        """How it stands now."""
        snapshot, base = self._current(), self._base
        approximation = snapshot.base.rows.approximation
        return Description(
            kind=base.kind,
            passages=len(snapshot),
            beside=sum(len(delta) for delta in snapshot.deltas),
            removed=snapshot.base.dead,
            size=base.size,
            change=base.change,
            tuning=approximation.tuning if approximation else None,
        )

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
        keys = None if documents is None else np.asarray(documents, np.int64)
        if keys is not None and not np.all(keys[1:] > keys[:-1]):
            keys = np.unique(keys)
        return nearest(self._current().segments, query, n, keys)

    def scores(self, query: Vectors, ids: Ids) -> NDArray[np.float32]:
        """Inner products of one query row with the named passages; NaN for those not held.

        The same numbers as :meth:`search` gives.
        """
        row = np.asarray(query, np.float32).reshape(self._dimension)
        ids = np.asarray(ids, np.int64)
        scores = np.full(len(ids), np.nan, np.float32)
        for segment in self._current().segments:
            positions = segment.find(ids)
            here = positions >= 0
            vectors = segment.rows.vectors(positions[here])
            scores[here] = inner_products(vectors, row)
        return scores

    def compact(self) -> None:
        """Write a base of all that is held and go on with it. Searches and updates go on meanwhile.

        Where another process is at it, there is nothing to do: its base will be taken over.
        """
        with self._compacting:
            snapshot, base = self._current(), self._base
            unchanged = not snapshot.deltas and snapshot.base is base.segment
            if (
                unchanged
                and self._is_current()
                and base.change == snapshot.change
                and not self.should_compact
            ):
                return
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                with FileLock(self._folder / "compact.lock", timeout=0):
                    write_base(self._folder, snapshot, base, self._config)
            except Timeout:
                return
            self._adopt()

    def compact_in_background(self) -> bool:
        """Have :meth:`compact` done by a thread of its own; False where one is at it already.

        The thread does not keep the process from ending, and what goes wrong in it is logged.
        """
        if not self._starting.acquire(blocking=False):
            return False
        threading.Thread(target=self._compact_aside, name="loccit-compaction", daemon=True).start()
        return True

    def _compact_aside(self) -> None:
        try:
            self.compact()
        except (OSError, RuntimeError) as error:
            if self._snapshot is not None:
                _log.error("the vector index in %s was not compacted: %s", self._folder, error)
        finally:
            self._starting.release()

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
        return read_manifest(self._folder) == self._base.manifest

    def _adopt(self) -> bool:
        try:
            base = read_base(self._folder, self._dimension, is_limited=self._config.memory_bytes > 0)
        except StoreDamaged as error:
            _log.warning("%s; going on with what is in memory", error.message)
            self._base = replace(self._base, manifest=read_manifest(self._folder))
            return False
        if base.manifest is None:
            return False
        with self._updating:
            snapshot = self._current()
            if base.change > snapshot.change:
                self._snapshot = Snapshot(base.change, base.segment)
            else:
                self._snapshot = snapshot.rebased(base.change, base.segment)
            self._base = base
        return True

    def _current(self) -> Snapshot:
        snapshot = self._snapshot
        if snapshot is None:
            raise RuntimeError("this index is closed")
        return snapshot
