"""Tell things apart whose names differ in a number: "Aster 2" and "Aster 3".

Each word of such a name stands in texts about its siblings, too: "2. The price of the Aster 3 is 620 euros."
has all words of "price of the Aster 2".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import regex

from index.search.candidates import RankedCandidates
from index.search.evidence import JudgedSentence
from index.search.headings.designations import Standing, is_part
from index.text.stop_words import STOP_WORDS

_PASSAGE: dict[Standing, float] = {"named": 2.0, "open": 0.0, "other": -2.0}
"""Added to the logit of a passage's score."""
_SENTENCE: dict[Standing, float] = {"named": 1.0, "open": 0.0, "other": -12.0}
"""Added to the strength of a sentence."""
_TINY = 1e-6
_NUMBER = r"\d{1,3}(?![\p{L}\p{N}%°]|[.,:/-]\d)"
_GAP = r"[ \u00a0-]"
_AND = r"\s*(?:,|/|&|\b(?:and|or|to|und|oder|bis|et|ou|à|y|o|e|en)\b)\s*"
_ASKED = regex.compile(rf"(?<![\p{{L}}\p{{N}}.-])(?P<name>\p{{L}}[\p{{L}}\p{{N}}]{{2,}}){_GAP}{_NUMBER}")
_INSIDE = r"(?<=[\p{L}\p{N},;:(|]\s|\t)"
"""Before a word that is not the first of its sentence, and may be that of a cell."""


@dataclass(frozen=True, slots=True)
class _Name:
    """A name with the numbers that are asked for, as the question writes it."""

    written: str
    numbers: frozenset[str]
    told: regex.Pattern[str]
    """Finds it in a text with the numbers behind it, as in "Aster 1, 2 and 3"."""

    @staticmethod
    def of(written: str, question: str) -> _Name:
        """In small letters only a name that a text writes with a capital inside of a sentence is one."""
        name, capital = regex.escape(written), regex.escape(written[0].upper() + written[1:])
        forms = rf"(?:{name}|{name.upper()})" if written[0].isupper() else f"{_INSIDE}{capital}"
        numbers = rf"{_GAP}(?P<n>{_NUMBER})(?:{_AND}(?P<n>{_NUMBER}))*"
        asked = regex.compile(f"{name}{numbers}")
        return _Name(
            written, _numbers(asked, question), regex.compile(rf"(?<![\p{{L}}\p{{N}}]){forms}{numbers}")
        )

    def stands_in(self, text: str) -> Standing:
        if not (told := _numbers(self.told, text)):
            return "open"
        return "named" if told & self.numbers else "other"


@dataclass(frozen=True, slots=True)
class NumberedNames:
    """The names with a number that a question has."""

    names: Sequence[_Name]

    @staticmethod
    @lru_cache(64)
    def of(question: str) -> NumberedNames | None:
        """Those of a question; None if it has none, as most questions."""
        written = dict.fromkeys(match["name"] for match in _ASKED.finditer(question))
        names = [_Name.of(one, question) for one in written if _is_name(one)]
        return NumberedNames(names) if names else None

    def of_text(self, text: str) -> Standing:
        """Tell whether a text has one of the names, only those of siblings, or neither."""
        found = {one.stands_in(text) for one in self.names}
        return "named" if "named" in found else "other" if "other" in found else "open"

    def of_passage(self, text: str, *, title: str) -> Standing:
        """Tell it of a passage with its headings; a title that has the name says nothing of one passage."""
        found = self.of_text(text)
        return "open" if found == "other" and self.of_text(title) == "named" else found

    def missing_in(self, text: str) -> list[str]:
        """The names of which a text has only siblings, with their numbers."""
        return [
            f"{one.written} {number}"
            for one in self.names
            if one.stands_in(text) == "other"
            for number in sorted(one.numbers)
        ]

    def weigh(self, judged: Sequence[JudgedSentence], text: str, at: int, above: str) -> list[JudgedSentence]:
        """Weigh sentences by what they name, unless the headings ``above`` have the name itself.

        ``text`` is the text around them, from offset ``at`` of the document.
        """
        if self.of_text(above) == "named":
            return list(judged)
        return [
            one._replace(strength=one.strength + _SENTENCE[self.of_text(text[one.start - at : one.end - at])])
            for one in judged
        ]


def weigh_numbered(found: RankedCandidates, standings: Sequence[Standing]) -> RankedCandidates:
    """Rank candidates anew: those that have the name higher, those that only name siblings lower."""
    scores = found.scores.clip(_TINY, 1 - _TINY)
    logits = np.log(scores / (1 - scores)) + np.array([_PASSAGE[one] for one in standings], np.float32)
    return found.by((1 / (1 + np.exp(-logits))).astype(np.float32))


def _is_name(word: str) -> bool:
    small = word.lower()
    return not is_part(small) and not any(small in words for words in STOP_WORDS.values())


def _numbers(pattern: regex.Pattern[str], text: str) -> frozenset[str]:
    return frozenset(number for match in pattern.finditer(text) for number in match.captures("n"))
