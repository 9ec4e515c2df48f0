"""Rank passages by terms, independently of how the engine divides them into segments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import tantivy
from numpy.typing import NDArray
from tantivy import Occur, Query

from index.engine.lexical.segments import SCHEMA, translated
from index.types import Ids, Ranking

_MAX_DOCUMENTS_IN_QUERY = 512
"""Up to this many allowed documents are part of the query; with more, filtering the hits is cheaper."""

_FIRST_DEPTH = 1024
_LAST_DEPTH = 65_536
"""Hits that are filtered at most before the allowed documents become part of the query anyway."""

_EXTRA_HITS = 8
"""Hits beyond ``n``, which show whether equal scores continue past the cut."""

_MAX_TIED = 2048
"""Hits beyond ``n`` that are fetched for equal scores. Of more such passages, any may be returned."""

_DECIMALS = 4
"""Reliable decimals of a score: the engine adds single-precision numbers in a varying order."""


@dataclass(frozen=True, slots=True)
class _Hits:
    """Passages in any order. No passage outside of them has a higher score than ``floor``."""

    ids: Ids
    scores: NDArray[np.float32]
    floor: float

    def best(self, n: int) -> Ranking | None:
        """Return the ``n`` best, ties by id; None if other passages could be among them."""
        ranking = self.first(n)
        if self.floor == -np.inf or (len(ranking) == n and ranking.scores[-1] > self.floor):
            return ranking
        return None

    def first(self, n: int) -> Ranking:
        order = np.lexsort((self.ids, -self.scores))[:n]
        return Ranking(self.ids[order], self.scores[order])


def rank(searcher: tantivy.Searcher, terms: Mapping[str, float], n: int, documents: Ids | None) -> Ranking:
    """Return the best at most ``n`` passages that have any of the weighted terms.

    ``documents`` has the distinct keys of the allowed documents.
    """
    query = _any_of(terms)
    if documents is None:
        return _best(searcher, query, n)
    documents = documents[documents >= 0]  # the engine stores unsigned integers
    if len(documents) == 0:
        return Ranking.empty()
    if len(documents) > _MAX_DOCUMENTS_IN_QUERY:
        depth = max(_FIRST_DEPTH, 4 * n)
        while depth <= _LAST_DEPTH:
            ranking = _hits(searcher, query, depth, documents).best(n)
            if ranking is not None:
                return ranking
            depth *= 8
    return _best(searcher, _among(query, documents), n)


def _best(searcher: tantivy.Searcher, query: Query, n: int) -> Ranking:
    depth = n + _EXTRA_HITS
    while True:
        hits = _hits(searcher, query, depth, None)
        ranking = hits.best(n)
        if ranking is not None:
            return ranking
        if depth >= n + _MAX_TIED:
            return hits.first(n)
        depth = min(4 * depth, n + _MAX_TIED)


def _hits(searcher: tantivy.Searcher, query: Query, depth: int, documents: Ids | None) -> _Hits:
    """Return those of the ``depth`` best passages that belong to the documents."""
    with translated("being searched"):
        found = searcher.search(query, depth, count=False).hits
        addresses = [address for _, address in found]
        ids = np.asarray(searcher.fast_field_values("passage", addresses), np.int64)
        scores = np.round(np.asarray([score for score, _ in found], np.float64), _DECIMALS).astype(np.float32)
        floor = float(scores[-1]) if len(found) == depth else -np.inf
        if documents is not None:
            keys = np.asarray(searcher.fast_field_values("document", addresses), np.int64)
            allowed = np.isin(keys, documents)
            ids, scores = ids[allowed], scores[allowed]
    return _Hits(ids, scores, floor)


def _any_of(terms: Mapping[str, float]) -> Query:
    wanted = []
    for term, weight in terms.items():
        query = Query.term_query(SCHEMA, "text", term, "freq")
        wanted.append((Occur.Should, query if weight == 1.0 else Query.boost_query(query, weight)))
    return Query.boolean_query(wanted)


def _among(query: Query, documents: Ids) -> Query:
    # A constant score of zero: the filter does not change the scores of passages.
    allowed = Query.const_score_query(Query.term_set_query(SCHEMA, "document", documents.tolist()), 0.0)
    return Query.boolean_query([(Occur.Must, query), (Occur.Must, allowed)])
