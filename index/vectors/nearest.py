"""The nearest passages over segments. Where all are exact, the result is the same whatever they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import faiss
import numpy as np
from numpy.typing import NDArray

from index.types import Ids, Ranking, Vectors
from index.vectors.approximation import inner_products
from index.vectors.exact import Allowed, Found
from index.vectors.rows import Rows
from index.vectors.segments import Segment

_SPARE = 8
"""Candidates beyond ``n``: shows whether a tie goes on past the cut."""

_MOST_TIED = 2048
"""How far a tie at the cut is followed. Of more passages with scores that near, any may be returned."""

_ROWS_AT_ONCE = 64
"""Bounds the memory for candidates: rows x candidates x dimension floats."""


class _Source(NamedTuple):
    rows: Rows
    allowed: Allowed


def nearest(segments: Sequence[Segment], query: Vectors, n: int, documents: Ids | None) -> list[Ranking]:
    """For each row of ``query`` the ``n`` best, ties by passage id. ``documents`` ascend, distinct."""
    sources = [
        _Source(segment.rows, allowed)
        for segment in segments
        if (allowed := segment.allowed(documents)) is not None
    ]
    if n < 1 or not sources:
        return [Ranking.empty() for _ in query]
    # For this thread: questions are asked side by side, and no part of one is worth waking another core.
    faiss.omp_set_num_threads(1)
    rankings: list[Ranking] = []
    for first in range(0, len(query), _ROWS_AT_ONCE):
        rankings += _rank(sources, query[first : first + _ROWS_AT_ONCE], n)
    return rankings


def _rank(sources: Sequence[_Source], query: Vectors, n: int) -> list[Ranking]:
    rankings: list[Ranking] = [Ranking.empty()] * len(query)
    pending = np.arange(len(query))
    fetch = n + _SPARE
    while len(pending):
        found = [rows.search(query[pending], fetch, allowed) for rows, allowed in sources]
        scored = _scored(sources, query[pending], found, n)
        floor = np.max([one.floor + one.error for one in found], axis=0)
        unsettled = []
        for row, place in enumerate(pending):
            ids, scores = scored[row]
            order = np.lexsort((ids, -scores))[:n]
            rankings[place] = Ranking(ids[order], scores[order])
            if len(order) == n and scores[order[-1]] <= floor[row]:
                unsettled.append(place)
        if fetch >= n + _MOST_TIED:
            break
        pending = np.asarray(unsettled, np.int64)
        fetch = min(4 * fetch, n + _MOST_TIED)
    return rankings


def _scored(
    sources: Sequence[_Source], query: Vectors, found: Sequence[Found], n: int
) -> list[tuple[Ids, NDArray[np.float32]]]:
    """Per query row, ids and inner products of the candidates that may be among the ``n`` best."""
    lower = np.hstack([one.scores - one.error for one in found])
    width = lower.shape[1]
    cut = np.partition(lower, width - n, axis=1)[:, width - n] if width > n else np.full(len(query), -np.inf)
    scored = []
    for row in range(len(query)):
        ids, scores = [], []
        for (rows, _), one in zip(sources, found, strict=True):
            hopeful = (one.positions[row] >= 0) & (one.scores[row] + one.error >= cut[row])
            positions = one.positions[row, hopeful]
            ids.append(rows.ids[positions])
            exact = inner_products(rows.vectors(positions), query[row]) if one.error else None
            scores.append(one.scores[row, hopeful] if exact is None else exact)
        scored.append((np.concatenate(ids), np.concatenate(scores)))
    return scored
