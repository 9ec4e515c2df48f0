"""Find the range that an amount of a question is in: 30 people in a room for "groups of 21 to 80 people".

A price list has a line for each range, and all of them have the words of the question. The amount itself
often stands in none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

import regex

from index.citations.statements.numbers import NUMBER_WORDS, Number, read_numbers
from index.search.judged import JudgedSentence
from index.text.languages import FUNCTION_WORDS

_OTHER, _LOOSER = -3.0, -1.5
"""Added to the strength of a sentence of which no range has the amount, and of one with a wider range."""
_ABOUT = 1.5
"""How much weaker than the strongest sentence one is that is about the same."""
_GAP = r"[ \u00a0\u202f-]?"
_UNIT = regex.compile(rf"{_GAP}(?P<unit>\p{{L}}[\p{{L}}\p{{M}}]*|m²|m³)")
_NO_UNIT = FUNCTION_WORDS | frozenset(
    "euro euros cent cents dollar dollars pound pounds eur usd gbp chf percent prozent pm am p st nd rd th d "
    "x uhr".split()
)
"""What follows a number that is a price, a share, a time of day, or of no thing."""
_NUMBERED = frozenset(
    "version release course room platform number no nr page chapter day week level model type size class "
    "grade error code line gate track bus tram unit floor building zone part".split()
)
_NAME_BEFORE = regex.compile(
    r"(?P<name>\p{Lu}[\p{L}\p{N}-]*)\s$|(?P<word>\p{L}+)\s$|(?P<joined>[\p{L}\p{N}:/.-])$"
)
"""What stands before a number that is part of a name: "HL-320", "STA 214", "course 2"."""
_LEAST = regex.compile(
    r"(?:\b(?:at\s+least|from|more\s+than|over|above|minimum(?:\s+of)?|mindestens|ab|über|mehr\s+als)|>)\s*$",
    regex.IGNORECASE,
)
_MOST = regex.compile(
    r"(?:\b(?:up\s+to|at\s+most|under|below|less\s+than|fewer\s+than|maximum(?:\s+of)?|not\s+more\s+than|no\s+more\s+than|"
    r"within|innerhalb\s+von|bis(?:\s+zu)?|höchstens|unter|weniger\s+als|max\.?)|<)\s*$",
    regex.IGNORECASE,
)
_BELOW = regex.compile(
    r"\b(?:under|below|less\s+than|fewer\s+than|unter|weniger\s+als)\s*$", regex.IGNORECASE
)
_BETWEEN = regex.compile(r"\s*(?:-|–|—|\b(?:to|and|bis|und)\b)\s*")
_AND_MORE = regex.compile(
    r"(?:\+|\bor\s+(?:more|above|over)\b|\band\s+(?:more|above|over)\b|\boder\s+mehr\b)"
)
_MAY_COUNT = regex.compile(
    rf"\d|\b(?:{'|'.join(map(regex.escape, sorted(NUMBER_WORDS)))})\b", regex.IGNORECASE
)
_MOST_AMOUNTS = 3
_OF_YEAR = (" the", " in", " since", " of")
_LONGEST_UNIT = 25
"""Code points behind a number in which "or more" may stand."""

Terms = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class _Range:
    """The amounts from ``least`` to ``most``; None where there is no bound."""

    least: Decimal | None
    most: Decimal | None

    def has(self, value: Decimal) -> bool:
        return (self.least is None or self.least <= value) and (self.most is None or value <= self.most)

    def distance(self, value: Decimal) -> Decimal:
        """How far the bounds are from an amount: the nearest range is the one that is meant."""
        bounds = [abs(one - value) for one in (self.least, self.most) if one is not None]
        return max(bounds) if self.least is not None and self.most is not None else min(bounds)


class _Nearest(NamedTuple):
    """How far the bounds of a range are from an amount in it; and whether it is the amount itself."""

    distance: Decimal
    is_exact: bool


@dataclass(frozen=True, slots=True)
class AskedAmounts:
    """The amounts of things that a question names, each with the term of its unit: 30 people, 3 kg."""

    asked: Sequence[tuple[Decimal, str]]
    terms: Terms

    @staticmethod
    @lru_cache(64)
    def of(question: str, terms: Terms) -> AskedAmounts | None:
        """Those of a question; None if it has none, or asks itself for a range."""
        if _MAY_COUNT.search(question) is None:
            return None
        found = []
        for number in read_numbers(question):
            unit, before = _unit(question, number, terms), question[: number.start]
            if _LEAST.search(before) or _BELOW.search(before):
                return None
            if (
                unit
                and not _is_of_name(before)
                and not (number.is_year and before.rstrip().endswith(_OF_YEAR))
            ):
                found.append((max(number.values), unit))
        return AskedAmounts(found, terms) if 0 < len(found) <= _MOST_AMOUNTS else None

    def has(self, number: Number, text: str) -> bool:
        """Whether one of the amounts, written as this number, is in a range of a text."""
        return any(
            value in number.values and any(one.has(value) for one in _ranges(text, unit, self.terms))
            for value, unit in self.asked
        )

    def weigh(self, judged: Sequence[JudgedSentence], text: str, at: int) -> list[JudgedSentence]:
        """Lower the sentences of a hit with other ranges than the nearest one that an amount is in.

        ``text`` is the text around them, from offset ``at`` of the document.
        """
        weighed = list(judged)
        for value, unit in self.asked:
            ranges = [list(_ranges(text[one.start - at : one.end - at], unit, self.terms)) for one in judged]
            near = [_nearest(value, some) for some in ranges]
            best = min((one for one in near if one is not None), default=None)
            if best is None or not _may_answer(judged, near, best):
                continue
            for place, (some, own) in enumerate(zip(ranges, near, strict=True)):
                if not some or own == best:
                    continue
                # Beside the amount itself a range that has it tells of it, too.
                by = _OTHER if own is None else 0.0 if best.is_exact else _LOOSER
                weighed[place] = weighed[place]._replace(strength=weighed[place].strength + by)
        return weighed


def _may_answer(judged: Sequence[JudgedSentence], near: Sequence[_Nearest | None], best: _Nearest) -> bool:
    """Whether a sentence with the nearest range is about what is asked: nearly the strongest."""
    strongest = max(one.strength for one in judged)
    own = max(one.strength for one, its in zip(judged, near, strict=True) if its == best)
    return own >= strongest - _ABOUT


def _nearest(value: Decimal, ranges: Sequence[_Range]) -> _Nearest | None:
    found = [_Nearest(one.distance(value), one.least == one.most) for one in ranges if one.has(value)]
    return min(found, default=None)


def _is_of_name(before: str) -> bool:
    """Whether what stands before a number makes it the number of one thing."""
    match = _NAME_BEFORE.search(before)
    if match is None:
        return False
    is_name = match["name"] is not None and match.start() > 0
    return is_name or match["joined"] is not None or (match["word"] or "").casefold() in _NUMBERED


def _unit(text: str, number: Number, terms: Terms) -> str:
    """The term of the word behind a number; empty if it is none of a thing that is counted or measured."""
    match = _UNIT.match(text, number.end)
    if match is None or number.is_percent or match["unit"].casefold() in _NO_UNIT:
        return ""
    found = terms(match["unit"])
    return found[0] if len(found) == 1 else ""


def _ranges(text: str, unit: str, terms: Terms) -> Iterator[_Range]:
    """Yield the ranges of amounts with a unit that a text has; one amount is a range of its own."""
    numbers = read_numbers(text)
    for place, number in enumerate(numbers):
        if _unit(text, number, terms) != unit:
            continue
        value, before = max(number.values), text[: number.start]
        first = numbers[place - 1] if place else None
        if first is not None and _BETWEEN.fullmatch(text, first.end, number.start):
            yield _Range(max(first.values), value)
        elif _MOST.search(before):
            yield _Range(None, value)
        elif _LEAST.search(before) or _AND_MORE.search(text, number.end, number.end + _LONGEST_UNIT):
            yield _Range(value, None)
        else:
            yield _Range(value, value)
