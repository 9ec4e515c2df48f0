"""Exact nearest passages over segments, the same whatever the segments are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import faiss
import numpy as np
from numpy.typing import NDArray

from index.types import Ids, Ranking, Vectors
from index.vectors.segments import Rows, Segment

_SPARE = 8
"""Candidates beyond ``n``: shows whether a tie goes on past the cut."""

_MOST_TIED = 2048
"""How far a tie at the cut is followed. Of more passages with one score, any may be returned."""

_ERROR = 4e-6
"""Scores of unit vectors closer than this may be one score, summed in another order."""

_ROWS_AT_ONCE = 64
"""Bounds the memory for candidates: rows x candidates x dimension floats."""


class _Source(NamedTuple):
    rows: Rows
    selector: faiss.IDSelector


class _Candidates(NamedTuple):
    """Per query row and place: score (-inf where there is none), position, and number of the source."""

    scores: NDArray[np.float32]
    positions: Ids
    sources: Ids
    floor: NDArray[np.float32]
    """Per query row, a score that nothing left out can exceed."""


def nearest(segments: Sequence[Segment], query: Vectors, n: int, documents: Ids | None) -> list[Ranking]:
    """For each row of ``query`` the ``n`` best, ties by passage id. ``documents`` ascend, distinct."""
    sources = [
        _Source(segment.rows, selector)
        for segment in segments
        if (selector := segment.selector(documents)) is not None
    ]
    if n < 1 or not sources:
        return [Ranking.empty() for _ in query]
    rankings: list[Ranking] = []
    for first in range(0, len(query), _ROWS_AT_ONCE):
        rankings += _rank(sources, query[first : first + _ROWS_AT_ONCE], n)
    return rankings


def inner_products(vectors: Vectors, query: Vectors) -> NDArray[np.float32]:
    """Row by row. Equal rows give equal scores, which a matrix product does not promise."""
    products: NDArray[np.float32] = np.einsum("nd,nd->n", vectors, query)
    return products


def _rank(sources: Sequence[_Source], query: Vectors, n: int) -> list[Ranking]:
    rankings: list[Ranking] = [Ranking.empty()] * len(query)
    pending = np.arange(len(query))
    fetch = n + _SPARE
    while len(pending):
        found = _candidates(sources, query[pending], fetch)
        scored = _scored(sources, query[pending], found, n)
        unsettled = []
        for row, place in enumerate(pending):
            ids, scores = scored[row]
            order = np.lexsort((ids, -scores))[:n]
            rankings[place] = Ranking(ids[order], scores[order])
            if len(order) == n and scores[order[-1]] <= found.floor[row] + _ERROR:
                unsettled.append(place)
        if fetch >= n + _MOST_TIED:
            break
        pending = np.asarray(unsettled, np.int64)
        fetch = min(4 * fetch, n + _MOST_TIED)
    return rankings


def _candidates(sources: Sequence[_Source], query: Vectors, fetch: int) -> _Candidates:
    scores, positions, numbers = [], [], []
    floor = np.full(len(query), -np.inf, np.float32)
    for number, (rows, selector) in enumerate(sources):
        count = min(fetch, len(rows))
        allowed = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        found, places = rows.index.search(query, count, params=allowed)
        found = np.where(places < 0, -np.inf, found).astype(np.float32)
        if count < len(rows):
            floor = np.maximum(floor, found[:, -1])
        scores.append(found)
        positions.append(places)
        numbers.append(np.full_like(places, number))
    return _Candidates(np.hstack(scores), np.hstack(positions), np.hstack(numbers), floor)


def _scored(
    sources: Sequence[_Source], query: Vectors, found: _Candidates, n: int
) -> list[tuple[Ids, NDArray[np.float32]]]:
    """Per query row, ids and scores of the candidates that may be among the ``n`` best."""
    width = found.scores.shape[1]
    if width > n:
        cut = np.partition(found.scores, width - n, axis=1)[:, width - n] - _ERROR
    else:
        cut = np.full(len(query), -np.inf, np.float32)
    hopeful = (found.positions >= 0) & (found.scores >= cut[:, None])
    ids = np.zeros_like(found.positions)
    scores = np.zeros_like(found.scores)
    for number, (rows, _) in enumerate(sources):
        row, place = np.nonzero(hopeful & (found.sources == number))
        positions = found.positions[row, place]
        ids[row, place] = rows.ids[positions]
        scores[row, place] = inner_products(rows.vectors(positions), query[row])
    return [(ids[row, hopeful[row]], scores[row, hopeful[row]]) for row in range(len(query))]
