"""Group the lines of a PDF's pages into paragraphs, lists, tables, code and headings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from index.readers.pdf.drafts import PdfDraft, Vocabulary
from index.readers.pdf.figures import NO_FIGURES, Figures
from index.readers.pdf.page import Line, Page
from index.readers.pdf.tables import NumberTable, find_tables
from index.readers.pdf.urls import breaks_url
from index.readers.pdf.word_tables import CELL_GAP, WordTable, word_table
from index.types import BlockKind

_BULLET = re.compile(r"[•◦‣▪▫●○■□➢✓·–—*-]$")
_NUMBER = re.compile(r"\(?(?:\d{1,3}|[a-zA-Z])[.)]$|\[\d{1,4}\]$")
_CLOSING = "\"'”’»)]"
_TERMINAL = ".!?:;。！？"
_SAME_SIZE = 0.12
_PITCH = 1.3
"""Lines that are more than this many usual line distances apart are in different paragraphs."""
_PITCH_ERROR = 0.08
_LEADERS = re.compile(r"(?:[.·…_]\s?){4,}\s*\w+$")
"""The dot leaders before the page number in a table of contents."""
_MAX_LEADERS = 40
"""Characters at the end of a line that are searched for leaders."""
_COLUMN_STEP = 20.0
"""Points; lines that begin this close to each other are in one column."""
_HANGING = 3.0
"""Indentation of a list item's text from its marker, at most, in font sizes."""
_COLUMN_LINES = 4
"""Number of lines above that determine the width of the column."""
_SAME_COLUMN = 4.0
_MAX_MOVED = 36.0
"""Points by which the columns of a table may move against each other, and together, on the next page."""


def find_drafts(pages: Sequence[Page], figures: Figures = NO_FIGURES) -> Iterator[PdfDraft]:
    """Find the blocks of the document in order, each on one page. ``figures`` begin with a caption each."""
    words = Vocabulary(pages)
    _verify_fixed_pitch(pages)
    grouping, last = _Grouping(_pitches(pages), figures), _LastTable()
    for page in pages:
        draft: PdfDraft | None = None
        for group in join_formulas(grouping.parts(page.lines)):
            picture = None if isinstance(group, NumberTable) else figures.get(id(group[0]))
            kind = "figure" if picture else "table" if isinstance(group, NumberTable) else _kind(group)
            if isinstance(group, NumberTable) or kind == "table":
                if draft:
                    yield draft
                draft = None
                yield _table_draft(group, page.number, last)
                continue
            last.pass_by()
            if draft and not draft.kind == kind == "list":
                yield draft
                draft = None
            draft = draft or PdfDraft(kind, page.number, group[0].level, picture=picture)
            if kind == "code":
                draft.write_code(group)
            else:
                draft.write_prose(group, words)
        if draft:
            yield draft


def _table_draft(group: list[Line] | NumberTable, page: int, last: _LastTable) -> PdfDraft:
    draft = PdfDraft("table", page)
    table = group if isinstance(group, NumberTable) else word_table(group)
    if isinstance(table, NumberTable):
        draft.write_numbers(table)
    elif isinstance(table, WordTable):
        draft.write_words(table)
    elif not isinstance(group, NumberTable):
        draft.write_table(group)
    if table and last.continues(table, page):
        draft.names, draft.head, draft.continued = last.names, 0, True
    last.pass_by()
    if table:
        last.page, last.edges, last.names = page, table.edges, draft.names
    return draft


@dataclass(slots=True)
class _LastTable:
    """The last block, if it is a table: its page, and the edges and names of its columns."""

    page: int = 0
    edges: tuple[float, ...] = ()
    names: tuple[str, ...] = ()

    def continues(self, table: NumberTable | WordTable, page: int) -> bool:
        """Whether a table goes on on this page: its columns are at the same places, and have no names again.

        The first row of a table of words looks like names, be they or not.
        """
        has_names = table.names and (isinstance(table, NumberTable) or table.is_named)
        if has_names or table.names == self.names or not self.names or page != self.page + 1:
            return False
        if len(table.edges) != len(self.edges):
            return False
        moved = [edge - before for edge, before in zip(table.edges, self.edges, strict=True)]
        return max(moved) - min(moved) < _SAME_COLUMN and max(map(abs, moved)) < _MAX_MOVED

    def pass_by(self) -> None:
        """Forget it: another block follows."""
        self.page, self.edges, self.names = 0, (), ()


def _verify_fixed_pitch(pages: Sequence[Page]) -> None:
    """Clear ``fixed_pitch`` if letters differ in width, as in text layers of OCR programs."""
    lines = [line for page in pages for line in page.lines if line.fixed_pitch]
    widths = [
        (box.x1 - box.x0) / line.size / len(text)
        for line in lines
        if line.size
        for text, box, _ in line.words
        if len(text) > 3
    ]
    if widths:
        usual = median(widths)
        if median(abs(width - usual) for width in widths) <= _PITCH_ERROR * usual:
            return
    for line in lines:
        line.fixed_pitch = False


def _pitches(pages: Sequence[Page]) -> dict[int, float]:
    """The most frequent line distance for each font size, rounded to points."""
    counts: dict[int, Counter[float]] = {}
    for page in pages:
        for above, line in pairwise(page.lines):
            pitch = line.baseline - above.baseline
            if 0.7 * line.size < pitch < 3 * line.size and _same_size(above, line):
                counts.setdefault(round(line.size), Counter())[round(2 * pitch) / 2] += 1
    return {size: found.most_common(1)[0][0] for size, found in counts.items()}


class _Grouping:
    """Divides the lines of a page into blocks."""

    def __init__(self, pitches: dict[int, float], figures: Figures) -> None:
        self.pitches = pitches
        self.figures = figures
        self.edges: dict[int, float] = {}

    def parts(self, lines: Sequence[Line]) -> Iterator[list[Line] | NumberTable]:
        """The tables of numbers, and the groups of the lines between them."""
        at = 0
        for table in find_tables(lines):
            yield from self.groups(lines[at : table.lines.start])
            own = lines[table.lines.start : table.lines.stop]
            yield list(own) if _has_more_columns(own, table) else table
            at = table.lines.stop
        yield from self.groups(lines[at:])

    def groups(self, lines: Sequence[Line]) -> Iterator[list[Line]]:
        self.edges = _edges(lines)
        group: list[Line] = []
        for line in lines:
            if group and not self._continues(group, line):
                yield group
                group = []
            group.append(line)
        if group:
            yield group

    def _continues(self, group: Sequence[Line], line: Line) -> bool:
        """Whether a line belongs to the block that ``group`` begins."""
        last = group[-1]
        if id(line) in self.figures:
            return False
        if last.heading or line.heading:
            return last.heading == line.heading
        if last.upright != line.upright or not _same_size(last, line):
            return False
        changes_pitch = group[0].fixed_pitch != line.fixed_pitch
        if changes_pitch and not (line.fixed_pitch and self._is_wrapped_prose(last, line)):
            return False
        if not line.upright or not _is_below(last, line):
            return _continues_elsewhere(last, line)
        pitch = self.pitches.get(round(line.size), 1.2 * line.size)
        return line.baseline - last.baseline <= _PITCH * pitch and _continues_below(group, line)

    def _is_wrapped_prose(self, last: Line, line: Line) -> bool:
        """Whether a monospaced line after prose contains names inside that prose, and is not code below it.

        That is so if its first word had no room on the line above, and no sentence ended there.
        """
        first = line.words[0].box
        column = int(last.box.x0 // _COLUMN_STEP)
        edge = max(self.edges.get(column + step, 0.0) for step in (-1, 0, 1))
        within = (
            -_HANGING * line.size < _indent(last, line) < (_HANGING if _is_item(last) else 0.5) * line.size
        )
        return (
            within and not _ends_sentence(last, line) and edge - last.box.x1 < first.x1 - first.x0 + line.size
        )


def _has_more_columns(lines: Sequence[Line], table: NumberTable) -> bool:
    """Whether lines are a table with columns of words beside the figures; ``table`` has them in one label."""
    words = word_table(lines) if all(map(_is_tabular, lines)) else None
    return words is not None and len(words.edges) > len(table.edges) + 1


def _edges(lines: Sequence[Line]) -> dict[int, float]:
    """The column in which lines of prose begin, in steps -> how far to the right they reach."""
    edges: dict[int, float] = {}
    for line in lines:
        if line.fixed_pitch:
            continue
        column = int(line.box.x0 // _COLUMN_STEP)
        edges[column] = max(edges.get(column, 0.0), line.box.x1)
    return edges


def _continues_below(group: Sequence[Line], line: Line) -> bool:
    last = group[-1]
    if line.fixed_pitch and group[0].fixed_pitch:
        return True
    if _is_tabular(last) or _is_tabular(line):
        return _is_tabular(last) and _is_tabular(line)
    return last.hyphen or not _begins_paragraph(group, line)


def _same_size(a: Line, b: Line) -> bool:
    return abs(a.size - b.size) <= _SAME_SIZE * max(a.size, b.size)


def _is_below(above: Line, line: Line) -> bool:
    overlaps = line.box.x0 < above.box.x1 and above.box.x0 < line.box.x1
    return overlaps and line.baseline - above.baseline > 0.3 * line.size


def _continues_elsewhere(last: Line, line: Line) -> bool:
    """Whether a paragraph continues elsewhere on the page, such as in the next column."""
    ended = last.text.rstrip(_CLOSING)[-1:] in _TERMINAL
    return last.hyphen or (line.upright and not ended and line.text[0].islower() and len(last.words) > 3)


def _begins_paragraph(group: Sequence[Line], line: Line) -> bool:
    """Whether a line begins a paragraph although it is close to the line above."""
    last = group[-1]
    if _is_item(line) or _has_leaders(last):
        return True
    ended = _ends_sentence(last, line)
    room = _room(last, [line, *group[-_COLUMN_LINES:]])
    first = line.words[0].box
    # The first word would have had room on the line above: the line break is deliberate.
    short = room > first.x1 - first.x0 + line.size
    indented = _indent(last, line) > 0.8 * line.size and not (len(group) == 1 and _is_item(last))
    capital = line.text[0].isupper() or line.text[0].isdigit()
    return (ended and (short or indented)) or (short and capital and room > 4 * line.size)


def _ends_sentence(last: Line, line: Line) -> bool:
    """Whether a sentence ends with a line, and not only a part of an address that goes on below it."""
    ended = last.text.rstrip(_CLOSING)[-1:] in _TERMINAL
    return ended and not breaks_url(last.words[-1].text, line.words[0].text)


def _room(last: Line, column: Sequence[Line]) -> float:
    """The free space at the end of a line, compared with the other lines of its column."""
    if last.right_to_left:
        return last.box.x0 - min(line.box.x0 for line in column)
    return max(line.box.x1 for line in column) - last.box.x1


def _indent(last: Line, line: Line) -> float:
    """The indentation of a line against the one above it, in points."""
    if last.right_to_left and line.right_to_left:
        return last.box.x1 - line.box.x1
    return line.box.x0 - last.box.x0


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


# Keep the lines of a formula in a PDF together.
#
# A formula is drawn as many short lines: limits below a sum, the parts of a fraction, the rows of a matrix,
# each with a baseline of its own. Lines that follow each other in reading order, have no words and touch each
# other are one block. Labels of diagrams have no words either, but stand apart.


_WORD = re.compile(r"(?<![^\W_])[^\W\d_]{4,}(?![^\W_])")
"""A word of a language; shorter ones are also names of functions such as ``sin`` and ``lim``."""
_ITEM = re.compile(r"[•◦‣▪▫●○■□➢✓–—]$|\(?(?:\d{1,3}|[a-zA-Z])[.)]$|\[\d{1,4}\]$")
_WINDOW = 8
"""Lines of a formula that the next one may touch: a column of a matrix begins beside the one before."""
_MAX_ACROSS = 1.5
_MAX_BELOW = 0.5
"""Font sizes between the parts of a formula, side by side and one below the other."""
_SMALLER = 0.88
"""Size of indices and limits, at most, as a share of that of the formula."""


def join_formulas(
    groups: Iterable[list[Line] | NumberTable],
) -> Iterator[list[Line] | NumberTable]:
    """Join the groups of lines of a page that are one formula; others stay as they are."""
    formula: list[Line] = []
    for group in groups:
        is_formula = not isinstance(group, NumberTable) and all(map(_has_no_words, group))
        if isinstance(group, NumberTable) or not is_formula:
            if formula:
                yield formula
                formula = []
            yield group
        elif formula and _continues(formula, group):
            formula += group
        else:
            if formula:
                yield formula
            formula = [*group]
    if formula:
        yield formula


def _has_no_words(line: Line) -> bool:
    ordinary = line.upright and not line.fixed_pitch and not line.heading and not line.right_to_left
    return ordinary and not any(_WORD.search(word.text) for word in line.words)


def _continues(formula: Sequence[Line], group: Sequence[Line]) -> bool:
    first = group[0]
    is_item = len(first.words) > 1 and _ITEM.match(first.words[0].text)
    return not is_item and any(_touch(line, first) for line in formula[-_WINDOW:])


def _touch(a: Line, b: Line) -> bool:
    """Whether lines overlap in height or one is an index or limit of the other, with little space between."""
    size = max(a.size, b.size)
    across = max(a.box.x0, b.box.x0) - min(a.box.x1, b.box.x1)
    below = max(a.box.y0, b.box.y0) - min(a.box.y1, b.box.y1)
    differ = min(a.size, b.size) <= _SMALLER * size
    return across <= _MAX_ACROSS * size and (below < 0 or (differ and below <= _MAX_BELOW * size))
