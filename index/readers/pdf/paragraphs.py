"""Tells which lines of a PDF's pages are one paragraph, list, table, listing of code or heading."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from index.readers.pdf.drafts import CELL_GAP, PdfDraft, Vocabulary
from index.readers.pdf.page import Line, Page
from index.readers.pdf.urls import breaks_url
from index.types import BlockKind

_BULLET = re.compile(r"[•◦‣▪▫●○■□➢✓·–—*-]$")
_NUMBER = re.compile(r"\(?(?:\d{1,3}|[a-zA-Z])[.)]$|\[\d{1,4}\]$")
_CLOSING = "\"'”’»)]"
_TERMINAL = ".!?:;。！？"
_SAME_SIZE = 0.12
_PITCH = 1.3
"""Lines further apart than so many times the usual are in different paragraphs."""
_PITCH_ERROR = 0.08
_LEADERS = re.compile(r"(?:[.·…_]\s?){4,}\s*\w+$")
"""The dots to the page number in a table of contents."""
_MAX_LEADERS = 40
"""Characters at a line's end that are looked at."""
_COLUMN_STEP = 20.0
"""Points; lines that begin so close to one another are of one column."""
_HANGING = 3.0
"""Font sizes that the text of an item may begin further in than its mark."""
_COLUMN_LINES = 4
"""So many lines above tell how wide the column is."""


def find_drafts(pages: Sequence[Page]) -> Iterator[PdfDraft]:
    """The blocks of the document, each on one page, in order."""
    words = Vocabulary(pages)
    _check_pitch(pages)
    grouping = _Grouping(_pitches(pages))
    for page in pages:
        draft: PdfDraft | None = None
        for group in grouping.groups(page.lines):
            kind = _kind(group)
            if draft and not draft.kind == kind == "list":
                yield draft
                draft = None
            draft = draft or PdfDraft(kind, page.number, group[0].level)
            if kind == "code":
                draft.write_code(group)
            elif kind == "table":
                draft.write_table(group)
            else:
                draft.write_prose(group, words)
        if draft:
            yield draft


def _check_pitch(pages: Sequence[Page]) -> None:
    """Take no font for one of fixed pitch if its letters are not all as wide, as in OCR's text layers."""
    lines = [line for page in pages for line in page.lines if line.fixed_pitch]
    widths = [
        (box.x1 - box.x0) / line.size / len(text)
        for line in lines
        if line.size
        for text, box in line.words
        if len(text) > 3
    ]
    if widths:
        usual = median(widths)
        if median(abs(width - usual) for width in widths) <= _PITCH_ERROR * usual:
            return
    for line in lines:
        line.fixed_pitch = False


def _pitches(pages: Sequence[Page]) -> dict[int, float]:
    """The whole font size -> the distance between two lines that is most frequent."""
    counts: dict[int, Counter[float]] = {}
    for page in pages:
        for above, line in pairwise(page.lines):
            pitch = line.baseline - above.baseline
            if 0.7 * line.size < pitch < 3 * line.size and _same_size(above, line):
                counts.setdefault(round(line.size), Counter())[round(2 * pitch) / 2] += 1
    return {size: found.most_common(1)[0][0] for size, found in counts.items()}


class _Grouping:
    """Parts the lines of a page where a new block begins."""

    def __init__(self, pitches: dict[int, float]) -> None:
        self.pitches = pitches
        self.edges: dict[int, float] = {}

    def groups(self, lines: Sequence[Line]) -> Iterator[list[Line]]:
        self.edges = _edges(lines)
        group: list[Line] = []
        for line in lines:
            if group and not self._goes_on(group, line):
                yield group
                group = []
            group.append(line)
        if group:
            yield group

    def _goes_on(self, group: Sequence[Line], line: Line) -> bool:
        last = group[-1]
        if last.heading or line.heading:
            return last.heading == line.heading
        if last.upright != line.upright or not _same_size(last, line):
            return False
        if group[0].fixed_pitch != line.fixed_pitch and not (line.fixed_pitch and self._runs_on(last, line)):
            return False
        if not line.upright or not _is_beneath(last, line):
            return _continues_elsewhere(last, line)
        pitch = self.pitches.get(round(line.size), 1.2 * line.size)
        return line.baseline - last.baseline <= _PITCH * pitch and _goes_on_beneath(group, line)

    def _runs_on(self, last: Line, line: Line) -> bool:
        """Whether a line of names in a font of fixed pitch is one of prose, rather than code beneath it.

        It is where the first of them had no room on the line above, and nothing has ended there.
        """
        first = line.words[0].box
        column = int(last.box.x0 // _COLUMN_STEP)
        edge = max(self.edges.get(column + step, 0.0) for step in (-1, 0, 1))
        within = (
            -_HANGING * line.size < _indent(last, line) < (_HANGING if _is_item(last) else 0.5) * line.size
        )
        ended = last.text.rstrip(_CLOSING)[-1:] in _TERMINAL
        if ended and breaks_url(last.words[-1].text, line.words[0].text):
            ended = False
        return within and not ended and edge - last.box.x1 < first.x1 - first.x0 + line.size


def _edges(lines: Sequence[Line]) -> dict[int, float]:
    """Where from the left lines of prose begin, in steps -> how far to the right they reach."""
    edges: dict[int, float] = {}
    for line in lines:
        if line.fixed_pitch:
            continue
        column = int(line.box.x0 // _COLUMN_STEP)
        edges[column] = max(edges.get(column, 0.0), line.box.x1)
    return edges


def _goes_on_beneath(group: Sequence[Line], line: Line) -> bool:
    last = group[-1]
    if line.fixed_pitch and group[0].fixed_pitch:
        return True
    if _is_tabular(last) or _is_tabular(line):
        return _is_tabular(last) and _is_tabular(line)
    return last.hyphen or not _begins(group, line)


def _same_size(a: Line, b: Line) -> bool:
    return abs(a.size - b.size) <= _SAME_SIZE * max(a.size, b.size)


def _is_beneath(above: Line, line: Line) -> bool:
    overlaps = line.box.x0 < above.box.x1 and above.box.x0 < line.box.x1
    return overlaps and line.baseline - above.baseline > 0.3 * line.size


def _continues_elsewhere(last: Line, line: Line) -> bool:
    """Whether a paragraph goes on at another place of the page, as in the next column."""
    ended = last.text.rstrip(_CLOSING)[-1:] in _TERMINAL
    return last.hyphen or (line.upright and not ended and line.text[0].islower() and len(last.words) > 3)


def _begins(group: Sequence[Line], line: Line) -> bool:
    """Whether a line begins a paragraph though it follows closely on the last one."""
    last = group[-1]
    if _is_item(line) or _has_leaders(last):
        return True
    ended = last.text.rstrip(_CLOSING)[-1:] in _TERMINAL
    room = _room(last, [line, *group[-_COLUMN_LINES:]])
    first = line.words[0].box
    # The first word would have had room on the line above: somebody wanted a new line.
    short = room > first.x1 - first.x0 + line.size
    indented = _indent(last, line) > 0.8 * line.size and not (len(group) == 1 and _is_item(last))
    capital = line.text[0].isupper() or line.text[0].isdigit()
    return (ended and (short or indented)) or (short and capital and room > 4 * line.size)


def _room(last: Line, column: Sequence[Line]) -> float:
    """How much shorter a line is than the column that it is in, at the side where lines end."""
    if last.leftward:
        return last.box.x0 - min(line.box.x0 for line in column)
    return max(line.box.x1 for line in column) - last.box.x1


def _indent(last: Line, line: Line) -> float:
    """How much further in a line begins than the one above it."""
    return last.box.x1 - line.box.x1 if last.leftward and line.leftward else line.box.x0 - last.box.x0


def _is_item(line: Line) -> bool:
    first = line.words[0].text
    return len(line.words) > 1 and bool(_BULLET.match(first) or _NUMBER.match(first))


def _has_leaders(line: Line) -> bool:
    return bool(_LEADERS.search(" ".join([word.text for word in line.words[-_MAX_LEADERS:]])[-_MAX_LEADERS:]))


def _is_tabular(line: Line) -> bool:
    return len(line.parts(CELL_GAP * line.size)) > 1


def _kind(group: Sequence[Line]) -> BlockKind:
    if group[0].heading:
        return "heading"
    if group[0].fixed_pitch:
        return "code"
    if len(group) > 1 and all(map(_is_tabular, group)):
        return "table"
    bulleted = len(group[0].words) > 1 and _BULLET.match(group[0].words[0].text)
    return "list" if bulleted or _has_leaders(group[-1]) else "paragraph"
