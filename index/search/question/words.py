"""The words of a question, to say which of them a passage has."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from operator import itemgetter

from index.search.question.amounts import AskedAmounts

HASH = itemgetter(2)
"""Of a term of a question."""


@dataclass(frozen=True, slots=True)
class QuestionWords:
    """The words that a question is searched by.

    ``terms`` are the spans ``[start, end)`` of its terms with their hashes, in order, as
    :meth:`index.text.analysis.Analyzer.question_hashes` has them. ``earlier`` is the question that it
    follows up, and ``said`` what was answered to that; empty if it is asked alone. ``amounts`` are those of
    things that it names. ``new`` is what a follow-up asks about instead.
    """

    question: str
    terms: Sequence[tuple[int, int, int]]
    earlier: str = ""
    said: str = ""
    amounts: AskedAmounts | None = None
    new: str = ""

    def every(self) -> list[str]:
        """Return all words, as written and in order."""
        return self.among(frozenset(map(HASH, self.terms)))

    def among(self, hashes: Container[int]) -> list[str]:
        """Return the words, as written and in order, whose term hashes are among these."""
        words: dict[str, None] = {}
        first = last = 0
        for start, end, term in self.terms:
            if term not in hashes:
                continue
            # A compound and its parts are one word, as are overlapping pairs of characters.
            if start < last:
                last = max(end, last)
                continue
            if last:
                words[self.question[first:last]] = None
            first, last = start, end
        if last:
            words[self.question[first:last]] = None
        return list(words)
