"""Tell whether a text covers a day of the week or a month without its name: "daily", "May to September"."""

from __future__ import annotations

import regex

from index.patterns import lazy_pattern
from index.search.ranges import DATES, DAY_OF_WEEK, DAY_OF_YEAR, read_ranges

_COVERING = {
    DAY_OF_WEEK: lazy_pattern(
        r"\b(?:daily|every\s+day|each\s+day|seven\s+days\s+a\s+week|24/7|week-?days?|week-?ends?|working\s+days?|"
        r"täglich|jeden\s+tag|werktags|wochenende|wochentags)\b",
        regex.IGNORECASE,
    ),
    DAY_OF_YEAR: lazy_pattern(
        r"\b(?:all\s+year|year[\s-]round|every\s+month|monthly|throughout\s+the\s+year|ganzjährig|jeden\s+monat)\b",
        regex.IGNORECASE,
    ),
}


def may_be_covered(word: str) -> bool:
    """Whether a word names a day or a month."""
    return bool(_term(word))


def _term(word: str) -> str:
    small = word.lower()
    return DATES.get(small) or DATES.get(small.removesuffix("s")) or ""


def is_covered(word: str, text: str) -> bool:
    """Whether a word names a day or a month, and a text says something of all of these, or of a range."""
    if not (term := _term(word)):
        return False
    unit = DAY_OF_WEEK if term.startswith("day") else DAY_OF_YEAR
    is_range = any(one.bound and one.unit == unit for one in read_ranges(text))
    return is_range or _COVERING[unit].search(text) is not None
