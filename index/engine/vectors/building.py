"""Build the next base: choose its kind and write it without all vectors in memory."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from index.config import VectorsConfig
from index.engine.vectors.approximation import Approximation, Tuning
from index.engine.vectors.exact import (
    HALF,
    SINGLE,
    FlatVectors,
    MappedVectors,
    StoredVectors,
    fits_half,
    row_slices,
)
from index.engine.vectors.files import Base, Kind, Publication
from index.engine.vectors.segments import Segment, Snapshot, merge_segments
from index.engine.vectors.tuning import tune
from index.types import Ids, Vectors

_log = logging.getLogger("loccit.vectors")

MAX_FLAT_PASSAGES = 20_000
"""Most passages of a flat base, which takes about 1 ms to search."""

_SAMPLE_PER_LIST = 64
"""Passages in the k-means sample for each list."""
_ITERATIONS = 10
_ADD_BATCH = 65_536
"""Passages added at a time. Larger batches save work that FAISS repeats for each call."""

_UNTUNED = Tuning(effort=1, candidates=1.0, recall=0.0, milliseconds=0.0, row_microseconds=0.0)
_RETUNE_GROWTH = 1.25
"""An index is tuned again when it has grown by this factor."""


def choose_kind(count: int, config: VectorsConfig) -> Kind:
    """Choose the kind of base for ``count`` passages."""
    if config.kind != "auto":
        return config.kind
    return "flat" if count <= MAX_FLAT_PASSAGES else "ivf"


def write_base(
    folder: Path, snapshot: Snapshot, base: Base, config: VectorsConfig, *, unique: str = ""
) -> None:
    """Publish a base with the passages of a snapshot, durably; ``base`` is the snapshot's base.

    ``unique`` is a part of the names of its files.

    Raises OSError, for instance on a full disk, and keeps the old base.
    """
    count, dimension = len(snapshot), snapshot.base.rows.dimension
    kind = choose_kind(count, config)
    new = Publication(folder, snapshot.mark, unique)
    if count and kind != "flat":
        description = _write_approximate(new, snapshot, base, config)
    else:
        description = _write_flat(new, snapshot)
    new.publish(kind=kind, dimension=dimension, **description)


def _write_flat(new: Publication, snapshot: Snapshot) -> dict[str, object]:
    rows = merge_segments(snapshot.segments)
    if len(rows):
        new.add_index("vectors", "faiss", FlatVectors.of(rows.vectors(np.arange(len(rows)))).index)
        new.add_array("ids", rows.ids)
        new.add_array("documents", rows.documents)
    return {"count": len(rows)}


def _write_approximate(
    new: Publication, snapshot: Snapshot, base: Base, config: VectorsConfig
) -> dict[str, object]:
    extended = _read_to_extend(snapshot, base)
    content = Content.of(snapshot) if extended is None else Content.extend_base(snapshot)
    precision = HALF if content.fits_half_precision() else SINGLE
    path = new.add("vectors", "rows", lambda path: content.write(path, precision))
    stored = MappedVectors(path, snapshot.base.rows.dimension, precision, is_limited=config.megabytes > 0)
    faiss.omp_set_num_threads(config.threads or max(1, (os.cpu_count() or 1) // 2))
    made = extended or Approximation(_train(stored, config), _UNTUNED, len(stored))
    for part in row_slices(len(stored), _ADD_BATCH):
        if made.index.ntotal < part.stop:
            made.index.add(stored.at(np.arange(max(part.start, made.index.ntotal), part.stop)))
    if content.bits is not None:
        made.blank(content.dead())
    new.add_index("candidates", "candidates.faiss", made.index)
    new.add_array("ids", content.ids)
    new.add_array("documents", content.documents)
    if content.bits is not None:
        new.add_array("live", content.bits)
    tuning = made.tuning
    if len(stored) > _RETUNE_GROWTH * tuning.rows:
        tuning = tune(made.index, stored, config.recall, np.flatnonzero(~content.dead()))
    return {
        "count": len(content),
        "removed": content.removed,
        "blank": content.removed,
        "made_with": made.made_with,
        "precision": precision.name,
        "tuning": asdict(tuning),
    }


def _read_to_extend(snapshot: Snapshot, base: Base) -> Approximation | None:
    """Read the base's approximate index into memory to add rows; None if a new one is due.

    An inverted file keeps removed rows, at most a quarter of all, and suits the number of rows it was trained
    on, up to twice as many.
    """
    rows, approximation = snapshot.base.rows, snapshot.base.rows.approximation
    if approximation is None or base.candidates is None:
        return None
    ids = np.concatenate([np.empty(0, np.int64), *(delta.rows.ids for delta in snapshot.deltas)])
    has_doubled = len(rows) + len(ids) > 2 * approximation.made_with
    if has_doubled or 4 * snapshot.base.dead > len(rows) or (rows.find(ids) >= 0).any():
        return None
    try:
        index = faiss.read_index(str(base.candidates))
    except RuntimeError as error:
        _log.warning("%s cannot be read (%s); a new index is made", base.candidates, error)
        return None
    return Approximation(index, approximation.tuning, approximation.made_with)


def _train(stored: StoredVectors, config: VectorsConfig) -> Any:
    """Train an inverted file that has no rows yet."""
    index: Any
    count, dimension = len(stored), stored.dimension
    lists = max(1, min(int(2 * count**0.5), count // 39))
    exceeds_limit = 0 < config.megabytes * 2**20 < count * (dimension + 24)
    code = "SQ4" if exceeds_limit else "SQ8"
    index = faiss.index_factory(dimension, f"IVF{lists},{code}", faiss.METRIC_INNER_PRODUCT)
    index.cp.niter = _ITERATIONS
    index.train(_sample(stored, _SAMPLE_PER_LIST * lists))
    return index


def _sample(stored: StoredVectors, most: int) -> Vectors:
    count = len(stored)
    if count <= most:
        return stored.at(np.arange(count))
    return stored.at(np.sort(np.random.default_rng(0).choice(count, most, replace=False)))


# Rows of the next base, read from segments part by part.


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """Rows of the next base in order: row i is row ``positions[i]`` of segment ``numbers[i]``.

    ``bits`` marks live rows, as in :class:`Segment`, if ``removed`` dead rows are kept.
    """

    segments: tuple[Segment, ...]
    numbers: NDArray[np.int32]
    positions: Ids
    bits: NDArray[np.uint8] | None = None
    removed: int = 0

    @staticmethod
    def of(snapshot: Snapshot) -> Content:
        """Take all live rows, by passage id."""
        content = Content.concatenate(snapshot, [segment.live() for segment in snapshot.segments])
        order = np.argsort(content.ids, kind="stable")
        return Content(snapshot.segments, content.numbers[order], content.positions[order])

    @staticmethod
    def extend_base(snapshot: Snapshot) -> Content:
        """Keep all rows of the base in place, live or dead, and append the live rows of the deltas."""
        base = snapshot.base
        live = [delta.live() for delta in snapshot.deltas]
        content = Content.concatenate(snapshot, [np.arange(len(base.rows)), *live])
        if not base.dead:
            return content
        lives = np.ones(len(content), np.bool_)
        lives[: len(base.rows)] = np.unpackbits(base.bits, count=len(base.rows), bitorder="little")
        bits = np.packbits(lives, bitorder="little")
        return Content(snapshot.segments, content.numbers, content.positions, bits, base.dead)

    @staticmethod
    def concatenate(snapshot: Snapshot, positions: list[Ids]) -> Content:
        """Take these rows of each segment, one segment after the other."""
        numbers = np.repeat(np.arange(len(positions), dtype=np.int32), [len(some) for some in positions])
        return Content(snapshot.segments, numbers, np.concatenate(positions))

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def ids(self) -> Ids:
        return self._of([segment.rows.ids for segment in self.segments])

    @property
    def documents(self) -> Ids:
        return self._of([segment.rows.documents for segment in self.segments])

    def _of(self, arrays: list[Ids]) -> Ids:
        values = np.empty(len(self), np.int64)
        for number, array in enumerate(arrays):
            here = self.numbers == number
            values[here] = array[self.positions[here]]
        return values

    def dead(self) -> NDArray[np.bool_]:
        """Whether each row is of a removed passage."""
        if self.bits is None:
            return np.zeros(len(self), np.bool_)
        return np.asarray(np.unpackbits(self.bits, count=len(self), bitorder="little") == 0)

    def vectors(self) -> Iterator[Vectors]:
        """Yield all vectors in parts, with zeros for removed passages, so that none is written again."""
        dead = self.dead()
        for part in row_slices(len(self)):
            numbers, positions = self.numbers[part], self.positions[part]
            vectors = np.empty((len(positions), self.segments[0].rows.dimension), np.float32)
            for number in np.unique(numbers):
                here = numbers == number
                vectors[here] = self.segments[number].rows.vectors(positions[here])
            vectors[dead[part]] = 0
            yield vectors

    def fits_half_precision(self) -> bool:
        """Whether float16 is lossless for all vectors; those stored as float16 need no check."""
        return all(
            fits_half(segment.rows.vectors(np.arange(part.start, part.stop)))
            for segment in self.segments
            if segment.rows.stored.precision != HALF
            for part in row_slices(len(segment.rows))
        )

    def write(self, path: Path, precision: np.dtype[np.floating]) -> None:
        """Write the vectors in the layout that :class:`index.engine.vectors.exact.MappedVectors` reads."""
        with path.open("wb") as file:
            for vectors in self.vectors():
                file.write(vectors.astype(precision).tobytes())
