"""Statistics of the live passages of one commit.

The engine's own also count passages that were removed but not merged away yet, and lengths that a merge
estimates. They depend on how the index came to be; those of this module depend on the passages alone.
"""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import tantivy
from numpy.typing import NDArray
from tantivy import Query

from index.engine.lexical.segments import LENGTH, SCHEMA, TERMS

_MOST_FREQUENCIES = 100_000
"""Terms whose frequency is kept, some 10 MB; one that is not kept is counted in its postings."""

_MOST_EXACT = 2**24
"""The engine tells numbers of passages below this one apart."""

_REMEMBERED_PREFIX = 2
"""Characters of a prefix whose terms are kept: misspelt words are looked for among them again and again."""
_MOST_BEGINNING = 50_000
"""Terms that are kept by their prefixes."""


@dataclass(frozen=True, slots=True)
class EngineStatistics:
    """The statistics that the engine scores with: number of passages, and average length in terms."""

    count: int
    average: float


class LivePassages:
    """The live passages of one commit: their number, average length, and terms. Thread-safe.

    Nothing is computed before it is needed: an update costs nothing here.
    """

    def __init__(self, searcher: tantivy.Searcher) -> None:
        self.searcher = searcher
        self.count = searcher.num_docs
        """The number of passages."""
        self._lock = threading.Lock()
        self._frequencies: dict[str, int] = {}
        self._assumed: EngineStatistics | None = None
        self._beginning: dict[str, Mapping[str, int]] = {}

    @cached_property
    def average(self) -> float:
        """The average number of terms in a passage."""
        total = self.searcher.aggregate(Query.all_query(), {"total": {"sum": {"field": LENGTH}}})
        return float(total["total"]["value"]) / max(1, self.count)

    def frequencies(self, terms: Sequence[str]) -> NDArray[np.int64]:
        """Count the passages that have each term."""
        known: Mapping[str, int] = self._frequencies
        if not all(map(known.__contains__, terms)):
            known = self._look_up(terms)
        return np.array(list(map(known.__getitem__, terms)), np.int64)

    def beginning_with(self, prefix: str) -> Mapping[str, int]:
        """The terms that begin so, with the number of passages that have each; removed ones may count."""
        if (known := self._beginning.get(prefix)) is not None:
            return known
        found: dict[str, int] = dict(self.searcher.terms_with_prefix(TERMS, prefix))
        if len(prefix) == _REMEMBERED_PREFIX and len(found) <= _MOST_BEGINNING:
            with self._lock:
                if sum(map(len, self._beginning.values())) + len(found) > _MOST_BEGINNING:
                    self._beginning = {}
                self._beginning[prefix] = found
        return found

    def is_counted_right(self, assumed: EngineStatistics) -> bool:
        """Whether the engine's numbers of passages with a term are right: none has a removed one left."""
        return assumed.count == self.count < _MOST_EXACT

    def engine_statistics(self, term: str) -> EngineStatistics:
        """The statistics of the engine; ``term`` is one that some passage has."""
        if self._assumed is None:
            query = Query.term_query(SCHEMA, TERMS, term, "freq")
            ((_, place),) = self.searcher.search(query, 1, count=False).hits
            self._assumed = _parse_statistics(query.explain(self.searcher, place).to_json())
        return self._assumed

    def _look_up(self, terms: Sequence[str]) -> Mapping[str, int]:
        """Count terms, and keep what was counted.

        The engine's own number is right if no removed passages are left in its segments.
        """
        found: dict[str, int] = {}
        for term in terms:
            if (count := self._frequencies.get(term)) is None:
                count, assumed = int(self.searcher.doc_freq(TERMS, term)), self._assumed
                is_right = assumed is not None and assumed.count == self.count < _MOST_EXACT
                if count and not is_right:
                    count = self._count_live(term)
                    if count and assumed is None:
                        self.engine_statistics(term)
            found[term] = count
        with self._lock:
            if len(self._frequencies) >= _MOST_FREQUENCIES:
                self._frequencies = {}  # not cleared: others may be reading it
            self._frequencies.update(found)
        return found

    def _count_live(self, term: str) -> int:
        query = Query.term_query(SCHEMA, TERMS, term, "freq")
        counted = self.searcher.aggregate(query, {"passages": {"value_count": {"field": "passage"}}})
        return int(counted["passages"]["value"])


def _parse_statistics(explanation: str) -> EngineStatistics:
    """Read the engine's statistics from its explanation of a score."""
    found = {
        str(one["description"]).split(",")[0]: float(one["value"]) for one in _parts(json.loads(explanation))
    }
    return EngineStatistics(int(found["N"]), found["avgdl"])


def _parts(explanation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield explanation
    for part in explanation.get("details") or ():
        yield from _parts(part)
