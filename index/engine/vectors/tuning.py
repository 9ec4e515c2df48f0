"""Tune an approximate index: compare it with exact search for queries made from its own vectors."""

import time
from dataclasses import replace
from typing import Any

import faiss
import numpy as np

from index.engine.vectors.approximation import Approximation, Tuning, inner_products
from index.engine.vectors.exact import AllowedRows, StoredVectors, normalise, row_slices
from index.types import Ids, Vectors

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
