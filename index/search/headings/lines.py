"""Find the lines of a text that name what is below them: headings, also of files without structure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.patterns import lazy_pattern
from index.search.question.designations import Designation, bare_number, designations_of_heading
from index.text.sentences import COLONS, LIST_ITEM, clause_starts

LONGEST = 80
"""Most code points of a heading."""
_LONGEST_IN_BLOCK = 50
"""Most code points of a heading without a blank line below it: a longer one may be the text's first line."""
ITEM = lazy_pattern(LIST_ITEM)
_NUMBERED_ITEM = lazy_pattern(r"\d{1,3}[.)]\s")
_ENDS_SENTENCE = (".", "!", ";", ",", "…", "。", "！", "；")
_IN_TABLE = lazy_pattern(r"\t| \| ")
_MAY_NAME = lazy_pattern(
    r"\d|\b[IVXLC]+\b|\b[A-Z]\b|\p{L} (?:one|two|three|four|five|six|seven|eight|nine|ten)\b"
)
_LINE = lazy_pattern(r"[^\n]+")


@dataclass(frozen=True, slots=True)
class HeadingLine:
    """A line that names what is below it, ``[start, end)`` of a text, and what it names that by."""

    start: int
    end: int
    designations: Sequence[Designation]


def heading_lines(text: str) -> list[HeadingLine]:
    """The lines that look like headings with a date, a version or a number, in order.

    A clause, such as "4.2 The deposit is ...", is headed by its number.
    """
    found, clauses, last = [], clause_starts(text), len(text.rstrip())
    for match in _LINE.finditer(text):
        start, end = match.span()
        is_short = end - start <= LONGEST and _MAY_NAME.search(match[0]) is not None
        if not is_short or end >= last or not _may_head(text, start, end, end + 1 in clauses):
            if start in clauses and (number := bare_number(match[0][:LONGEST])) is not None:
                found.append(HeadingLine(start, start + number.end, [number]))
            continue
        if designations := [
            one
            for one in designations_of_heading(match[0])
            # "Received: 4 March 2020" and "Next meeting: 8 April" are no names of what follows.
            if one.kind != "date" or not match[0][: one.start].rstrip().endswith(COLONS)
        ]:
            found.append(HeadingLine(start, end, designations))
    return found


def _may_head(text: str, start: int, end: int, is_above_clause: bool) -> bool:
    """Tell whether ``text[start:end]`` is a line of its own; something follows it, such as a clause."""
    line = text[start:end].strip()
    if line.endswith(_ENDS_SENTENCE) or _IN_TABLE.search(line):
        return False
    is_apart = start == 0 or text.endswith("\n\n", 0, start)
    follows_blank = text.startswith("\n\n", end)
    if ITEM.match(line):
        return is_apart and (follows_blank or is_above_clause) and _NUMBERED_ITEM.match(line) is not None
    return is_apart and (
        follows_blank or len(line) <= _LONGEST_IN_BLOCK or ITEM.match(text, end + 1) is not None
    )


def lines_above(text: str, at: int, *, most: int = 2) -> list[str]:
    """At most so many short lines just above an offset, the nearest first; none beyond a long one."""
    found: list[str] = []
    text = text[max(0, at - most * 2 * LONGEST) : at]
    end = len(text)
    while len(found) < most and end > 0:
        before = text[:end].rstrip()
        start = before.rfind("\n") + 1
        line = before[start:].strip()
        if not line or len(line) > LONGEST:
            break
        found.append(line)
        end = start
    return found
