"""The years that a question is about: "from 2019 to 2023", "2019-2023", "since 2019", "before 2023"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.text.letter_case import fold_case

_YEAR = r"(?<![\d.,])(?:1[0-9]|20|21)\d\d(?!\d|[.,/]\d)"
_TO = r"\s*[-\u2013\u2014]\s*|\s+(?:to|and|until|till|through|up to)\s+"
_CLOSED = re.compile(rf"(?P<first>{_YEAR})(?P<to>{_TO})(?P<last>{_YEAR})", re.IGNORECASE)
_OPEN = re.compile(
    rf"\b(?P<word>since|from|starting in|until|till|up to|through|before|prior to|after)\s+(?P<year>{_YEAR})"
    r"(?P<on>\s+(?:on(?:wards?)?\b))?",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\bbetween\b", re.IGNORECASE)
_FROM_TO = re.compile(r"\bfrom\b.+\b(?:to|until|till|through)\b|\bthrough\b", re.IGNORECASE)
_IN_NAME = re.compile(_YEAR)
_EARLIEST, _LATEST = 0, 9999


@dataclass(frozen=True, slots=True)
class Years:
    """All years from ``first`` to ``last``, and the words that say so.

    ``ends`` are those of the two that a table must have to tell of all: "until 2023" has one, "before 2023"
    none.
    """

    first: int
    last: int
    words: str
    ends: tuple[int, ...] = ()

    def __contains__(self, year: int | None) -> bool:
        return year is not None and self.first <= year <= self.last


def years_of(question: str) -> Years | None:
    """The span of years that a question names; None if it names none, or two years alone."""
    found = _CLOSED.search(question)
    if found and (found["to"].strip() != "and" or _BETWEEN.search(question[: found.start()])):
        first, last = sorted((int(found["first"]), int(found["last"])))
        return Years(first, last, found[0], (first, last))
    if found := _OPEN.search(question):
        return _open(found)
    return None


def _open(found: re.Match[str]) -> Years | None:
    word, year = fold_case(found["word"]), int(found["year"])
    if word in ("before", "prior to"):
        return Years(_EARLIEST, year - 1, found[0])
    if word == "after":
        return Years(year + 1, _LATEST, found[0])
    if word in ("until", "till", "up to", "through"):
        return Years(_EARLIEST, year, found[0], (year,))
    if word == "from" and not found["on"]:
        return None  # "the figures from 2019" are those of one year
    return Years(year, _LATEST, found[0], (year,))


def is_from_to(question: str) -> bool:
    """Whether a question names a first and a last of something, and so what lies between them."""
    return _FROM_TO.search(question) is not None


def year_of(name: str) -> int | None:
    """The only year in the name of a row or a column."""
    found = {int(one) for one in _IN_NAME.findall(name)}
    return found.pop() if len(found) == 1 else None
