"""Find the range that an amount of a question is in: 30 people in a room for "groups of 21 to 80 people".

A price list has a line for each range, and all of them have the words of the question. The amount itself
often stands in none of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from index.citations.statements.numbers import Number
from index.search.judged import JudgedSentence
from index.search.ranges import Range, amounts_in, read_ranges

_OTHER, _LOOSER = -3.0, -1.5
"""Added to the strength of a sentence of which no range has the amount, and of one with a wider range."""
_ABOUT = 1.5
"""How much weaker than the strongest sentence one is that is about the same; added to the strength of one
with the nearest range beside others that do not have the amount: the rest is for any amount."""
_MOST_AMOUNTS = 3


class _Nearest(NamedTuple):
    """How far the bounds of a range are from an amount in it; and whether it is the amount itself."""

    distance: Decimal
    is_exact: bool


@dataclass(frozen=True, slots=True)
class AskedAmounts:
    """The amounts of things that a question names: 30 people, 3 kg, in July."""

    asked: Sequence[Range]

    @staticmethod
    @lru_cache(64)
    def of(question: str) -> AskedAmounts | None:
        """Those of a question; None if it has none, or asks itself for a range."""
        found = amounts_in(question)
        return AskedAmounts(found) if 0 < len(found) <= _MOST_AMOUNTS else None

    def has(self, number: Number, text: str) -> bool:
        """Whether one of the amounts, written as this number, is in a range of a text."""
        return any(
            amount.most in number.values
            and any(one.has(amount) for one in _comparable(read_ranges(text), amount))
            for amount in self.asked
        )

    def weigh(self, judged: Sequence[JudgedSentence], text: str, at: int) -> list[JudgedSentence]:
        """Lower the sentences of a hit with other ranges than the nearest one that an amount is in.

        ``text`` is the text around them, from offset ``at`` of the document.
        """
        weighed = list(judged)
        units = frozenset([amount.unit for amount in self.asked])
        told = [read_ranges(text[one.start - at : one.end - at], units) for one in judged]
        for amount in self.asked:
            ranges = [list(_comparable(some, amount)) for some in told]
            near = [_nearest(amount, some) for some in ranges]
            best = min((one for one in near if one is not None), default=None)
            if best is None or not _may_answer(judged, near, best):
                continue
            are_listed = any(some and own is None for some, own in zip(ranges, near, strict=True))
            for place, (some, own) in enumerate(zip(ranges, near, strict=True)):
                if not some or (own == best and not are_listed):
                    continue
                # Beside the amount itself a range that has it tells of it, too.
                by = _ABOUT if own == best else _OTHER if own is None else 0.0 if best.is_exact else _LOOSER
                weighed[place] = weighed[place]._replace(strength=weighed[place].strength + by)
        return weighed


def _may_answer(judged: Sequence[JudgedSentence], near: Sequence[_Nearest | None], best: _Nearest) -> bool:
    """Whether a sentence with the nearest range is about what is asked: nearly the strongest."""
    strongest = max(one.strength for one in judged)
    own = max(one.strength for one, its in zip(judged, near, strict=True) if its == best)
    return own >= strongest - _ABOUT


def _nearest(amount: Range, ranges: Sequence[Range]) -> _Nearest | None:
    found = [_Nearest(one.distance(amount), not one.bound) for one in ranges if one.has(amount)]
    return min(found, default=None)


def _comparable(told: Sequence[Range], amount: Range) -> Iterator[Range]:
    """Yield the ranges that may have an amount; one amount of things is a range of its own."""
    for one in told:
        if one.may_have(amount) and not one.is_value and one.has(amount) is not None:
            yield one
