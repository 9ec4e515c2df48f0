"""Recognise headings of plain text that stand directly above their text, with no blank line between.

``4. RENT`` above a paragraph or above ``4.1``, ``2.1.0 (3 May 2025)`` or ``Ingredients`` above a list.
Wrapped prose, tables, addresses and statements above a list look similar, and what is a heading is not
quoted: so a heading is short, ends as no sentence does, and says no more than a name, a number, a version or
a date.
"""

import re
from collections.abc import Sequence

from index.text.months import MONTHS

# Possessive and without a least number of lines, so that no part of a long line is looked at twice.
CHUNK = re.compile(r"\S.*+(?:\n[^\S\n]*+\S.*+)*+")
"""Lines without a blank one between them."""
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
_MONTH = f"(?:{'|'.join(MONTHS)})"
_DATE = (
    rf"(?:\d{{4}}-\d\d-\d\d|\d{{1,2}}\.? {_MONTH}(?: \d{{4}})?|{_MONTH} \d{{1,2}},? \d{{4}}|{_MONTH} \d{{4}})"
)
_HAS_DATE = re.compile(_DATE, re.IGNORECASE)
_VERSION_OR_DATE = re.compile(
    rf"(?:(?:version|release)\s+)?v?\d+\.\d[\w.-]*(?:\s*[-–—(,:]?\s*{_DATE}\)?)?|{_DATE}", re.IGNORECASE
)
_MOST_WORDS, _FEWEST_ITEMS = 2, 2
"""Of a line in words above a list: a longer one, or one above a single item, may be a statement."""
_ABOVE_LIST = 3
"""The level of a heading above a list."""


def heading_lines(text: str) -> dict[int, int]:
    """The starts of the lines of a normalised text that are such headings, with their levels."""
    found: dict[int, int] = {}
    numbered: dict[int, int] = {}
    for chunk in CHUNK.finditer(text):
        first, *below = chunk[0].split("\n", 8)
        first = first.rstrip()
        if not below or not _may_head(first):
            continue
        is_list = _BULLET.match(below[0]) is not None
        longest = max(map(len, below))
        is_above_prose = longest >= _PROSE and not is_list
        number = _NUMBERED.match(first)
        has_text = is_above_prose and len(first) <= _SHARE * longest and _begins(below)
        if number and (has_text or _is_above_clauses(number, below)):
            numbered[chunk.start()] = 2 + (number["number"] or "").count(".")
        if _is_capital_heading(first) and not _is_in_capitals(below[0]) and (is_list or is_above_prose):
            found[chunk.start()] = 2 if found or numbered else 1
        elif is_list and _is_title(first, below):
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


def _is_above_clauses(number: re.Match[str], below: Sequence[str]) -> bool:
    """Whether the line below has a number within this one's: "4.1" below "4. Deposit"."""
    begins = f"{number['number']}."
    line = below[0].lstrip()
    return line.startswith(begins) and line[len(begins) :][:1].isdigit()


def _is_title(line: str, below: Sequence[str]) -> bool:
    """Whether a line above a list is a version or date, or a word or two above several items."""
    if _VERSION_OR_DATE.fullmatch(line):
        return True
    items = sum(_BULLET.match(one) is not None for one in below)
    is_name = len(line.split()) <= _MOST_WORDS and not any(map(str.isdigit, line))
    return is_name and not line[0].islower() and items >= _FEWEST_ITEMS


def _is_capital_heading(line: str) -> bool:
    """Whether a line is in capitals, and has no figures but its number and a date: "TOTAL 500" states."""
    named = _NUMBERED.match(line)
    words = _HAS_DATE.sub("", named["title"] if named and named["title"] else line)
    return _is_in_capitals(line) and not any(map(str.isdigit, words))


def _is_in_capitals(line: str) -> bool:
    letters = [letter for letter in line if letter.isalpha()]
    return len(letters) >= _FEWEST_CAPITALS and all(map(str.isupper, letters))
