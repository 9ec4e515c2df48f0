"""Tell which facts of a sentence, its names, numbers and dates, a text has."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import filterfalse
from operator import itemgetter

from rapidfuzz.distance import Prefix

from index.citations.statements.numbers import Number, read_numbers
from index.citations.statements.words import Terms, Word, dotted_codes
from index.patterns import lazy_pattern
from index.text.languages import FUNCTION_WORDS

FACTS = ("name", "number", "date")
"""The kinds of words that are facts."""
_LETTERS = lazy_pattern(r"\p{L}[\p{L}\p{M}]*")
_ASCII_LETTERS = re.compile("[a-z]+")
_HYPHEN = lazy_pattern(r"[\-‐‑/]")
_SHORTEST_BASE = 4
_SHORTEST_ACRONYM = 3


@dataclass(frozen=True)
class Told:
    """The terms and the numbers of a text; ``text`` itself to read abbreviations and forms of names in."""

    terms: Set[str]
    numbers: Sequence[Number]
    text: str = ""

    @staticmethod
    def of(text: str, terms: Terms, *, counts: bool = True) -> Told:
        """Read a text; its numbers only if they count."""
        return Told(frozenset(terms(text)), read_numbers(text) if counts else (), text)

    def has(self, word: Word, terms: Terms | None = None) -> bool:
        """Whether the text has a word; an equal or rounded number is the same.

        With ``terms`` also whether it has all parts of a compound, another form of a name ("German" for
        "Germany"), or the words of an abbreviation.
        """
        if word.number is not None:
            return any(map(word.number.equals, self.numbers))
        if word.term in self.terms:
            return True
        if terms is None:
            return False
        if word.kind == "name" and "." in word.term:
            return word.term in self._dotted
        parts = _parts(word.text, terms)
        if parts and self.terms >= parts:
            return True
        return word.kind == "name" and self._has_form(word.text.lower())

    def _has_form(self, name: str) -> bool:
        # Mostly no word begins so, which one search through the text tells; and no initials have digits.
        small = self.text.lower() if not name.isalpha() and self.text.isascii() else name
        if name[:_SHORTEST_BASE] not in small:
            return False
        (lines, initials), beginning = self._words, "\n" + name[:_SHORTEST_BASE]
        at = lines.find(beginning)
        while at >= 0:
            end = lines.find("\n", at + 1)
            if are_forms(name, lines[at + 1 : end]):
                return True
            at = lines.find(beginning, end)
        return len(name) >= _SHORTEST_ACRONYM and name in initials

    @cached_property
    def _dotted(self) -> Set[str]:
        return dotted_codes(self.text)

    @cached_property
    def _words(self) -> tuple[str, str]:
        """The words, each on a line of its own, and the initials of those that are no function words."""
        if self.text.isascii():
            words = _ASCII_LETTERS.findall(self.text.lower())
        else:
            words = list(map(str.lower, _LETTERS.findall(self.text)))
        initials = map(itemgetter(0), filterfalse(FUNCTION_WORDS.__contains__, words))
        return "\n".join(["", *words, ""]), "".join(initials)


@lru_cache(4096)
def _parts(text: str, terms: Terms) -> frozenset[str]:
    """The terms of the parts of a compound."""
    return frozenset(terms(_HYPHEN.sub(" ", text)))


def are_forms(one: str, other: str, *, ending: int = 1) -> bool:
    """Whether two words differ in their ending only: "Japan" and "Japanese", "Germany" and "German".

    ``ending`` is how many letters of the shorter one may differ; words of less than four have no forms.
    """
    same = Prefix.similarity(one, other)
    return same >= max(_SHORTEST_BASE, min(len(one), len(other)) - ending)
