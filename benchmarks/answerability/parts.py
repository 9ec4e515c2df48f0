"""Parts of a collection that are searched as if they were collections of their own.

A collection of one, ten or a hundred documents is not the whole one with a filter: its words have other
frequencies. A :class:`Part` therefore computes BM25 and the importance of words from its own passages. It
implements :class:`index.protocols.Searchable`, so the service's own search runs on it unchanged.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from index.engine.lexical.terms import importance_of, weighted_terms
from index.errors import NotSupported
from index.filters import Filter
from index.protocols import Noted, Rankings, RecordStore, Side, untimed
from index.text.analysis import Analyzer
from index.types import Ids, Importance, Ranking, Vectors

_K1, _B = 1.2, 0.75
_RUN, _REPEATED = 8, 0.1
_FACTORS = np.random.default_rng(8).integers(1, 1 << 62, _RUN)


class Whole:
    """All passages of a collection in arrays: n passages, ``ids`` ascending, all of them with vectors.

    ``documents`` (n) has their documents' keys, ``vectors`` has shape (n, dimension). The occurrences of
    term t are ``places[bounds[t]:bounds[t + 1]]`` (rows) with as many ``counts``.
    """

    def __init__(self, store: RecordStore, analyzer: Analyzer, dimension: int) -> None:
        self.analyzer = analyzer
        with store.snapshot() as moment:
            texts = sorted(moment.added_texts(0, moment.change), key=lambda one: one.id)
            self.ids = np.array([one.id for one in texts], np.int64)
            self.documents = np.array([one.document for one in texts], np.int64)
            self.vectors = np.zeros((len(texts), dimension), np.float32)
            for ids, _, vectors in moment.added_vectors(0, moment.change, dimension):
                self.vectors[np.searchsorted(self.ids, ids)] = vectors
        words = [analyzer.terms(one.text) for one in texts]
        self.lengths = np.array([len(one) for one in words], np.float32)
        self._numbers = {term: at for at, term in enumerate(dict.fromkeys(chain.from_iterable(words)))}
        rows = np.repeat(np.arange(len(words)), [len(one) for one in words])
        terms = np.array([self._numbers[term] for term in chain.from_iterable(words)], np.int64)
        occurrences, counts = np.unique(terms * len(words) + rows, return_counts=True)
        self._places, self._counts = occurrences % len(words), counts.astype(np.float32)
        self._bounds = np.searchsorted(occurrences // len(words), np.arange(len(self._numbers) + 1))
        self._runs = _runs([[self._numbers[term] for term in one] for one in words], self.documents)

    def occurrences(self, term: str) -> tuple[Ids, NDArray[np.float32]]:
        """The rows that have a term, and how often each has it."""
        number = self._numbers.get(term)
        if number is None:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        some = slice(self._bounds[number], self._bounds[number + 1])
        return self._places[some], self._counts[some]

    def repeating(self, document: int) -> set[int]:
        """The documents that repeat a tenth of a document's runs of eight words, or of which it does."""
        runs, keys, by_key = self._runs
        mine = by_key.get(document, runs[:0])
        first, end = np.searchsorted(runs, mine), np.searchsorted(runs, mine, side="right")
        shared = Counter(chain.from_iterable(keys[at:to].tolist() for at, to in zip(first, end, strict=True)))
        return {
            key
            for key, count in shared.items()
            if key != document and count >= _REPEATED * min(len(mine), len(by_key[key]))
        }

    @cached_property
    def by_document(self) -> dict[int, Vectors]:
        """The mean vector of each document's passages, of unit length, by its key."""
        found = {}
        for key in np.unique(self.documents).tolist():
            mean = self.vectors[self.documents == key].mean(axis=0)
            found[key] = mean / max(float(np.linalg.norm(mean)), 1e-9)
        return found


def _runs(
    passages: Sequence[Sequence[int]], documents: Ids
) -> tuple[NDArray[np.int64], Ids, dict[int, NDArray[np.int64]]]:
    """The distinct hashed runs of eight terms, ascending; their documents; and each document's runs."""
    of: dict[int, list[NDArray[np.int64]]] = defaultdict(list)
    for terms, document in zip(passages, documents.tolist(), strict=True):
        if len(terms) >= _RUN:
            windows = np.lib.stride_tricks.sliding_window_view(np.array(terms, np.int64), _RUN)
            of[document].append(
                sum((windows[:, at] * _FACTORS[at] for at in range(_RUN)), np.zeros(1, np.int64))
            )
    by_key = {key: np.unique(np.concatenate(some)) for key, some in of.items()}
    runs = np.concatenate([np.empty(0, np.int64), *by_key.values()])
    keys = np.repeat(np.array(list(by_key), np.int64), [len(some) for some in by_key.values()])
    order = np.argsort(runs, kind="stable")
    return runs[order], keys[order], by_key


class Part:
    """The passages of some documents, given by their keys; all of them by default."""

    def __init__(self, whole: Whole, documents: Sequence[int] | None = None) -> None:
        self._whole = whole
        self._chosen = (
            np.ones(len(whole.ids), np.bool_)
            if documents is None
            else np.isin(whole.documents, np.array(documents, np.int64))
        )
        self._rows = np.flatnonzero(self._chosen)
        self._average = float(whole.lengths[self._rows].mean()) if len(self._rows) else 1.0

    @property
    def degraded(self) -> tuple[Side, ...]:
        return ()

    def search(
        self,
        question: str,
        vector: Vectors,
        n: int,
        *,
        where: Filter | None = None,
        context: Sequence[tuple[str, float]] = (),
        noted: Noted = untimed,
    ) -> Rankings:
        if where is not None:
            raise NotSupported("A part of a collection is searched without a filter.")
        dense = self._ranking(self._rows, self._whole.vectors[self._rows] @ vector, n)
        scores = self._bm25(question, context)
        rows = np.flatnonzero(scores)
        return Rankings(dense, self._ranking(rows, scores[rows], n))

    def search_words(self, text: str, n: int, *, where: Filter | None = None) -> Ids:
        if where is not None:
            raise NotSupported("A part of a collection is searched without a filter.")
        scores = self._bm25(text, ())
        rows = np.flatnonzero(scores)
        return self._ranking(rows, scores[rows], n).ids

    def scores(self, vector: Vectors, ids: Ids) -> NDArray[np.float32]:
        found: NDArray[np.float32] = self._whole.vectors[np.searchsorted(self._whole.ids, ids)] @ vector
        return found

    def importance(self, question: str, context: Sequence[tuple[str, float]] = ()) -> Importance:
        weights = weighted_terms(self._whole.analyzer, question, context)
        return importance_of(
            weights,
            len(self._rows),
            lambda terms: np.array([len(self._occurrences(term)[0]) for term in terms], np.int64),
        )

    def terms(self, prefix: str) -> Mapping[str, int]:
        """No misspelt words are corrected here."""
        return {}

    def _occurrences(self, term: str) -> tuple[Ids, NDArray[np.float32]]:
        rows, counts = self._whole.occurrences(term)
        here = self._chosen[rows]
        return rows[here], counts[here]

    def _bm25(self, question: str, context: Sequence[tuple[str, float]]) -> NDArray[np.float32]:
        """The BM25 score of each row of the whole, as the lexical index computes it."""
        scores = np.zeros(len(self._whole.ids), np.float32)
        for term, weight in weighted_terms(self._whole.analyzer, question, context).items():
            rows, counts = self._occurrences(term)
            idf = np.log(1 + (len(self._rows) - len(rows) + 0.5) / (len(rows) + 0.5))
            length = _K1 * (1 - _B + _B * self._whole.lengths[rows] / self._average)
            scores[rows] += weight * idf * counts * (_K1 + 1) / (counts + length)
        return scores

    def _ranking(self, rows: Ids, scores: NDArray[np.float32], n: int) -> Ranking:
        if len(rows) > n:
            best = np.argpartition(-scores, n - 1)[:n]
            rows, scores = rows[best], scores[best]
        ids = self._whole.ids[rows]
        order = np.lexsort((ids, -scores))
        return Ranking(ids[order], scores[order].astype(np.float32))
