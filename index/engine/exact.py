"""An exact engine in memory, which looks at every passage: for texts that are ranked once, and for tests."""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from index.engine.lexical.terms import importance_of, weighted_terms
from index.errors import NotSupported
from index.filters import Filter
from index.protocols import (
    Failure,
    Noted,
    PastPassages,
    Rankings,
    RecordStore,
    Searchable,
    Side,
    Snapshot,
    untimed,
)
from index.records import NOTHING
from index.text.analysis import Analyzer
from index.types import Ids, Importance, Ranking, Vectors

_K1, _B = 1.2, 0.75


@dataclass(frozen=True, slots=True)
class _Entry:
    """A passage: its document's key, its terms, and its vector once it has one."""

    document: int
    terms: Counter[str]
    vector: NDArray[np.float32] | None = None


class ExactEngine:
    """Implements :class:`index.protocols.Engine`. It has no state on disk, and cannot search the past."""

    def __init__(self, store: RecordStore, analyzer: Analyzer, dimension: int) -> None:
        self._store = store
        self._analyzer = analyzer
        self._dimension = dimension
        self._entries: dict[int, _Entry] = {}
        self._updating = threading.Lock()
        self._mark = NOTHING

    @property
    def change(self) -> int:
        return self._mark.change

    def prepare(self, texts: Iterable[str]) -> None:
        """Nothing is prepared."""

    def update(self) -> bool:
        with self._store.snapshot() as moment:
            return self.follow(moment)

    def follow(self, moment: Snapshot) -> bool:
        with self._updating:
            if not moment.includes(self._mark):
                self._entries, self._mark = {}, NOTHING
            since, until = self.change, moment.change
            if since >= until:
                return False
            entries = dict(self._entries)
            for one in moment.added_texts(since, until):
                entries[one.id] = _Entry(one.document, Counter(self._analyzer.terms(one.text)))
            for ids, _, vectors in moment.added_vectors(since, until, self._dimension):
                for id_, vector in zip(ids.tolist(), vectors, strict=True):
                    entries[id_] = _Entry(entries[id_].document, entries[id_].terms, vector)
            for id_ in moment.removed(since, until).tolist():
                entries.pop(id_, None)
            self._entries, self._mark = entries, moment.mark
            return True

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
        began = perf_counter()
        entries = self._admitted(where)
        if where:
            noted("filter", began)
        began = perf_counter()
        scores = {id_: float(one.vector @ vector) for id_, one in entries.items() if one.vector is not None}
        dense = _ranking(scores, n)
        noted("dense", began)
        began = perf_counter()
        lexical = _ranking(self._bm25(question, context, entries), n)
        noted("lexical", began)
        return Rankings(dense, lexical)

    def search_words(self, text: str, n: int, *, where: Filter | None = None) -> Ids:
        return _ranking(self._bm25(text, (), self._admitted(where)), n).ids

    def _admitted(self, where: Filter | None) -> dict[int, _Entry]:
        if where is None:
            return self._entries
        with self._store.snapshot() as moment:
            keys = set(moment.select(where).tolist())
        return {id_: one for id_, one in self._entries.items() if one.document in keys}

    def scores(self, vector: Vectors, ids: Ids) -> NDArray[np.float32]:
        held = (self._entries.get(id_) for id_ in ids.tolist())
        found = [np.nan if one is None or one.vector is None else float(one.vector @ vector) for one in held]
        return np.array(found, np.float32)

    def importance(self, question: str, context: Sequence[tuple[str, float]] = ()) -> Importance:
        entries = self._entries

        def frequencies(terms: Sequence[str]) -> NDArray[np.int64]:
            return np.array([sum(term in one.terms for one in entries.values()) for term in terms], np.int64)

        weights = weighted_terms(self._analyzer, question, context)
        return importance_of(weights, len(entries), frequencies)

    def terms(self, prefix: str) -> Mapping[str, int]:
        every = Counter(term for one in self._entries.values() for term in one.terms)
        return {term: count for term, count in every.items() if term.startswith(prefix)}

    @property
    def degraded(self) -> tuple[Side, ...]:
        return ()

    @property
    def failures(self) -> tuple[Failure, ...]:
        return ()

    def check(self) -> list[str]:
        return []

    def maintain(self, *, background: bool) -> None:
        """Nothing is ever due."""

    def purge(self, change: int) -> bool:
        self.update()
        return self.change >= change  # it has no files

    def cleanse(self, change: int) -> bool:
        return self.purge(change)

    def at(self, past: PastPassages) -> Searchable:
        raise NotSupported(
            f"This engine searches the collection as it is, not as it was after change {past.change}."
        )

    def forget(self) -> None:
        """No earlier change is held."""

    def close(self) -> None:
        self._entries = {}

    def _bm25(
        self, question: str, context: Sequence[tuple[str, float]], entries: dict[int, _Entry]
    ) -> dict[int, float]:
        """The BM25 score of each passage that shares a term, as the lexical index computes it."""
        everything = self._entries.values()
        average = sum(one.terms.total() for one in everything) / max(1, len(everything))
        scores: Counter[int] = Counter()
        for term, weight in weighted_terms(self._analyzer, question, context).items():
            holding = sum(term in one.terms for one in everything)
            idf = np.log(1 + (len(everything) - holding + 0.5) / (holding + 0.5))
            for id_, one in entries.items():
                if count := one.terms[term]:
                    length = _K1 * (1 - _B + _B * one.terms.total() / average)
                    scores[id_] += weight * idf * count * (_K1 + 1) / (count + length)
        return dict(scores)


def _ranking(scores: dict[int, float], n: int) -> Ranking:
    best = sorted(scores, key=lambda id_: (-scores[id_], id_))[: max(0, n)]
    return Ranking(np.array(best, np.int64), np.array([scores[id_] for id_ in best], np.float32))
