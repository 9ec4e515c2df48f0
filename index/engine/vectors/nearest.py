"""Find the nearest passages in several segments; if all are exact, how rows are divided has no effect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import faiss
import numpy as np
from numpy.typing import NDArray

from index.engine.vectors.approximation import inner_products
from index.engine.vectors.exact import AllowedRows, Matches
from index.engine.vectors.rows import Rows
from index.engine.vectors.segments import Segment
from index.types import Ids, Ranking, Vectors

_EXTRA_CANDIDATES = 8
"""Candidates beyond ``n``, which show whether equal scores continue past the cut."""

_MAX_TIED = 2048
"""Candidates beyond ``n`` that are fetched for equal scores. Of more such passages, any may be returned."""

_QUERY_BATCH = 64
"""Query rows searched at a time: bounds memory to rows x candidates x dimension floats."""


class _Source(NamedTuple):
    rows: Rows
    allowed: AllowedRows


def nearest(segments: Sequence[Segment], query: Vectors, n: int, documents: Ids | None) -> list[Ranking]:
    """Return the ``n`` best for each row of ``query``, ties by passage id.

    ``documents`` has the allowed document keys, ascending and distinct.
    """
    sources = [
        _Source(segment.rows, allowed)
        for segment in segments
        if (allowed := segment.select_rows(documents)) is not None
    ]
    if n < 1 or not sources:
        return [Ranking.empty() for _ in query]
    # Queries run in parallel threads; one search is too short to use several.
    faiss.omp_set_num_threads(1)
    rankings: list[Ranking] = []
    for first in range(0, len(query), _QUERY_BATCH):
        rankings += _rank(sources, query[first : first + _QUERY_BATCH], n)
    return rankings


def _rank(sources: Sequence[_Source], query: Vectors, n: int) -> list[Ranking]:
    rankings: list[Ranking] = [Ranking.empty()] * len(query)
    pending = np.arange(len(query))
    fetch = n + _EXTRA_CANDIDATES
    while len(pending):
        found = [rows.search(query[pending], fetch, allowed) for rows, allowed in sources]
        scored = _score(sources, query[pending], found, n)
        floor = np.max([one.floor + one.error for one in found], axis=0)
        unsettled = []
        for row, place in enumerate(pending):
            ids, scores = scored[row]
            order = np.lexsort((ids, -scores))[:n]
            rankings[place] = Ranking(ids[order], scores[order])
            if len(order) == n and scores[order[-1]] <= floor[row]:
                unsettled.append(place)
        if fetch >= n + _MAX_TIED:
            break
        pending = np.asarray(unsettled, np.int64)
        fetch = min(4 * fetch, n + _MAX_TIED)
    return rankings


def _score(
    sources: Sequence[_Source], query: Vectors, found: Sequence[Matches], n: int
) -> list[tuple[Ids, NDArray[np.float32]]]:
    """Return ids and inner products of the candidates that can be among the ``n`` best, per query row."""
    lower = np.hstack([one.scores - one.error for one in found])
    width = lower.shape[1]
    cut = np.partition(lower, width - n, axis=1)[:, width - n] if width > n else np.full(len(query), -np.inf)
    scored = []
    for row in range(len(query)):
        ids, scores = [], []
        for (rows, _), one in zip(sources, found, strict=True):
            possible = (one.positions[row] >= 0) & (one.scores[row] + one.error >= cut[row])
            positions = one.positions[row, possible]
            ids.append(rows.ids[positions])
            exact = inner_products(rows.vectors(positions), query[row]) if one.error else None
            scores.append(one.scores[row, possible] if exact is None else exact)
        scored.append((np.concatenate(ids), np.concatenate(scores)))
    return scored
