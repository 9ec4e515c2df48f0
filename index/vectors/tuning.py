"""How hard to search an approximate index: tried on vectors of its own against the exact search."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import faiss
import numpy as np

from index.types import Ids, Vectors
from index.vectors.approximation import ApproximateKind, Approximation, Tuning, inner_products
from index.vectors.exact import Allowed, StoredVectors, normalised, parts

_SAMPLE = 300
_SHARES = (1.0, 0.7, 0.6)
"""What part of a question is its vector, by thirds of the sample; the rest is another's."""
_WANTED = 10
"""Recall is that of so many best."""
_SPARE_EFFORT = 2
"""Questions are not like passages: so many times what finds these is taken for those."""
_FACTORS = (1.25, 2.0, 4.0, 8.0)
_STEP = 1.4
_LEAST_LISTS = 64
"""Where there are not many more lists than that, all of them are tried."""
_ROUNDED = 1e-3
"""So much of the recall may be left to rounded scores."""
_TIMED_ROWS = 1024

_clock = time.thread_time
"""What else the machine does meanwhile is to change nothing."""


def tuned(kind: ApproximateKind, index: Any, stored: StoredVectors, recall: float) -> Tuning:
    """Twice the least effort, and the fewest candidates scored exactly, that reach ``recall``.

    A third of the questions are stored vectors that are not to find themselves, the others lie between two:
    a question is not as near to a passage as another passage is. Recall is that of the hardest third.
    Where ``recall`` is out of reach, what comes nearest to it.
    """
    faiss.omp_set_num_threads(1)
    trial = _Trial(kind, index, stored)
    efforts = trial.efforts()
    # With all the effort there is, what is missing is missed by the rounding.
    hardest = [trial.at(efforts[-1], factor) for factor in _FACTORS]
    reachable = max(one.recall for one in hardest)
    best = next(one for one in hardest if one.recall >= reachable - _ROUNDED)
    aim = min(best.recall, recall)
    least = next(effort for effort in efforts if trial.at(effort, best.candidates).recall >= aim)
    return trial.at(min(_SPARE_EFFORT * least, efforts[-1]), best.candidates)


class _Trial:
    def __init__(self, kind: ApproximateKind, index: Any, stored: StoredVectors) -> None:
        rng = np.random.default_rng(0)
        self._stored, self._kind, self._index = stored, kind, index
        count = min(_SAMPLE, len(stored))
        self._own = rng.choice(len(stored), count, replace=False).astype(np.int64)
        others = rng.permutation(self._own)
        self._query = stored.at(self._own)
        self._thirds = np.array_split(np.arange(count), len(_SHARES))
        for third, share in zip(self._thirds, _SHARES, strict=True):
            mixed = self._query[third] * share + stored.at(others[third]) * (1 - share)
            self._query[third] = normalised(mixed.astype(np.float32))
            if share < 1:
                self._own[third] = -1
        self._best = self._exactly()
        blank = Tuning(1, 1.0, 0.0, 0.0, self._row_microseconds(), len(stored))
        self._approximation = Approximation(kind, index, blank, len(stored))

    def efforts(self) -> list[int]:
        """From little to much, in steps of about 40 %."""
        if self._kind == "hnsw":
            effort, most = 16.0, 2048
        else:
            lists = int(self._index.nlist)
            effort, most = 1.0, max(min(lists, _LEAST_LISTS), lists // 4)
        efforts = []
        while effort < most:
            efforts.append(round(effort))
            effort = max(effort * _STEP, effort + 1)
        return [*efforts, most]

    def at(self, effort: int, factor: float) -> Tuning:
        """What is found so."""
        hits: list[float] = []
        times: list[float] = []
        fetch = round(_WANTED * factor) + 1
        for query, own, best in zip(self._query, self._own, self._best, strict=True):
            start = _clock()
            (positions,) = self._approximation.candidates(query[None], fetch, effort, None)
            positions = positions[(positions >= 0) & (positions != own)]
            scores = inner_products(self._stored.at(positions), query)
            found = positions[np.argsort(-scores)[:_WANTED]]
            times.append(_clock() - start)
            hits.append(len(np.intersect1d(found, best)) / max(1, len(best)))
        recalls = [float(np.mean(np.asarray(hits)[third])) for third in self._thirds if len(third)]
        tuning = replace(self._approximation.tuning, effort=effort, candidates=factor)
        tuning = replace(tuning, recall=round(min(recalls), 4))
        return replace(tuning, milliseconds=round(float(np.median(times)) * 1000, 4))

    def _exactly(self) -> list[Ids]:
        """Positions of the nearest rows to each question."""
        count = len(self._query)
        scores = np.empty((count, 0), np.float32)
        positions = np.empty((count, 0), np.int64)
        for part in parts(len(self._stored)):
            products: Vectors = self._query @ self._stored.at(np.arange(part.start, part.stop)).T
            mine = (self._own >= part.start) & (self._own < part.stop)
            products[mine, self._own[mine] - part.start] = -np.inf
            scores = np.hstack([scores, products])
            here = np.broadcast_to(np.arange(part.start, part.stop), products.shape)
            positions = np.hstack([positions, here])
            order = np.argsort(-scores, axis=1)[:, :_WANTED]
            scores, positions = np.take_along_axis(scores, order, 1), np.take_along_axis(positions, order, 1)
        return [row[score > -np.inf] for row, score in zip(positions, scores, strict=True)]

    def _row_microseconds(self) -> float:
        rng, total = np.random.default_rng(1), len(self._stored)
        times = []
        count = min(_TIMED_ROWS, total)
        for query in self._query[:20]:
            chosen = np.sort(rng.choice(total, count, replace=False)).astype(np.int64)
            start = _clock()
            self._stored.search(query[None], _WANTED, Allowed(total, count, chosen=chosen))
            times.append(_clock() - start)
        return round(float(np.median(times)) * 1e6 / count, 4)
