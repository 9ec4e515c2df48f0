"""Build the next base: choose its kind and write it without all vectors in memory."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from index.config import VectorsConfig
from index.engine.vectors.approximation import Approximation, Tuning, blank, inner_products
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
from index.engine.vectors.files import LIVE, Base, Kind, Part, Publication
from index.engine.vectors.segments import Segment, Snapshot, merge_segments
from index.types import Ids, Vectors

MAX_FLAT_PASSAGES = 20_000
"""Most passages of a flat base, which takes about 1 ms to search."""

_SAMPLE_PER_LIST = 64
"""Passages in the k-means sample for each list."""
_ITERATIONS = 10
_ADD_BATCH = 65_536
"""Passages added at a time. Larger batches save work that FAISS repeats for each call."""

_LARGEST_SHARE = 8
"""Parts after the first are merged up to one in this many of its rows."""


def choose_kind(count: int, config: VectorsConfig) -> Kind:
    """Choose the kind of base for ``count`` passages."""
    if config.kind != "auto":
        return config.kind
    return "flat" if count <= MAX_FLAT_PASSAGES else "ivf"


def write_base(
    folder: Path,
    snapshot: Snapshot,
    base: Base,
    config: VectorsConfig,
    *,
    purges: bool = False,
) -> None:
    """Publish a base with the passages of a snapshot, durably; ``base`` is the snapshot's base.

    ``purges``: the vectors of removed passages are in none of its files.

    Raises OSError, for instance on a full disk, and :class:`index.errors.StoreDamaged` if a file that is
    copied is damaged, and keeps the old base.
    """
    count = len(snapshot)
    kind = choose_kind(count, config)
    new = Publication(folder, snapshot.mark)
    purged = snapshot.mark.change
    if kind == "ivf" and count and _can_extend(snapshot, base):
        _extend(new, snapshot, base, config, purges=purges)
        purged = purged if purges else base.rid_of
    else:
        # So that no damage is copied into a base with good checksums. What was deleted is still mapped.
        base.check(path for path in base.files if path.exists())
        if kind == "ivf" and count:
            _write_part(new, Content.of(snapshot.segments), config)
        elif count:
            _write_flat(new, snapshot)
    new.publish(kind=kind, dimension=base.parts[0].segment.rows.dimension, purged=purged)


def _write_flat(new: Publication, snapshot: Snapshot) -> None:
    rows = merge_segments(snapshot.segments)
    new.add_index("vectors", "faiss", FlatVectors.of(rows.vectors(np.arange(len(rows)))).index)
    new.add_array("ids", rows.ids)
    new.add_array("documents", rows.documents)
    new.end_part(count=len(rows))


def _can_extend(snapshot: Snapshot, base: Base) -> bool:
    """Whether the next base goes on with parts of this one.

    A base keeps removed rows, at most a quarter of all, and its lists suit the number of rows they were made
    of, up to twice as many.
    """
    first, rows = snapshot.base[0].rows.approximation, snapshot.rows
    if first is None or base.is_due:
        return False
    has_doubled = rows + snapshot.beside > 2 * first.made_with
    # Another process may have replaced this base, and deleted its files.
    return not has_doubled and 4 * snapshot.removed <= rows and all(path.exists() for path in base.files)


def _extend(new: Publication, snapshot: Snapshot, base: Base, config: VectorsConfig, *, purges: bool) -> None:
    kept = _parts_kept(snapshot)
    for part, segment in zip(base.parts[:kept], snapshot.base, strict=False):
        if purges and segment.dead > part.blank:
            base.check(path for path, _ in part.files.values())
            _write_blanked(new, part, segment)
        else:
            _keep(new, part, segment)
    merged = (*snapshot.base[kept:], *snapshot.deltas)
    if any(map(len, merged)):
        base.check(path for part in base.parts[kept:] for path, _ in part.files.values())
        _write_part(new, Content.of(merged), config, like=snapshot.base[0].rows.approximation)


def _parts_kept(snapshot: Snapshot) -> int:
    """How many parts of a base stay as they are; the others are written again with what is beside the base.

    The first part stays. Sizes of the others at least halve from one to the next, so that there are few and
    each row is written few times; but a part of an eighth of the first stays as well.
    """
    kept, size, most = len(snapshot.base), snapshot.beside, len(snapshot.base[0].rows) // _LARGEST_SHARE
    while kept > 1 and len(last := snapshot.base[kept - 1]) < 2 * size and len(last) + size <= most:
        size += len(last)
        kept -= 1
    return kept


def _keep(new: Publication, part: Part, segment: Segment) -> None:
    if segment.dead == part.told["removed"]:
        new.keep(part.files)
    else:
        new.keep({name: file for name, file in part.files.items() if name != LIVE})
        new.add_array(LIVE, segment.bits)
    new.end_part(**{**part.told, "removed": segment.dead})


def _write_blanked(new: Publication, part: Part, segment: Segment) -> None:
    """Write all rows of a part again, with zeros for those of removed passages."""
    content, precision = Content.blanked(segment), segment.rows.stored.precision
    new.add("vectors", "rows", lambda path: content.write(path, precision))
    index = faiss.read_index(str(part.files["candidates"][0]))
    blank(index, content.dead)
    new.add_index("candidates", "candidates.faiss", index)
    new.keep({name: part.files[name] for name in ("ids", "documents")})
    new.add_array(LIVE, segment.bits)
    new.end_part(**{**part.told, "removed": segment.dead, "blank": segment.dead})


def _write_part(
    new: Publication, content: Content, config: VectorsConfig, like: Approximation | None = None
) -> None:
    """Write rows with an approximate index. Its lists are those of another, or trained."""
    precision = HALF if content.fits_half_precision() else SINGLE
    path = new.add("vectors", "rows", lambda path: content.write(path, precision))
    stored = MappedVectors(path, content.dimension, precision, is_limited=config.megabytes > 0)
    faiss.omp_set_num_threads(config.threads or max(1, (os.cpu_count() or 1) // 2))
    index = like.trained_alike() if like else _train(stored, config)
    for part in row_slices(len(stored), _ADD_BATCH):
        index.add(stored.at(np.arange(part.start, part.stop)))
    new.add_index("candidates", "candidates.faiss", index)
    new.add_array("ids", content.ids)
    new.add_array("documents", content.documents)
    tuning = like.tuning if like else tune(index, stored, config.recall)
    new.end_part(
        count=len(content),
        removed=0,
        made_with=like.made_with if like else len(content),
        precision=precision.name,
        tuning=asdict(tuning),
    )


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
    """Rows of a part in order: row i is row ``positions[i]`` of segment ``numbers[i]``.

    ``dead`` marks rows that are written as zeros.
    """

    segments: tuple[Segment, ...]
    numbers: NDArray[np.int32]
    positions: Ids
    dead: NDArray[np.bool_]

    @staticmethod
    def of(segments: Sequence[Segment]) -> Content:
        """Take all live rows, by passage id."""
        live = [segment.live() for segment in segments]
        numbers = np.repeat(np.arange(len(live), dtype=np.int32), [len(some) for some in live])
        content = Content(tuple(segments), numbers, np.concatenate(live), np.zeros(len(numbers), np.bool_))
        order = np.argsort(content.ids, kind="stable")
        return replace(content, numbers=numbers[order], positions=content.positions[order])

    @staticmethod
    def blanked(segment: Segment) -> Content:
        """Take all rows in place, those of removed passages as zeros."""
        count = len(segment.rows)
        dead = np.unpackbits(segment.bits, count=count, bitorder="little") == 0
        return Content((segment,), np.zeros(count, np.int32), np.arange(count), dead)

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def dimension(self) -> int:
        return self.segments[0].rows.dimension

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

    def codes(self, precision: np.dtype[np.floating]) -> Iterator[NDArray[np.uint8]]:
        """Yield all rows in parts, in bytes. Rows that are stored in this number format are copied."""
        size = self.dimension * precision.itemsize
        for part in row_slices(len(self)):
            numbers, positions = self.numbers[part], self.positions[part]
            codes = np.empty((len(positions), size), np.uint8)
            for number in np.unique(numbers):
                here, stored = numbers == number, self.segments[number].rows.stored
                if stored.precision == precision:
                    codes[here] = stored.codes(positions[here])
                else:
                    codes[here] = stored.at(positions[here]).astype(precision).view(np.uint8)
            codes[self.dead[part]] = 0
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


def tune(index: Any, stored: StoredVectors, recall: float) -> Tuning:
    """Find the fewest candidates and the least effort that reach ``recall``; return twice that effort.

    A third of the queries are stored vectors, whose own row does not count; the others lie between two
    vectors, since questions are farther from passages than passages from each other. Recall is that of the
    hardest third. If ``recall`` cannot be reached, the nearest possible recall is the aim.
    """
    faiss.omp_set_num_threads(1)
    trial = _Trial(index, stored)
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

    def __init__(self, index: Any, stored: StoredVectors) -> None:
        rng = np.random.default_rng(0)
        self._stored, self._index = stored, index
        count = min(_SAMPLE, len(stored))
        self._own = rng.choice(len(stored), count, replace=False).astype(np.int64)
        others = rng.permutation(self._own)
        self._query = stored.at(self._own)
        self._thirds = np.array_split(np.arange(count), len(_OWN_SHARES))
        for third, share in zip(self._thirds, _OWN_SHARES, strict=True):
            mixed = self._query[third] * share + stored.at(others[third]) * (1 - share)
            self._query[third] = normalise(mixed.astype(np.float32))
            if share < 1:
                self._own[third] = -1
        self._nearest = self._search_exactly()
        untuned = Tuning(1, 1.0, 0.0, 0.0, self._row_microseconds(), len(stored))
        self._approximation = Approximation(index, untuned, len(stored))

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
