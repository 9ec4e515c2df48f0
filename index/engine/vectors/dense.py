"""The dense index in one folder."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from index.config import VectorsConfig
from index.engine.checksums import Checksum
from index.engine.vectors.approximation import Tuning, inner_products
from index.engine.vectors.building import write_base
from index.engine.vectors.compaction import BackgroundCompaction, is_due
from index.engine.vectors.files import Base, Kind, delete_others, later_files, read_base, read_manifest
from index.engine.vectors.nearest import nearest
from index.engine.vectors.rows import Rows
from index.engine.vectors.segments import Snapshot
from index.errors import StoreDamaged
from index.records import Mark
from index.types import Ids, Ranking, Vectors

_log = logging.getLogger("loccit.vectors")
_OF_DAMAGE = (RuntimeError, ValueError, IndexError, OSError)
"""Exceptions of FAISS and numpy for damaged data."""

_DEFAULTS = VectorsConfig()


class FaissIndex:
    """Finds the nearest passages by inner product. Implements :class:`index.protocols.DenseIndex`.

    The folder has a memory-mapped *base*: all passages up to some change of the store. Later passages are in
    memory, and loaded from the store again after a restart; :meth:`compact` merges both into the next base.
    The vector of a passage id never changes.

    A large base has an approximate index, which finds most of the nearest passages; scores are exact inner
    products all the same. Searches use a snapshot and never wait. Updates wait for each other, not for a
    compaction. Several processes may open a folder.
    """

    def __init__(self, folder: Path, dimension: int, base: Base, config: VectorsConfig) -> None:
        """Use :meth:`open`."""
        self._folder = folder
        self._dimension = dimension
        self._config = config
        self._base = base
        self._snapshot: Snapshot | None = Snapshot(base.mark, base.segments)
        self._updating = threading.Lock()
        self._compacting = threading.Lock()
        self._background = BackgroundCompaction(folder)

    @staticmethod
    def open(folder: str | Path, dimension: int, config: VectorsConfig = _DEFAULTS) -> FaissIndex:
        """Open the folder without writing to it.

        If it is damaged or of another dimension, format or kind, log that and open it empty, at change 0, as
        if it did not exist: it is then filled from the store.
        """
        folder = Path(folder)
        try:
            base = read_base(folder, dimension, config)
        except StoreDamaged as error:
            _log.warning("%s; it starts empty and is filled from the store", error.message)
            base = replace(Base.empty(dimension, read_manifest(folder)), is_due=True)
        if later := later_files(folder, base):
            _log.log(
                logging.WARNING if base.manifest is None else logging.INFO,
                "manifest.json in %s does not name %s: it is missing or older, or a compaction was "
                "interrupted",
                folder,
                later[0],
            )
        return FaissIndex(folder, dimension, base, config)

    @property
    def change(self) -> int:
        """The store's change number up to which the index is complete."""
        return self.mark.change

    @property
    def mark(self) -> Mark:
        """Identifies that change."""
        return self._current().mark

    @property
    def is_checked(self) -> bool:
        """Whether all files were compared with their checksums when they were opened; large ones are not."""
        return not self._base.unchecked

    @property
    def manifest(self) -> str | None:
        """The manifest of the base in use; None if there is none, or it cannot be used."""
        return None if self._base.is_due else self._base.manifest

    @property
    def files(self) -> Mapping[Path, Checksum]:
        """The files of the base in use."""
        return self._base.files

    @property
    def should_compact(self) -> bool:
        """Whether a new base is due: this one is unusable or old, of another kind, or much has changed."""
        return is_due(self._base, self._current(), self._config)

    @property
    def description(self) -> Description:
        """The current state."""
        return Description.of(self._base, self._current())

    def __len__(self) -> int:
        return len(self._current())

    def update(self, mark: Mark, *, ids: Ids, documents: Ids, vectors: Vectors, removed: Ids) -> None:
        """Add passages (id, document key, vector) and drop ``removed``.

        ``vectors`` has shape (len(ids), dimension). Adding an id again changes nothing, and one that is both
        added and removed is dropped, so repeating an update is harmless.
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
            self._snapshot = snapshot.with_changes(mark, added, removed)

    def search(self, query: Vectors, n: int, *, documents: Ids | None = None) -> list[Ranking]:
        """Return the at most ``n`` nearest for each row of ``query``, ties by passage id.

        ``documents`` has the allowed document keys in any order; an empty one gives no results.
        """
        query = np.ascontiguousarray(np.atleast_2d(query), np.float32)
        if query.shape[1] != self._dimension:
            raise ValueError(f"a query has {query.shape[1]} numbers, this index {self._dimension}")
        keys = None if documents is None else np.asarray(documents, np.int64)
        if keys is not None and not np.all(keys[1:] > keys[:-1]):
            keys = np.unique(keys)
        segments = self._current().segments
        try:
            return nearest(segments, query, n, keys)
        except _OF_DAMAGE as error:
            raise self._failure(error) from error

    def scores(self, query: Vectors, ids: Ids) -> NDArray[np.float32]:
        """Return the inner products of one query row with these passages; NaN for unknown ids.

        They equal the scores of :meth:`search`.
        """
        row = np.asarray(query, np.float32).reshape(self._dimension)
        ids = np.asarray(ids, np.int64)
        scores = np.full(len(ids), np.nan, np.float32)
        segments = self._current().segments
        try:
            for segment in segments:
                positions = segment.find(ids)
                here = positions >= 0
                if here.any():
                    scores[here] = inner_products(segment.rows.vectors(positions[here]), row)
        except _OF_DAMAGE as error:
            raise self._failure(error) from error
        return scores

    def _failure(self, error: Exception) -> StoreDamaged:
        return StoreDamaged(f"the vector index in {self._folder} failed: {error}")

    def compact(self, *, purges: bool = False) -> None:
        """Write a base with all passages and use it. Searches and updates continue meanwhile.

        With ``purges`` its files have no vectors of removed passages. Does nothing while another process
        compacts: :meth:`reload` will find its base. Raises :class:`index.errors.StoreDamaged` if the base in
        use is damaged, and OSError.
        """
        with self._compacting:
            snapshot, base = self._current(), self._base
            unchanged = not snapshot.deltas and snapshot.base == base.segments
            unchanged = unchanged and self._is_current() and base.mark == snapshot.mark
            if unchanged and not self.should_compact and not (purges and self._may_hold_removed()):
                return
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                with FileLock(self._folder / "compact.lock", timeout=0):
                    write_base(self._folder, snapshot, base, self._config, purges=purges)
            except Timeout:
                return
            published = self._read()
            if published and published.mark == snapshot.mark:
                self._adopt(published)

    def write_next(self, folder: Path, *, purges: bool = False) -> None:
        """Write what a base with all passages has beside files of this one into another folder.

        This one stays in use. Files have names that no other machine gives. ``purges`` and errors are those
        of :meth:`compact`.
        """
        with self._compacting:
            write_base(folder, self._current(), self._base, self._config, purges=purges)

    def purge(self, change: int) -> bool:
        """Write a base without the vectors that were removed up to a change, unless this one has none.

        Deletes the files of all other bases. False while another process compacts: try again later. Raises
        what :meth:`compact` raises.
        """
        self.reload()
        if self._may_hold_removed():
            self.compact(purges=True)
        return self.tidy(change)

    def is_rid_of(self, change: int) -> bool:
        """Whether the base in use has no vectors of passages removed up to a change."""
        base = self._base
        return (not base.is_due and base.rid_of >= change) or not self._may_hold_removed()

    def tidy(self, change: int) -> bool:
        """Delete the files of all bases but the one in use; False unless :meth:`is_rid_of`."""
        with self._compacting, suppress(Timeout):
            self._folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self._folder / "compact.lock", timeout=0):
                if self._is_current() and self.is_rid_of(change):
                    delete_others(self._folder)
                    return True
        return False

    def _may_hold_removed(self) -> bool:
        """Whether files of the base have vectors of removed passages, or may, as it is not in use."""
        if self._base.is_due and self._base.manifest is not None:
            return True
        return self._current().removed > sum(part.blank for part in self._base.parts)

    def compact_in_background(
        self, damaged: Callable[[StoreDamaged], None], compact: Callable[[], object] | None = None
    ) -> bool:
        """Run ``compact`` in a daemon thread that logs errors; False if one is running already.

        By default it is :meth:`compact`. ``damaged`` is called if the base in use is.
        """
        return self._background.start(
            compact or self.compact, damaged, is_open=lambda: self._snapshot is not None
        )

    def reload(self, belongs: Callable[[Mark], bool] = lambda _: True, *, is_again: bool = False) -> bool:
        """Use a base that another process has published, and keep newer passages; True if there is one.

        A base whose mark does not belong to the record is replaced by the next compaction. One that could not
        be used before is tried again if its files were put there again.
        """
        if self._is_current() and not is_again:
            return False  # without waiting for a compaction
        with self._compacting:
            base = None if self._is_current() and not is_again else self._read()
            if base is None or base.manifest is None:
                return False
            if not belongs(base.mark):
                self._base = replace(self._base, manifest=base.manifest, is_due=True)
                return False
            self._adopt(base)
            return True

    def reset(self) -> None:
        """Become empty, in memory; a new base is then due."""
        with self._compacting, self._updating:
            self._current()
            empty = Base.empty(self._dimension, self._base.manifest)
            self._base = replace(empty, is_due=True)
            self._snapshot = Snapshot(empty.mark, empty.segments)

    def check(self, *, all_files: bool = True) -> None:
        """Compare the files with their checksums, or only those not compared when they were opened.

        Raises :class:`index.errors.StoreDamaged`.
        """
        base = self._base
        base.check(base.files if all_files else base.unchecked)
        with self._updating:
            if self._base is base:
                self._base = replace(base, unchecked=())

    def close(self) -> None:
        """Release the files. Running searches finish; later calls raise ``RuntimeError``."""
        with self._updating:
            self._snapshot = None

    def _is_current(self) -> bool:
        """Whether the base in use is still the folder's."""
        return read_manifest(self._folder) == self._base.manifest

    def _read(self) -> Base | None:
        """Read the folder's base; None if it cannot be used, which is logged."""
        try:
            return read_base(self._folder, self._dimension, self._config, before=self._base)
        except StoreDamaged as error:
            _log.warning("%s; going on with what is in memory", error.message)
            # Do not write it again and again if it cannot be read; the next start retries once.
            self._base = replace(self._base, manifest=read_manifest(self._folder), is_due=False)
            return None

    def _adopt(self, base: Base) -> None:
        with self._updating:
            snapshot = self._current()
            if base.mark.change > snapshot.mark.change:
                self._snapshot = Snapshot(base.mark, base.segments)
            else:
                self._snapshot = snapshot.with_base(base.mark, base.segments)
            self._base = base

    def _current(self) -> Snapshot:
        snapshot = self._snapshot
        if snapshot is None:
            raise RuntimeError("this index is closed")
        return snapshot


# Statistics of the dense index.


@dataclass(frozen=True, slots=True)
class Description:
    """State of an index.

    ``kind``, ``tuning`` (None for a flat base, which is exact), ``size`` of the files in bytes and ``change``
    describe the base. ``passages`` counts all passages, ``beside`` those that are not in the base, and
    ``removed`` the rows of the base that are dead.
    """

    kind: Kind
    passages: int
    beside: int
    removed: int
    size: int
    change: int
    tuning: Tuning | None

    @staticmethod
    def of(base: Base, snapshot: Snapshot) -> Description:
        """Describe a snapshot over a base."""
        approximation = snapshot.base[0].rows.approximation
        return Description(
            kind=base.kind,
            passages=len(snapshot),
            beside=snapshot.beside,
            removed=snapshot.removed,
            size=base.size,
            change=base.mark.change,
            tuning=approximation.tuning if approximation else None,
        )
