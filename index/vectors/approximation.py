"""Approximate search: a FAISS index of rounded vectors brings candidates, exact scores order them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import faiss
import numpy as np
from numpy.typing import NDArray

from index.types import Ids, Vectors
from index.vectors.exact import Allowed, Found, StoredVectors

ApproximateKind = Literal["hnsw", "ivf"]

_LENGTHS = 4
"""The lists of an inverted file that are searched have so many times as many rows as are wanted, at least."""

_REACH = 256
"""So many allowed rows have to be in the lists searched."""

_PASSED_OVER = 0.1
"""What a row of a list costs that is not allowed, in parts of what one costs that is."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """How an approximate index is searched, and what that gave on a sample of its own vectors.

    ``effort`` is efSearch of a graph (Malkov & Yashunin 2016) or nprobe of an inverted file; ``candidates``
    is how many are scored exactly for each passage wanted. ``recall`` is of the 10 best against an exact
    search, ``milliseconds`` the median of a processor's time for one question, ``row_microseconds`` of that
    for a row in an exact search.
    """

    effort: int
    candidates: float
    recall: float
    milliseconds: float
    row_microseconds: float
    rows: int = 0
    """How many rows there were."""


class Approximation:
    """A graph or an inverted file over the rows of a segment, which have the same positions there."""

    def __init__(self, kind: ApproximateKind, index: Any, tuning: Tuning, made_with: int) -> None:
        """``made_with``: how many rows the FAISS index was made of; others came later."""
        self.kind = kind
        self.index = index
        self.tuning = tuning
        self.made_with = made_with

    def search(self, query: Vectors, count: int, allowed: Allowed, stored: StoredVectors) -> Found | None:
        """For each row of ``query`` about the ``count`` nearest, with their inner products.

        None when an exact search is the better way: it is faster, or this one did not find ``count`` rows.
        """
        fetch = min(allowed.count, math.ceil(count * self.tuning.candidates))
        reach = fetch
        if self.kind == "ivf" and allowed.count < allowed.total:
            # With fewer rows than that in the lists near the question, what is allowed is elsewhere.
            reach = min(allowed.count, max(fetch, _REACH))
        effort = self._effort(reach, allowed)
        if self._milliseconds(effort, allowed) * 1000 >= allowed.count * self.tuning.row_microseconds:
            return None
        positions = self.candidates(query, reach, effort, allowed.bitmap())
        if (positions < 0).any():
            return None
        positions = positions[:, :fetch]
        scores = np.empty(positions.shape, np.float32)
        for row, places in enumerate(positions):
            scores[row] = inner_products(stored.at(places), query[row])
        # What was left out, it was left out of the candidates: no score is known that bounds it.
        return Found(scores, positions, np.full(len(query), -np.inf, np.float32))

    def candidates(self, query: Vectors, fetch: int, effort: int, allowed: faiss.IDSelector | None) -> Ids:
        """Positions by rounded scores, best first, -1 where there are not so many."""
        positions: Ids
        _, positions = self.index.search(query, fetch, params=self._parameters(effort, allowed))
        return positions

    def _effort(self, fetch: int, allowed: Allowed) -> int:
        """What finds as much among some rows as the tuned effort finds among all of them."""
        if self.kind == "hnsw":
            # Of what a graph goes through, this share is allowed.
            return math.ceil(max(self.tuning.effort, fetch) / allowed.share)
        lists = int(self.index.nlist)
        least = _LENGTHS * fetch * lists / (int(self.index.ntotal) * allowed.share)
        # The nearest of a thousandth lie as far off as a thousand times as many of all, and those were in
        # about ten times as many lists.
        return min(lists, math.ceil(max(self.tuning.effort / math.cbrt(allowed.share), least)))

    def _milliseconds(self, effort: int, allowed: Allowed) -> float:
        """An estimate of what a search takes."""
        whole = self.tuning.milliseconds * effort / self.tuning.effort
        return whole if self.kind == "hnsw" else whole * (_PASSED_OVER + (1 - _PASSED_OVER) * allowed.share)

    def _parameters(self, effort: int, allowed: faiss.IDSelector | None) -> Any:
        # What a graph takes has no stub, and none has the keywords.
        if self.kind == "hnsw":
            return faiss.SearchParametersHNSW(sel=allowed, efSearch=effort)  # type: ignore[attr-defined]
        return faiss.SearchParametersIVF(sel=allowed, nprobe=effort)  # type: ignore[call-arg]


def inner_products(vectors: Vectors, query: Vectors) -> NDArray[np.float32]:
    """Of each row with the query, shape (dimension,). Equal rows give equal scores.

    A matrix product does not promise that.
    """
    products: NDArray[np.float32] = np.einsum("nd,nd->n", vectors, np.broadcast_to(query, vectors.shape))
    return products
