"""Recognise headings of plain text that stand directly above their text, with no blank line between.

``4. RENT`` above a paragraph, ``2.1.0 (3 May 2025)`` or ``Ingredients`` above a list. Wrapped prose, tables
and addresses look similar: a heading is short, ends as no sentence does, and what is below it is a list, or a
line that is long enough for prose.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_CHUNK = re.compile(r"\S.*+(?:\n[^\S\n]*+\S.*+)++")
"""Two or more lines without a blank one between them."""
_LONGEST = 80
_FEWEST_CAPITALS = 3
_PROSE = 60
"""Code points from which a line below a heading is prose."""
_SHARE = 0.6
"""Most of the length of the longest line below that a numbered heading has: else it is the first line of a
wrapped paragraph."""
_FEWEST_NUMBERED = 3
_ENDS_NO_HEADING = (".", "!", "?", ",", ";", ":", "…", "。", "！", "？", "，", "：", "；", "-", "\\")
_NO_HEADING = re.compile(r"[\t|<>={}]|\S {2,}\S|^[-*+•◦‣▪●○・–—>#$%/]|://|@")
_NUMBERED = re.compile(
    r"(?:(?:§|art(?:icle|ikel|\.)?|section|chapter|part|clause|kapitel|abschnitt|chapitre|partie|capítulo)\s*)?"
    r"(?P<number>\d{1,3}(?:\.\d{1,3}){0,3})[.:)]?\s+(?P<title>\S.*)$|"
    r"(?:§|art(?:icle|ikel|\.)?|section|chapter|part|clause|kapitel|abschnitt|chapitre|partie|capítulo)\s*"
    r"(?P<alone>\d{1,3})[.:)]?$",
    re.IGNORECASE,
)
_BULLET = re.compile(r"\s*(?:[-*+]\s+\S|[•◦‣▪●○・]\s*\S)")
_ITEM = re.compile(r"\(?\d{1,3}[.)]\s")
_ABOVE_LIST = 3
"""The level of a heading above a list."""


def heading_lines(text: str) -> dict[int, int]:
    """The starts of the lines of a normalised text that are such headings, with their levels."""
    found: dict[int, int] = {}
    numbered: dict[int, int] = {}
    for chunk in _CHUNK.finditer(text):
        first, *below = chunk[0].split("\n", 8)
        first = first.rstrip()
        if not _may_head(first):
            continue
        is_list = _BULLET.match(below[0]) is not None
        longest = max(map(len, below))
        is_above_prose = longest >= _PROSE and not is_list
        number = _NUMBERED.match(first)
        if number and is_above_prose and len(first) <= _SHARE * longest and _begins(below):
            numbered[chunk.start()] = 2 + (number["number"] or "").count(".")
        if _is_in_capitals(first) and not _is_in_capitals(below[0]) and (is_list or is_above_prose):
            found[chunk.start()] = 2 if found or numbered else 1
        elif is_list and not first[0].islower() and not _ITEM.match(first):
            found[chunk.start()] = _ABOVE_LIST
    return found | numbered if len(numbered) >= _FEWEST_NUMBERED else found


def _may_head(line: str) -> bool:
    return (
        len(line) <= _LONGEST
        and not line.endswith(_ENDS_NO_HEADING)
        and _NO_HEADING.search(line) is None
        and any(map(str.isalnum, line))
    )


def _begins(below: Sequence[str]) -> bool:
    """Whether the line below begins a text, and does not go on with a sentence."""
    line = below[0].lstrip()
    return not line[0].islower() and _NUMBERED.match(line) is None


def _is_in_capitals(line: str) -> bool:
    letters = [letter for letter in line if letter.isalpha()]
    return len(letters) >= _FEWEST_CAPITALS and all(map(str.isupper, letters))
