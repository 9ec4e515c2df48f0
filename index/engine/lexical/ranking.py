"""Rank passages by terms, independently of how the engine divides them into segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import compress
from operator import itemgetter

import numpy as np
import tantivy
from numpy.typing import NDArray
from tantivy import Occur, Query

from index.engine.lexical import profiles
from index.engine.lexical.segments import LENGTH, SCHEMA, TERMS, stored_terms
from index.engine.lexical.statistics import EngineStatistics, LivePassages
from index.types import Ids, Ranking

_MAX_DOCUMENTS_IN_QUERY = 512
"""Up to this many allowed documents are part of the query; with more, filtering the hits is cheaper."""

_FIRST_DEPTH = 1024
_LAST_DEPTH = 65_536
"""Hits that are filtered at most before the allowed documents become part of the query anyway.

As many are fetched where the engine's scores differ from the live ones."""

_EXTRA_HITS = 8
"""Hits beyond ``n``, which show whether equal scores continue past the cut."""

_MAX_TIED = 2048
"""Hits beyond ``n`` that are fetched for equal scores. Of more such passages, any may be returned."""

_BITS = 12
"""Scores are rounded to so many binary digits: then the engine's score mostly decides how."""


@dataclass(frozen=True, slots=True, eq=False)
class _Hits:
    """Passages in any order, with the engine's scores. It gives no other passage more than ``floor``."""

    scoring: Scoring
    places: list[tantivy.DocAddress]
    ids: Ids
    scores: NDArray[np.float64]
    floor: float

    def best(self, n: int) -> Ranking | None:
        """Return the ``n`` best, ties by id; None if other passages could be among them."""
        ranking = self.first(n)
        if self.floor == -np.inf:
            return ranking
        others = self.floor + self._errors(np.array([self.floor]))
        is_settled = len(ranking) == n and ranking.scores[-1] > round_scores(others)[0]
        return ranking if is_settled else None

    def first(self, n: int) -> Ranking:
        """Return the ``n`` best of these passages, by live statistics, ties by id."""
        errors = self._errors(self.scores)
        least = np.sort(self.scores - errors)[::-1][:n]
        cut = (least - _units(least))[-1] if len(least) == n else -np.inf
        possible = np.flatnonzero(self.scores + errors >= cut)
        ids, scores = self.ids[possible], self._live(possible, errors)
        order = np.lexsort((ids, -scores))[:n]
        return Ranking(ids[order], scores[order])

    def _live(self, at: Ids, errors: NDArray[np.float64]) -> NDArray[np.float32]:
        """Round the live scores of hits, computing those for which the engine's does not decide."""
        scores, errors = self.scores[at], errors[at]
        units = _units(scores)
        parts = scores / units
        undecided = np.flatnonzero(np.abs(parts - np.floor(parts) - 0.5) * units <= errors)
        if len(undecided):
            places = [self.places[one] for one in at[undecided].tolist()]
            scores[undecided] = self.scoring.exact(places, scores[undecided])
        return round_scores(scores)

    def _errors(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Bounds of the differences between the engine's scores and the live ones."""
        errors: NDArray[np.float64] = scores * self.scoring.relative_error + self.scoring.absolute_error
        return errors


def _units(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """The place value of the last binary digit that is kept of each score."""
    units: NDArray[np.float64] = np.ldexp(1.0, np.frexp(scores)[1] - _BITS)
    return units


def round_scores(scores: NDArray[np.float64]) -> NDArray[np.float32]:
    """Round scores, so that the order in which the engine adds numbers does not show in them."""
    units = _units(scores)
    return (np.round(scores / units) * units).astype(np.float32)


def rank(live: LivePassages, terms: Mapping[str, float], n: int, documents: Ids | None) -> Ranking:
    """Return the best at most ``n`` passages that have any of the weighted terms.

    ``documents`` has the distinct keys of the allowed documents.
    """
    scoring = Scoring.of(live, terms)
    if scoring is None:
        return Ranking.empty()
    query = _any_of(scoring)
    if documents is None:
        return _best(scoring, query, n)
    documents = documents[documents >= 0]  # the engine stores unsigned integers
    if len(documents) == 0:
        return Ranking.empty()
    if len(documents) > _MAX_DOCUMENTS_IN_QUERY:
        depth = max(_FIRST_DEPTH, 4 * n)
        while depth <= _LAST_DEPTH:
            ranking = _hits(scoring, query, depth, documents).best(n)
            if ranking is not None:
                return ranking
            depth *= 8
    return _best(scoring, _among(query, documents), n)


def _best(scoring: Scoring, query: Query, n: int) -> Ranking:
    # The more its scores may differ from the live ones, the more passages at the cut can be among the best.
    depth = n + _EXTRA_HITS + min(n, int(n * 100 * scoring.relative_error))
    most = n + (_MAX_TIED if scoring.relative_error < 2.0**-_BITS else _LAST_DEPTH)
    while True:
        hits = _hits(scoring, query, depth, None)
        ranking = hits.best(n)
        if ranking is not None:
            return ranking
        if depth >= most:
            return hits.first(n)
        depth = min(4 * depth, most)


def _hits(scoring: Scoring, query: Query, depth: int, documents: Ids | None) -> _Hits:
    """Return those of the ``depth`` best passages that belong to the documents."""
    searcher = scoring.live.searcher
    found = searcher.search(query, depth, count=False).hits
    scores = np.asarray(list(map(itemgetter(0), found)), np.float64)
    places = list(map(itemgetter(1), found))
    ids = np.asarray(searcher.fast_field_values("passage", places), np.int64)
    floor = float(scores[-1]) if len(found) == depth else -np.inf
    if documents is not None:
        keys = np.asarray(searcher.fast_field_values("document", places), np.int64)
        allowed = np.flatnonzero(np.isin(keys, documents))
        places = [places[at] for at in allowed.tolist()]
        ids, scores = ids[allowed], scores[allowed]
    return _Hits(scoring, places, ids, scores, floor)


def _any_of(scoring: Scoring) -> Query:
    wanted = []
    for term, boost in zip(scoring.terms, scoring.boosts.tolist(), strict=True):
        query = Query.term_query(SCHEMA, TERMS, term, "freq")
        wanted.append((Occur.Should, query if boost == 1.0 else Query.boost_query(query, boost)))
    return Query.boolean_query(wanted)


def _among(query: Query, documents: Ids) -> Query:
    # A constant score of zero: the filter does not change the scores of passages.
    allowed = Query.const_score_query(Query.term_set_query(SCHEMA, "document", documents.tolist()), 0.0)
    return Query.boolean_query([(Occur.Must, query), (Occur.Must, allowed)])


# BM25 (k1 = 1.2, b = 0.75) as the engine defines it, computed from the live passages alone.
#
# The engine finds passages fast, but its scores depend on its segments: on its statistics, and on the order
# in which it adds single-precision numbers. What is returned is computed here from whole numbers.


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
    rounding: float
    """Bound of the relative error of an engine score by rounding."""
    relative_error: float
    """Bound of the relative error of an engine score against the live one; see ``absolute_error``."""
    absolute_error: float
    """Bound of the absolute error: the logarithm of a number near 1 has few reliable digits."""

    @staticmethod
    def of(live: LivePassages, weighted: Mapping[str, float]) -> Scoring | None:
        """Weigh terms by the live passages; None if these have none of the terms."""
        held = live.frequencies(list(weighted))
        terms = list(compress(weighted, held.tolist()))
        if not terms:
            return None
        assumed = live.engine_statistics(terms[0])
        boosts = given = np.array(list(map(weighted.__getitem__, terms)))
        right = idf(live.count, held[held > 0])
        if not live.is_counted_right(assumed):
            counted = np.array(list(map(partial(live.searcher.doc_freq, TERMS), terms)), np.int64)
            boosts = given * (right / idf(assumed.count, counted))
        rounding = (_ROUNDED + len(terms)) * _SINGLE
        relative = abs(live.average / assumed.average - 1.0) + rounding
        absolute = float(boosts.sum()) * (K1 + 1.0) * 4 * _SINGLE
        return Scoring(live, terms, given * right, boosts, assumed, rounding, relative, absolute)

    def exact(self, places: Sequence[tantivy.DocAddress], scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Compute the live scores of passages from the counts of their terms, unrounded.

        ``scores`` are those that the engine gives them.
        """
        places, searcher = list(places), self.live.searcher
        lengths = np.array(searcher.fast_field_values(LENGTH, places), np.int64)
        counts = profiles.counts(searcher, places, self.terms)
        again = self._bm25(counts, lengths, self.assumed.average)
        wrong = np.abs(again - scores) > scores * self.rounding + self.absolute_error
        for at in np.flatnonzero(wrong).tolist():
            terms = stored_terms(searcher, places[at]).split()
            counts[at] = [terms.count(term) for term in self.terms]
        return self._bm25(counts, lengths, self.live.average)

    def _bm25(
        self, counts: NDArray[np.int64], lengths: NDArray[np.int64], average: float
    ) -> NDArray[np.float64]:
        near = _LENGTHS[np.searchsorted(_LENGTHS, lengths, side="right") - 1]
        saturation = K1 * (1.0 - B + B * near / average)
        shares = counts / (counts + saturation[:, None])
        scores: NDArray[np.float64] = (self.weights * (K1 + 1.0) * shares).sum(axis=1)
        return scores
