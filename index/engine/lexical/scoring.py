"""BM25 (k1 = 1.2, b = 0.75) as the engine defines it, computed from the live passages alone.

The engine finds passages fast, but its scores depend on its segments: on its statistics, and on the order in
which it adds single-precision numbers. What is returned is computed here from whole numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import tantivy
from numpy.typing import NDArray

from index.engine.lexical import profiles
from index.engine.lexical.segments import LENGTH, TERMS, stored_terms, translate_errors
from index.engine.lexical.statistics import EngineStatistics, LivePassages

K1, B = 1.2, 0.75

_SINGLE = 2.0**-24
"""Relative error of rounding to single precision."""

_ROUNDED = 13
"""Most roundings by the engine in the score of a term."""


def _lengths() -> NDArray[np.int64]:
    """The lengths that the engine tells apart: all below 40, then eight for each doubling of the step."""
    steps = np.concatenate([np.ones(40, np.int64), np.repeat(2 ** np.arange(1, 28), 8)])
    return np.concatenate([[0], np.cumsum(steps)])[:256]


_LENGTHS = _lengths()


def idf(count: int, frequencies: NDArray[np.int64]) -> NDArray[np.float64]:
    """The inverse document frequency of terms that so many of ``count`` passages have."""
    found: NDArray[np.float64] = np.log(1.0 + (count - frequencies + 0.5) / (frequencies + 0.5))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Scoring:
    """The weighted terms of a question that some live passage has; at least one.

    ``boosts`` are those with which the engine weighs the terms as ``weights`` say: by the live passages.
    ``assumed`` are its statistics.
    """

    live: LivePassages
    terms: Sequence[str]
    weights: NDArray[np.float64]
    boosts: NDArray[np.float64]
    assumed: EngineStatistics

    @staticmethod
    def of(live: LivePassages, weighted: Mapping[str, float]) -> Scoring | None:
        """Weigh terms by the live passages; None if these have none of the terms."""
        held = live.frequencies(list(weighted))
        terms = [term for term, count in zip(weighted, held.tolist(), strict=True) if count]
        if not terms:
            return None
        assumed = live.engine_statistics(terms[0])
        with translate_errors("being searched"):
            counted = np.array([live.searcher.doc_freq(TERMS, term) for term in terms], np.int64)
        given = np.array([weighted[term] for term in terms])
        right, used = idf(live.count, held[held > 0]), idf(assumed.count, counted)
        return Scoring(live, terms, given * right, given * (right / used), assumed)

    @property
    def relative_error(self) -> float:
        """Bound of the relative error of an engine score against the live one; see ``absolute_error``."""
        return abs(self.live.average / self.assumed.average - 1.0) + self._rounding

    @property
    def absolute_error(self) -> float:
        """Bound of the absolute error: the logarithm of a number near 1 has few reliable digits."""
        return float(self.boosts.sum()) * (K1 + 1.0) * 4 * _SINGLE

    def exact(self, places: Sequence[tantivy.DocAddress], scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Compute the live scores of passages from the counts of their terms, unrounded.

        ``scores`` are those that the engine gives them.
        """
        places, searcher = list(places), self.live.searcher
        with translate_errors("being searched"):
            lengths = np.array(searcher.fast_field_values(LENGTH, places), np.int64)
            counts = profiles.counts(searcher, places, self.terms)
            again = self._bm25(counts, lengths, self.assumed.average)
            wrong = np.abs(again - scores) > scores * self._rounding + self.absolute_error
            for at in np.flatnonzero(wrong).tolist():
                terms = stored_terms(searcher, places[at]).split()
                counts[at] = [terms.count(term) for term in self.terms]
        return self._bm25(counts, lengths, self.live.average)

    @property
    def _rounding(self) -> float:
        return (_ROUNDED + len(self.terms)) * _SINGLE

    def _bm25(
        self, counts: NDArray[np.int64], lengths: NDArray[np.int64], average: float
    ) -> NDArray[np.float64]:
        near = _LENGTHS[np.searchsorted(_LENGTHS, lengths, side="right") - 1]
        saturation = K1 * (1.0 - B + B * near / average)
        shares = counts / (counts + saturation[:, None])
        scores: NDArray[np.float64] = (self.weights * (K1 + 1.0) * shares).sum(axis=1)
        return scores
