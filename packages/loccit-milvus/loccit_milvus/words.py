"""The lexical side in Milvus: BM25 by sparse vectors of our own terms and weights.

A passage is a vector with a dimension for each of its terms, by the term's hash. Its value is the term's part
of BM25 that depends on the passage: occurrences, damped, and the passage's length against an average. The
question's vector has the rest: inverse document frequency times the weight in the question. Their inner
product is the BM25 score.
"""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.engine.lexical.prepared import PreparedTerms
from index.engine.lexical.terms import (
    equal_importance,
    importance_of,
    weighted_terms,
)
from index.protocols import Side
from index.records import NOTHING, Mark
from index.text.analysis import Analyzer
from index.types import Ids, Importance, IndexedPassage, Ranking
from loccit_milvus.server import Consistency, Hits, Server
from loccit_milvus.side import MilvusSide, best
from loccit_milvus.states import IDLE, State, States

_K1, _B = 1.2, 0.75
_LARGEST = 2**32 - 2
"""The largest dimension of a sparse vector."""
_BATCH = 1000
_SAMPLE = 5000
"""Passages at the beginning of which the average length is taken."""
_DRIFT = 0.1
"""Largest difference of the average from that in the weights, before these are made anew. It changes a term's
weight by 4 % at most, less than the rounding of lengths in other indexes."""
_DECIMALS = 4
_WORDLESS = {0: 1e-6}
"""A passage without any term, for a sparse vector must have something."""


class MilvusWords(MilvusSide):
    """Implements :class:`index.protocols.LexicalIndex`. Hold the record's write lease for an update."""

    side = "lexical"
    kinds = ("words", "terms")

    def __init__(self, server: Server, states: States, analyzer: Analyzer) -> None:
        super().__init__(server, states, form=analyzer.version)
        self._analyzer = analyzer
        self._prepared = PreparedTerms(analyzer)
        self._frequencies = Frequencies(server, lambda: self._name("terms"), lambda: self._consistency)

    def prepare(self, texts: Iterable[str]) -> None:
        """Compute the terms of texts that are about to be added."""
        self._prepared.add(texts)

    def forget(self) -> None:
        """Drop what was prepared."""
        self._prepared.forget()

    # Following the record

    def update(self, mark: Mark, *, added: Iterable[IndexedPassage], removed: Ids) -> None:
        """Add passages and drop ``removed``. Repeating an update is harmless.

        Adds rows and counts terms, then states that the change is reached, and then deletes rows: what a
        killed process has left undone is done by the next update or by :meth:`finish`.
        """
        self._begin()
        since = self.change
        counting = self._frequencies.counting(since)
        came, longer = self._add(iter(added), since, counting)
        gone, shorter = self._take(removed, since, counting)
        counting.write()
        state = self._advance(mark)
        self._write(
            replace(
                state,
                passages=state.passages + came - gone,
                length=state.length + longer - shorter,
                sweeping=since if len(removed) else None,
            )
        )
        self.finish(removed)

    def finish(self, removed: Ids) -> None:
        """Delete the rows of passages that were removed after the change where :attr:`sweeping` began."""
        if self._state.sweeping is not None:
            self._server.delete(self._name("words"), removed)
            self._write(replace(self._state, sweeping=None))

    @property
    def sweeping(self) -> int | None:
        """The change after which removed passages may still have rows; None if none have."""
        return self._state.sweeping

    def _add(self, added: Iterator[IndexedPassage], since: int, counting: Counting) -> tuple[int, int]:
        """Write rows, and count their terms; returns the number of rows, and their total length in terms."""
        first: list[tuple[IndexedPassage, Counter[int]]] = []
        if not self._state.pivot:
            first = [(one, self._count_terms(one)) for one in islice(added, _SAMPLE)]
            if not first:
                return 0, 0
            average = sum(counts.total() for _, counts in first) / len(first)
            self._write(replace(self._state, pivot=max(1.0, average)))
        everything = chain(first, ((one, self._count_terms(one)) for one in added))
        passages = length = 0
        while batch := list(islice(everything, _BATCH)):
            rows = [self._row(one, counts, since) for one, counts in batch]
            self._server.upsert(self._name("words"), rows)
            for _, counts in batch:
                counting.add(counts)
                length += counts.total()
            passages += len(batch)
        return passages, length

    def _take(self, removed: Ids, since: int, counting: Counting) -> tuple[int, int]:
        """Subtract the terms of removed passages; returns their number, and their total length in terms.

        Those that only an unfinished update has added were never counted.
        """
        passages = length = 0
        fields = ["id", "since", "length", "words"]
        for row in self._server.rows(self._name("words"), "id", removed.tolist(), fields, "Strong"):
            if int(row["since"]) >= since:
                counting.mention(row["words"])
                continue
            if row["length"]:
                counting.take(row["words"])
            passages += 1
            length += int(row["length"])
        return passages, length

    def _count_terms(self, passage: IndexedPassage) -> Counter[int]:
        return Counter(self._dimensions_of(self._prepared.take(passage.text).split()))

    def _dimensions_of(self, terms: Iterable[str]) -> list[int]:
        return [min(one, _LARGEST) for one in self._analyzer.hashes_of(terms)]

    def _row(self, passage: IndexedPassage, counts: Counter[int], since: int) -> dict[str, Any]:
        length = counts.total()
        damping = _K1 * (1 - _B + _B * length / self._state.pivot)
        words = {term: count * (_K1 + 1) / (count + damping) for term, count in counts.items()}
        return {
            "id": passage.id,
            "document": passage.document,
            "since": since,
            "length": length,
            "words": words or _WORDLESS,
        }

    # Making it anew

    @property
    def should_rewrite(self) -> bool:
        """Whether the average length has departed from that in the weights of passages."""
        state = self._state
        if not state.passages:
            return False
        return abs(state.length / state.passages / state.pivot - 1) > _DRIFT

    def rewrite(self, mark: Mark, passages: Iterable[IndexedPassage]) -> None:
        """Make new collections of these passages, which replace those in use. Hold the write lease."""
        before = self._state
        beside = MilvusWords(self._server, _Unwritten(self._server, self._states.names), self._analyzer)
        beside._spared = before.build
        beside.update(mark, added=passages, removed=np.empty(0, np.int64))
        self._write(beside._state)
        for kind in self.kinds:
            self._server.drop(self._name(kind, before))

    def drop_unused(self) -> None:
        """Delete the counts of terms that no passage has any more."""
        if self._state.build:
            self._frequencies.drop_unused()

    # Searching

    def search(
        self,
        question: str,
        n: int,
        *,
        documents: Ids | None = None,
        context: Sequence[tuple[str, float]] = (),
    ) -> Ranking:
        """At most ``n`` passages that share a term with the question, ties by passage id.

        ``documents`` has the allowed document keys in any order; an empty one gives no results.
        """
        terms = weighted_terms(self._analyzer, question, context)
        if n < 1 or not self._state.passages:
            return Ranking.empty()
        vector = self._reading(lambda: self._vector(terms))
        keys = None if documents is None else np.unique(np.asarray(documents, np.int64))
        if not vector or (keys is not None and not len(keys)):
            return Ranking.empty()
        return self._reading(lambda: best(partial(self._search_rows, vector), n, keys))

    def _vector(self, terms: Mapping[str, float]) -> dict[int, float]:
        """A question's vector: inverse document frequencies times weights, of the terms that occur."""
        weights: dict[int, float] = {}
        for dimension, weight in zip(self._dimensions_of(terms), terms.values(), strict=True):
            weights[dimension] = weights.get(dimension, 0.0) + weight
        total = self._state.passages
        holding = self._frequencies.of(list(weights), self.change)
        return {
            term: weight * float(np.log(1 + (total - held + 0.5) / (held + 0.5)))
            for (term, weight), held in zip(weights.items(), holding.tolist(), strict=True)
            if held > 0 and weight > 0
        }

    def _search_rows(self, vector: Mapping[int, float], expression: str, limit: int) -> Hits:
        hits = self._server.search(
            self._name("words"),
            "words",
            dict(vector),
            limit=limit,
            expression=expression,
            consistency=self._consistency,
        )
        return replace(hits, scores=np.round(hits.scores, _DECIMALS))

    def terms(self, prefix: str) -> Mapping[str, int]:
        return {}  # the server has only hashes of terms

    def importance(self, question: str, context: Sequence[tuple[str, float]] = ()) -> Importance:
        """Weigh the terms of a question by inverse document frequency times search weight."""

        def frequencies(terms: Sequence[str]) -> NDArray[np.int64]:
            return self._reading(lambda: self._frequencies.of(self._dimensions_of(terms), self.change))

        weights = weighted_terms(self._analyzer, question, context)
        return importance_of(weights, self._state.passages, frequencies)

    def equal_importance(self, question: str, context: Sequence[tuple[str, float]] = ()) -> Importance:
        """Give all terms of a question equal shares, without looking into the index."""
        return equal_importance(self._analyzer, question, context)


class NoWords:
    """Implements :class:`index.protocols.LexicalIndex` where collections are searched by meaning alone."""

    change = 0
    mark = NOTHING

    def __init__(self, analyzer: Analyzer) -> None:
        self._analyzer = analyzer

    def update(self, mark: Mark, *, added: Iterable[IndexedPassage], removed: Ids) -> None:
        """Nothing is kept."""

    def search(
        self,
        question: str,
        n: int,
        *,
        documents: Ids | None = None,
        context: Sequence[tuple[str, float]] = (),
    ) -> Ranking:
        """Find nothing."""
        return Ranking.empty()

    def terms(self, prefix: str) -> Mapping[str, int]:
        return {}  # the server has only hashes of terms

    def importance(self, question: str, context: Sequence[tuple[str, float]] = ()) -> Importance:
        """Give all terms equal shares."""
        return self.equal_importance(question, context)

    def equal_importance(self, question: str, context: Sequence[tuple[str, float]] = ()) -> Importance:
        """Give all terms equal shares."""
        return equal_importance(self._analyzer, question, context)

    def close(self) -> None:
        """Nothing is kept."""


class _Unwritten(States):
    """States of collections that are not in use yet."""

    def write(self, side: Side, state: State) -> None:
        """Nobody is to read it."""


# The number of live passages with each term: a row for each term, exact after each change.
#
# A row has the count after the last update that changed it, and the count before that update. Until the state
# says that the update is complete, the earlier one counts: so an update that a killed process has begun is
# simply done again.


_FIELDS = ["id", "passages", "before", "change", "attempt"]
_MOST_CACHED = 100_000
_MOST_COUNTED = 200_000
"""Distinct terms counted in memory before they are written."""


class Frequencies:
    """Counts of terms, given by their hashes, as of a change. Thread-safe for reading."""

    def __init__(
        self, server: Server, name: Callable[[], str], consistency: Callable[[], Consistency]
    ) -> None:
        self._server = server
        self._name = name
        self._consistency = consistency
        self._lock = threading.Lock()
        self._cached: dict[int, int] = {}
        self._cached_of: tuple[str, int] = ("", 0)

    def of(self, terms: Sequence[int], change: int) -> NDArray[np.int64]:
        """Count the passages with each of the terms after a change."""
        with self._lock:
            if self._cached_of != (self._name(), change) or len(self._cached) > _MOST_CACHED:
                self._cached, self._cached_of = {}, (self._name(), change)
            held = self._cached
        if missing := [term for term in terms if term not in held]:
            rows = self._server.rows(self._name(), "id", missing, _FIELDS, self._consistency())
            found = {int(row["id"]): _count(row, change) for row in rows}
            held.update({term: found.get(term, 0) for term in missing})
        return np.array([held[term] for term in terms], np.int64)

    def counting(self, since: int) -> Counting:
        """Begin an update that leads from the change ``since`` to a later one."""
        return Counting(self._server, self._name(), since)

    def drop_unused(self) -> None:
        """Delete the rows of terms that occur in no passage any more."""
        self._server.delete_where(self._name(), "passages == 0")


class Counting:
    """Adds to and takes from the counts, for one update."""

    def __init__(self, server: Server, name: str, since: int) -> None:
        self._server = server
        self._name = name
        self._since = since
        self._attempt = secrets.randbits(62)
        self._difference: Counter[int] = Counter()

    def add(self, terms: Mapping[int, float]) -> None:
        """Count the terms of a passage that came."""
        self._difference.update(terms.keys())
        self._write_if_many()

    def take(self, terms: Mapping[int, float]) -> None:
        """Count the terms of a passage that left no more."""
        self._difference.subtract(terms.keys())
        self._write_if_many()

    def mention(self, terms: Iterable[int]) -> None:
        """Write the terms of a passage that only an unfinished update has counted as they were before it."""
        self._difference.update(dict.fromkeys(terms, 0))
        self._write_if_many()

    def _write_if_many(self) -> None:
        if len(self._difference) >= _MOST_COUNTED:
            self.write()

    def write(self) -> None:
        """Write what was counted; it counts once the state has reached a change after ``since``."""
        changed, self._difference = self._difference, Counter()
        held = {
            int(row["id"]): row
            for row in self._server.rows(self._name, "id", list(changed), _FIELDS, "Strong")
        }
        rows = [
            self._row(term, by, held.get(term))
            for term, by in changed.items()
            if by or self._is_unfinished(held.get(term))
        ]
        self._server.upsert(self._name, rows)

    def _is_unfinished(self, row: Mapping[str, Any] | None) -> bool:
        """Whether another update has written a row, and ended before it was complete."""
        return row is not None and int(row["change"]) > self._since and int(row["attempt"]) != self._attempt

    def _row(self, term: int, by: int, held: Mapping[str, Any] | None) -> dict[str, Any]:
        before = passages = 0
        if held is not None and int(held["attempt"]) == self._attempt:
            before, passages = int(held["before"]), int(held["passages"])
        elif held is not None:
            before = passages = _count(held, self._since)
        return {
            "id": term,
            "passages": passages + by,
            "before": before,
            "change": self._since + 1,
            "attempt": self._attempt,
            "idle": IDLE,
        }


def _count(row: Mapping[str, Any], change: int) -> int:
    return int(row["passages"] if int(row["change"]) <= change else row["before"])
