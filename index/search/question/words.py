"""The words of a question, to say which of them a passage has."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QuestionWords:
    """The words that a question is searched by.

    ``terms`` are the spans ``[start, end)`` of its terms with their hashes, in order, as
    :meth:`index.text.analysis.Analyzer.question_hashes` has them. ``earlier`` is the question that it
    follows up, empty if it is asked alone.
    """

    question: str
    terms: Sequence[tuple[int, int, int]]
    earlier: str = ""

    def every(self) -> list[str]:
        """Return all words, as written and in order."""
        return self._words([(start, end) for start, end, _ in self.terms])

    def among(self, hashes: Container[int]) -> list[str]:
        """Return the words, as written and in order, whose term hashes are among these."""
        return self._words([(start, end) for start, end, term in self.terms if term in hashes])

    def _words(self, spans: Iterable[tuple[int, int]]) -> list[str]:
        words: list[tuple[int, int]] = []
        for start, end in spans:
            # A compound and its parts are one word, as are overlapping pairs of characters.
            if words and start < words[-1][1]:
                words[-1] = (words[-1][0], max(end, words[-1][1]))
            else:
                words.append((start, end))
        return list(dict.fromkeys([self.question[start:end] for start, end in words]))
