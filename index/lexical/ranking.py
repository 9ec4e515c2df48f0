"""The best passages for some terms, the same whatever the segments are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import tantivy
from numpy.typing import NDArray
from tantivy import Occur, Query

from index.lexical.segments import SCHEMA, translated
from index.types import Ids, Ranking

_NAMED = 512
"""So many allowed documents are named in the query. Of more, it is cheaper to see which were found."""

_FIRST_LOOK = 1024
_LAST_LOOK = 65_536
"""Passages seen in search of those of allowed documents, before all allowed documents are named anyway."""

_SPARE = 8
"""Hits beyond ``n``: shows whether a tie goes on past the cut."""

_MOST_TIED = 2048
"""How far a tie at the cut is followed. Of more passages with one score, any may be returned."""

_DECIMALS = 4
"""The engine sums a score in single precision in an order that varies; so much of it is certain."""


@dataclass(frozen=True, slots=True)
class _Hits:
    """Passages in no particular order. ``floor``: no passage that is not here has a higher score."""

    ids: Ids
    scores: NDArray[np.float32]
    floor: float

    def best(self, n: int) -> Ranking | None:
        """The ``n`` best, ties by id; None if passages that are not here may be among them."""
        ranking = self.first(n)
        if self.floor == -np.inf or (len(ranking) == n and ranking.scores[-1] > self.floor):
            return ranking
        return None

    def first(self, n: int) -> Ranking:
        order = np.lexsort((self.ids, -self.scores))[:n]
        return Ranking(self.ids[order], self.scores[order])


def rank(searcher: tantivy.Searcher, terms: Mapping[str, float], n: int, documents: Ids | None) -> Ranking:
    """At most ``n`` passages with some of the terms, each with its weight.

    ``documents`` are distinct keys of the documents allowed.
    """
    query = _any_of(terms)
    if documents is None:
        return _best(searcher, query, n)
    documents = documents[documents >= 0]  # the engine has unsigned numbers
    if len(documents) == 0:
        return Ranking.empty()
    if len(documents) > _NAMED:
        look = max(_FIRST_LOOK, 4 * n)
        while look <= _LAST_LOOK:
            ranking = _hits(searcher, query, look, documents).best(n)
            if ranking is not None:
                return ranking
            look *= 8
    return _best(searcher, _among(query, documents), n)


def _best(searcher: tantivy.Searcher, query: Query, n: int) -> Ranking:
    look = n + _SPARE
    while True:
        hits = _hits(searcher, query, look, None)
        ranking = hits.best(n)
        if ranking is not None:
            return ranking
        if look >= n + _MOST_TIED:
            return hits.first(n)
        look = min(4 * look, n + _MOST_TIED)


def _hits(searcher: tantivy.Searcher, query: Query, look: int, documents: Ids | None) -> _Hits:
    """The ``look`` best passages, less those that are not of the documents."""
    with translated("being searched"):
        found = searcher.search(query, look, count=False).hits
        addresses = [address for _, address in found]
        ids = np.asarray(searcher.fast_field_values("passage", addresses), np.int64)
        scores = np.round(np.asarray([score for score, _ in found], np.float64), _DECIMALS).astype(np.float32)
        floor = float(scores[-1]) if len(found) == look else -np.inf
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
    # With a score of nought, being of an allowed document does not change a passage's score.
    allowed = Query.const_score_query(Query.term_set_query(SCHEMA, "document", documents.tolist()), 0.0)
    return Query.boolean_query([(Occur.Must, query), (Occur.Must, allowed)])
