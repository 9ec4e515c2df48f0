"""Approximate search: a FAISS index of quantized vectors finds candidates, exact scores rank them."""

import math
from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from index.engine.vectors.exact import AllowedRows, Matches, StoredVectors
from index.types import Ids, Vectors

_MIN_ROWS_PER_RESULT = 4
"""The searched lists contain at least this many allowed rows for each row wanted, on average."""

_MIN_ALLOWED_ROWS = 256
"""The searched lists must contain at least this many allowed rows, if there are so many."""

_SKIPPED_ROW_COST = 0.1
"""Cost of a row in a list that is not allowed, relative to one that is."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """Search parameters of an approximate index, and what they achieved on a sample of its vectors.

    ``effort`` is nprobe, the number of lists searched; ``candidates`` is how many are scored exactly for each
    result. ``recall`` compares the 10 best with an exact search. ``milliseconds`` is the median processor
    time of one query, ``row_microseconds`` that of one row in an exact search.
    """

    effort: int
    candidates: float
    recall: float
    milliseconds: float
    row_microseconds: float
    rows: int = 0
    """Rows of the index when it was tuned."""


class Approximation:
    """An inverted file over the rows of a segment, with the same positions."""

    def __init__(self, index: Any, tuning: Tuning, made_with: int) -> None:
        """``made_with`` is the number of rows that ``index`` was trained on; others were added later."""
        self.index = index
        self.tuning = tuning
        self.made_with = made_with

    def search(
        self, query: Vectors, count: int, allowed: AllowedRows, stored: StoredVectors
    ) -> Matches | None:
        """Find about the ``count`` nearest for each row of ``query``, with their inner products.

        Returns None if an exact search is better: it is faster, or this one finds fewer than ``count`` rows.
        """
        fetch = min(allowed.count, math.ceil(count * self.tuning.candidates))
        reach = fetch
        if allowed.count < allowed.total:
            # If the nearest lists have fewer allowed rows, the allowed rows are far from the query.
            reach = min(allowed.count, max(fetch, _MIN_ALLOWED_ROWS))
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
        # Rows that are no candidates have no known score that bounds theirs.
        return Matches(scores, positions, np.full(len(query), -np.inf, np.float32))

    def candidates(self, query: Vectors, fetch: int, effort: int, allowed: faiss.IDSelector | None) -> Ids:
        """Return positions by approximate score, best first; -1 where there are fewer."""
        positions: Ids
        # The stubs lack the keywords.
        parameters = faiss.SearchParametersIVF(sel=allowed, nprobe=effort)  # type: ignore[call-arg]
        _, positions = self.index.search(query, fetch, params=parameters)
        return positions

    def trained_alike(self) -> Any:
        """Return an index without rows whose lists and codes are those of this one."""
        like = self.index
        form = (like.d, like.nlist, like.sq.qtype, like.metric_type, like.by_residual)
        index: Any = faiss.IndexIVFScalarQuantizer(like.quantizer, *form)
        faiss.copy_array_to_vector(faiss.vector_to_array(like.sq.trained), index.sq.trained)
        index.is_trained = True
        return index

    def _effort(self, fetch: int, allowed: AllowedRows) -> int:
        """Return the effort that finds as much among the allowed rows as the tuned effort among all rows."""
        lists = int(self.index.nlist)
        least = _MIN_ROWS_PER_RESULT * fetch * lists / (int(self.index.ntotal) * allowed.share)
        # The nearest rows of a 1,000th of all rows lie as far away as the 1,000 times as many nearest of
        # all, which were measured to lie in about ten times as many lists: the cube root.
        return min(lists, math.ceil(max(self.tuning.effort / math.cbrt(allowed.share), least)))

    def _milliseconds(self, effort: int, allowed: AllowedRows) -> float:
        """Estimate the time of a search."""
        whole = self.tuning.milliseconds * effort / self.tuning.effort
        return whole * (_SKIPPED_ROW_COST + (1 - _SKIPPED_ROW_COST) * allowed.share)


def inner_products(vectors: Vectors, query: Vectors) -> NDArray[np.float32]:
    """Return the inner product of each row with ``query``, shape (dimension,).

    Equal rows have equal scores, which a matrix product does not guarantee.
    """
    products: NDArray[np.float32] = np.einsum("nd,nd->n", vectors, np.broadcast_to(query, vectors.shape))
    return products


def blank(index: Any, dead: NDArray[np.bool_]) -> None:
    """Overwrite the codes of these rows by zeros. The index must be in memory; the rows stay in it."""
    lists, size = index.invlists, int(index.code_size)
    for number in range(int(index.nlist)):
        count = int(lists.list_size(number))
        if count:
            positions = faiss.rev_swig_ptr(lists.get_ids(number), count)
            codes = faiss.rev_swig_ptr(lists.get_codes(number), count * size).reshape(count, size)
            codes[dead[positions]] = 0
