"""A question as the tables are compared with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from index.search.tables.operations import GENERIC_WORDS, measure_words
from index.text.stop_words import STOP_WORDS

_STOP = STOP_WORDS["english"]
_LONGEST = 2000
_EDGES = ",.;:"


@dataclass(frozen=True)
class Asked:
    """A question: its text, the hashes of its terms, and what gives the hashes of other texts' terms.

    ``earlier`` is the question that it follows up, None if it stands alone.
    """

    text: str
    terms: frozenset[int]
    hashes: Callable[[str], Iterable[int]]
    earlier: Asked | None = None

    @staticmethod
    def of(
        text: str, terms: Iterable[int], hashes: Callable[[str], Iterable[int]], earlier: str = ""
    ) -> Asked:
        """A question that has these hashes of terms, and follows up the ``earlier`` one."""
        one = Asked(text, frozenset(terms), hashes)
        if not earlier:
            return one
        before = Asked(earlier, frozenset(), hashes)
        return replace(one, earlier=replace(before, terms=before.words(earlier)))

    @cached_property
    def idle(self) -> frozenset[int]:
        """The hashes of words that say nothing of a table's content, or ask for a measure: "how high"."""
        return frozenset(self.hashes(f"{GENERIC_WORDS}\n{measure_words(self.text)}"))

    def words(self, text: str) -> frozenset[int]:
        """The hashes of the words of a text that are no small words."""
        kept = (word for word in text[:_LONGEST].split() if word.lower().strip(_EDGES) not in _STOP)
        return frozenset(self.hashes(" ".join(kept)))

    def names(self, text: str) -> bool:
        """Whether the question has all words of a text that are no small words."""
        words = self.words(text)
        return bool(words) and words <= self.terms

    def share(self, label: str) -> float:
        """The share of the words of a label that the question has."""
        words = self.words(label)
        return len(words & self.terms) / len(words) if words else 0.0
