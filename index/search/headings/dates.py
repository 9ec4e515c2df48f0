"""Answer when a section is from by the heading that has its date: "When was 2.2.1 released?".

The date stands beside the version or number in the heading ("2.2.1 - 3 May 2025"), and nowhere in the text
below it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import regex

from index.patterns import lazy_pattern
from index.search.headings.lines import HeadingLine, heading_lines
from index.search.question.designations import (
    Designation,
    best_standing,
    designations_in,
    designations_of_question,
)
from index.text.languages import language_of_question
from index.text.sentences import Span

Hashes = Callable[[str], Iterable[int]]
_ASKS = lazy_pattern(
    r"\b(?:when|what\s+(?:day|date|month|year)|which\s+(?:day|date|month|year)|(?:release|publication)\s+date|date|"
    r"wann|quand|cuándo|quando|wanneer)\b",
    regex.IGNORECASE,
)
_RELEASED = frozenset(
    "release released releases publish published publication come came out issue issued ship shipped appear "
    "appeared date day month year version available launched launch made erschienen erschien veröffentlicht "
    "herausgegeben freigegeben kam heraus sorti sortie parue publié publiée publicada publicado lanzada "
    "lanzado uscita uscito pubblicata pubblicato uitgebracht verschenen lançada lançado".split()
)
_WORD = lazy_pattern(r"[\p{L}\p{M}\p{N}]+")


class AskedDate:
    """A question for the date of a section: the version or number that names it, and its other words."""

    def __init__(self, asked: Sequence[Designation], words: Sequence[str]) -> None:
        self._asked = asked
        self._words = words

    @staticmethod
    def of(question: str) -> AskedDate | None:
        """Read a question; None if it asks for something else."""
        if _ASKS.search(question) is None:
            return None
        asked = [one for one in designations_of_question(question) if one.kind != "date"]
        if not asked or len(designations_in(question)) > 1:
            return None
        language = language_of_question(question)
        spans = [(one.start, one.end) for one in asked]
        words = []
        for match in _WORD.finditer(question):
            word = match[0].lower()
            if word in language.negations:
                return None
            is_number = any(start <= match.start() < end for start, end in spans)
            if not (is_number or word in _RELEASED or word in language.asking):
                words.append(word)
        return AskedDate(asked, words)

    def is_about(self, document: str, hashes: Hashes) -> bool:
        """Whether what says what a document is has the question's other words, such as a product's name."""
        return set(hashes(" ".join(self._words))) <= set(hashes(document))

    def line_above(self, text: str, at: int) -> HeadingLine | None:
        """The heading of an offset of a text, if it has a date and names the section."""
        found = None
        for line in heading_lines(text):
            if line.start > at:
                break
            if any(best_standing(self._asked, [one]) != "open" for one in line.designations):
                found = line
        if found is None or best_standing(self._asked, found.designations) != "named":
            return None
        return found if any(one.kind == "date" for one in found.designations) else None


def dated_heading(text: str, start: int, question: str) -> Span | None:
    """The span of the heading above an offset of a text that answers a question for its date, if one does."""
    asked = AskedDate.of(question)
    line = asked.line_above(text, start) if asked is not None else None
    return None if line is None else (line.start, line.end)
