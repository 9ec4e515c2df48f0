"""Tell which facts of a sentence, its names, numbers and dates, a text has."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

import regex

from index.citations.statements.numbers import Number, read_numbers
from index.citations.statements.words import Terms, Word, dotted_codes
from index.text.languages import FUNCTION_WORDS

_FACTS = ("name", "number", "date")
_LETTERS = regex.compile(r"\p{L}[\p{L}\p{M}]*")
_HYPHEN = regex.compile(r"[\-‐‑/]")
_SHORTEST_BASE = 4
_SHORTEST_ACRONYM = 3


def is_fact(word: Word) -> bool:
    """Whether a word is a name, a number or a date."""
    return word.kind in _FACTS


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
            return any(word.number.equals(one) for one in self.numbers)
        if word.term in self.terms:
            return True
        if terms is None:
            return False
        if word.kind == "name" and "." in word.term:
            return word.term in self._dotted
        parts = terms(_HYPHEN.sub(" ", word.text))
        if parts and self.terms >= set(parts):
            return True
        return word.kind == "name" and self._has_form(word.text.lower())

    def _has_form(self, name: str) -> bool:
        if any(are_forms(name, one) for one in self._by_beginning.get(name[:_SHORTEST_BASE], ())):
            return True
        return len(name) >= _SHORTEST_ACRONYM and name in self._initials

    @cached_property
    def _dotted(self) -> Set[str]:
        return dotted_codes(self.text)

    @cached_property
    def _words(self) -> list[str]:
        return [one.lower() for one in _LETTERS.findall(self.text)]

    @cached_property
    def _by_beginning(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for one in self._words:
            found.setdefault(one[:_SHORTEST_BASE], set()).add(one)
        return found

    @cached_property
    def _initials(self) -> str:
        return "".join([one[0] for one in self._words if one not in FUNCTION_WORDS])


def are_forms(one: str, other: str, *, ending: int = 1) -> bool:
    """Whether two words differ in their ending only: "Japan" and "Japanese", "Germany" and "German".

    ``ending`` is how many letters of the shorter one may differ; words of less than four have no forms.
    """
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    return same >= max(_SHORTEST_BASE, min(len(one), len(other)) - ending)
