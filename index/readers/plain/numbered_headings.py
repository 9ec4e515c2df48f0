"""Recognise numbered headings of plain text, such as ``6.2.1. How do I …`` or ``3.  Title`` in RFCs.

Numbered lists look similar. A heading is between blank lines, the block after it is neither numbered nor the
text of a list item, and its number belongs to a sequence that runs through the document.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from index.types import Block

_NUMBERED = re.compile(
    r"(?:(?P<word>chapter|section|part|kapitel|abschnitt|teil|chapitre|partie|capítulo|capitolo)\s+)?"
    r"(?P<number>\d{1,3}(?:\.\d{1,3}){0,8})(?P<dot>[.:]?)\s+(?=\S)",
    re.IGNORECASE,
)
_NUMBERED_ITEM = re.compile(r"(?:\d{1,3}(?:\.\d{1,3})+[.)]?|\(?(?:\d{1,3}|[a-zA-Z])[.)])\s")
_ITEM = re.compile(rf"[-*+•–—]\s|{_NUMBERED_ITEM.pattern}")
_LEADERS = re.compile(r"(?:\.\s?){4,}\s*\d+$")
_SENTENCE_END = re.compile(r"(?<!\.)\.$|[,;:]$")
_MIN_HEADINGS = 3
_MAX_LINES = 3
_MAX_TITLE = 200
_MAX_INDENT = 3
_MAX_LEVEL = 6

_Number = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A block that may be a heading.

    ``at`` is its index among the blocks. ``indent`` is the column where it begins, ``column`` that of its
    title, and ``body`` that of the block after it.
    """

    at: int
    number: _Number
    indent: int
    column: int
    body: int


def mark_numbered_headings(text: str, blocks: Sequence[Block]) -> list[Block]:
    """Turn the blocks that are numbered headings into headings, if there are at least three."""
    found = list(_candidates(text, blocks))
    if not any(len(one.number) > 1 for one in found):
        # Without subsections it may be a list whose items have paragraphs, aligned with their text.
        found = [one for one in found if one.body != one.column]
    margin = Counter(one.indent for one in found).most_common(1)
    found = _longest_ascending([one for one in found if one.indent == margin[0][0]])
    promoted = list(blocks)
    steps = sum(_is_next(one.number, other.number) for one, other in pairwise(found))
    if len(found) < _MIN_HEADINGS or 2 * steps < len(found) - 1:
        return promoted
    for one in found:
        block = blocks[one.at]
        title = " ".join(text[block.start : block.end].split())
        level = min(len(one.number), _MAX_LEVEL)
        promoted[one.at] = replace(block, kind="heading", level=level, title=title)
    return promoted


def _candidates(text: str, blocks: Sequence[Block]) -> Iterator[_Candidate]:
    """The candidates that are followed by prose, or by a candidate for a subsection."""
    after: _Candidate | None = None
    kept: list[_Candidate] = []
    for at in range(len(blocks) - 2, -1, -1):
        one = _candidate(text, blocks, at)
        follows = blocks[at + 1]
        if one is not None:
            is_part = after is not None and after.at == at + 1 and after.number[:-1] == one.number
            if is_part or not _NUMBERED_ITEM.match(text, follows.start):
                kept.append(one)
                after = one
    yield from reversed(kept)


def _candidate(text: str, blocks: Sequence[Block], at: int) -> _Candidate | None:
    block, follows = blocks[at], blocks[at + 1]
    if block.kind not in ("paragraph", "list") or block.end - block.start > _MAX_TITLE:
        return None
    match = _NUMBERED.match(text, block.start, block.end)
    before = blocks[at - 1].end if at else 0
    apart = at == 0 or text.count("\n", before, block.start) > 1
    if match is None or not apart or text.count("\n", block.end, follows.start) < 2:
        return None
    number = tuple(map(int, match["number"].split(".")))
    indent = _column(text, block.start)
    marked = len(number) > 1 or match["dot"] or match["word"]
    if not marked or indent > _MAX_INDENT or not _is_title(text[match.end() : block.end], number):
        return None
    return _Candidate(at, number, indent, _column(text, match.end()), _column(text, follows.start))


def _is_title(words: str, number: _Number) -> bool:
    first, *others = words.split("\n")
    has_capital = not first[0].islower() or len(number) > 1
    is_short = len(others) < _MAX_LINES and not any(_ITEM.match(line.lstrip()) for line in others)
    has_words = any(map(str.isalpha, first)) and not _LEADERS.search(words)
    return has_capital and is_short and has_words and not _SENTENCE_END.search(words)


def _column(text: str, at: int) -> int:
    return at - text.rfind("\n", 0, at) - 1


def _longest_ascending(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """The longest ascending sequence of numbers (Schensted 1961); in a tie, the one with the lower end."""
    ends: list[_Number] = []
    places: list[int] = []
    before: list[int] = []
    for at, one in enumerate(candidates):
        length = bisect_left(ends, one.number)
        before.append(places[length - 1] if length else -1)
        ends[length : length + 1] = [one.number]
        places[length : length + 1] = [at]
    chosen: list[_Candidate] = []
    at = places[-1] if places else -1
    while at >= 0:
        chosen.append(candidates[at])
        at = before[at]
    return chosen[::-1]


def _is_next(last: _Number, number: _Number) -> bool:
    """Whether a number follows ``last``: it is the next at its depth, or the first of a deeper level."""
    depth = len(number) - 1
    if number[:depth] != last[:depth]:
        return False
    return number[depth] == last[depth] + 1 if depth < len(last) else number[depth] <= 1
