"""Build the next base: choose its kind and write it without all vectors in memory."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from index.config import VectorsConfig
from index.engine.vectors.approximation import Approximation, Tuning, inner_products
from index.engine.vectors.exact import (
    HALF,
    SINGLE,
    AllowedRows,
    FlatVectors,
    MappedVectors,
    StoredVectors,
    fits_half,
    normalise,
    row_slices,
)
from index.engine.vectors.files import Base, Kind, Publication
from index.engine.vectors.segments import Segment, Snapshot, merge_segments
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

    def codes(self, precision: np.dtype[np.floating]) -> Iterator[NDArray[np.uint8]]:
        """Yield all rows in parts, in bytes, with zeros for removed passages, so that none is written again.

        Rows that are stored in this number format are copied as they are.
        """
        dead = self.dead()
        size = self.segments[0].rows.dimension * precision.itemsize
        for part in row_slices(len(self)):
            numbers, positions = self.numbers[part], self.positions[part]
            codes = np.empty((len(positions), size), np.uint8)
            for number in np.unique(numbers):
                here, stored = numbers == number, self.segments[number].rows.stored
                if stored.precision == precision:
                    codes[here] = stored.codes(positions[here])
                else:
                    codes[here] = stored.at(positions[here]).astype(precision).view(np.uint8)
            codes[dead[part]] = 0
            yield codes

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
            for codes in self.codes(precision):
                file.write(codes.tobytes())


# Tune an approximate index: compare it with exact search for queries made from its own vectors.


_SAMPLE = 300
_OWN_SHARES = (1.0, 0.7, 0.6)
"""Share of the sampled vector in a query, by thirds of the sample; the rest is another vector."""
_NEIGHBOURS = 10
"""Recall is measured for this many nearest."""
_EFFORT_MARGIN = 2
"""Questions are harder than passages: the effort that suffices for these is multiplied by this."""
_CANDIDATE_FACTORS = (1.25, 2.0, 4.0, 8.0)
_EFFORT_STEP = 1.4
_MIN_LISTS = 64
"""The highest effort tried is a quarter of the lists, but at least this many."""
_QUANTIZATION_LOSS = 1e-3
"""Recall that quantized scores may cost."""
_TIMED_ROWS = 1024

_clock = time.thread_time
"""Processor time of this thread, so that other work on the machine does not count."""


def tune(index: Any, stored: StoredVectors, recall: float, rows: Ids) -> Tuning:
    """Find the fewest candidates and the least effort that reach ``recall``; return twice that effort.

    Queries are made from ``rows`` (positions). A third of them are stored vectors, whose own row does not
    count; the others lie between two vectors, since questions are farther from passages than passages from
    each other. Recall is that of the hardest third. If ``recall`` cannot be reached, the nearest possible
    recall is the aim.
    """
    faiss.omp_set_num_threads(1)
    trial = _Trial(index, stored, rows)
    efforts = trial.efforts()
    # At the highest effort, only quantization loses recall.
    hardest = [trial.measure(efforts[-1], factor) for factor in _CANDIDATE_FACTORS]
    reachable = max(one.recall for one in hardest)
    best = next(one for one in hardest if one.recall >= reachable - _QUANTIZATION_LOSS)
    aim = min(best.recall, recall)
    least = next(effort for effort in efforts if trial.measure(effort, best.candidates).recall >= aim)
    return trial.measure(min(_EFFORT_MARGIN * least, efforts[-1]), best.candidates)


class _Trial:
    """Queries made from a sample of the stored vectors, with their true nearest rows."""

    def __init__(self, index: Any, stored: StoredVectors, rows: Ids) -> None:
        rng = np.random.default_rng(0)
        self._stored, self._index = stored, index
        count = min(_SAMPLE, len(rows))
        self._own = rng.choice(rows, count, replace=False).astype(np.int64)
        others = rng.permutation(self._own)
        self._query = stored.at(self._own)
        self._thirds = np.array_split(np.arange(count), len(_OWN_SHARES))
        for third, share in zip(self._thirds, _OWN_SHARES, strict=True):
            mixed = self._query[third] * share + stored.at(others[third]) * (1 - share)
            self._query[third] = normalise(mixed.astype(np.float32))
            if share < 1:
                self._own[third] = -1
        self._nearest = self._search_exactly()
        blank = Tuning(1, 1.0, 0.0, 0.0, self._row_microseconds(), len(stored))
        self._approximation = Approximation(index, blank, len(stored))

    def efforts(self) -> list[int]:
        """List the efforts to try, ascending in steps of about 40 %."""
        lists = int(self._index.nlist)
        effort, most = 1.0, max(min(lists, _MIN_LISTS), lists // 4)
        efforts = []
        while effort < most:
            efforts.append(round(effort))
            effort = max(effort * _EFFORT_STEP, effort + 1)
        return [*efforts, most]

    def measure(self, effort: int, factor: float) -> Tuning:
        """Measure recall and time at this search effort."""
        hits: list[float] = []
        times: list[float] = []
        fetch = round(_NEIGHBOURS * factor) + 1
        for query, own, nearest in zip(self._query, self._own, self._nearest, strict=True):
            start = _clock()
            (positions,) = self._approximation.candidates(query[None], fetch, effort, None)
            positions = positions[(positions >= 0) & (positions != own)]
            scores = inner_products(self._stored.at(positions), query)
            found = positions[np.argsort(-scores)[:_NEIGHBOURS]]
            times.append(_clock() - start)
            hits.append(len(np.intersect1d(found, nearest)) / max(1, len(nearest)))
        recalls = [float(np.mean(np.asarray(hits)[third])) for third in self._thirds if len(third)]
        tuning = replace(self._approximation.tuning, effort=effort, candidates=factor)
        tuning = replace(tuning, recall=round(min(recalls), 4))
        return replace(tuning, milliseconds=round(float(np.median(times)) * 1000, 4))

    def _search_exactly(self) -> list[Ids]:
        """Return the positions of the rows nearest to each query."""
        count = len(self._query)
        scores = np.empty((count, 0), np.float32)
        positions = np.empty((count, 0), np.int64)
        for part in row_slices(len(self._stored)):
            products: Vectors = self._query @ self._stored.at(np.arange(part.start, part.stop)).T
            mine = (self._own >= part.start) & (self._own < part.stop)
            products[mine, self._own[mine] - part.start] = -np.inf
            scores = np.hstack([scores, products])
            here = np.broadcast_to(np.arange(part.start, part.stop), products.shape)
            positions = np.hstack([positions, here])
            order = np.argsort(-scores, axis=1)[:, :_NEIGHBOURS]
            scores, positions = np.take_along_axis(scores, order, 1), np.take_along_axis(positions, order, 1)
        return [row[score > -np.inf] for row, score in zip(positions, scores, strict=True)]

    def _row_microseconds(self) -> float:
        """Measure the median time for one row in an exact search."""
        rng, total = np.random.default_rng(1), len(self._stored)
        times = []
        count = min(_TIMED_ROWS, total)
        for query in self._query[:20]:
            chosen = np.sort(rng.choice(total, count, replace=False)).astype(np.int64)
            start = _clock()
            self._stored.search(query[None], _NEIGHBOURS, AllowedRows(total, count, chosen=chosen))
            times.append(_clock() - start)
        return round(float(np.median(times)) * 1e6 / count, 4)
