"""Find tables of numbers on a PDF page by the columns in which the numbers end.

Statements in reports are drawn as loose lines: a label, and figures far to the right of it. A table is a run
of rows whose figures end at the same distances from the left. Rows between them that only have a label, and
rows above them that stand over the columns, belong to it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from index.readers.base.column_names import is_name, join_names
from index.readers.pdf.page import Line, Word, joined_text

_DIGIT = re.compile(r"\d")
_COLUMN = 0.55
"""Distance of the ends of neighbouring figures in one column, at most, in font sizes."""
_FAR_ROW = 3.2
"""Distance of the baselines of neighbouring rows, at most, in font sizes."""
_MIN_GAP = 0.9
"""Gap before the figure of a row that has only one, at least, in font sizes."""
_CELL = 0.75
"""Gap between the cells of a line of column names, at least, in font sizes."""
_OVER = 2.5
"""Distance of a name from the middle of its column, at most, in font sizes."""
_MAX_LABELS = 4
"""Rows in sequence that have a label only, at most."""
_MAX_NAME_ROWS = 5
_MAX_GROUPS = 3
"""Rows with a label only between the names of the columns and the first figures, at most."""
_MAX_LABEL_WORDS = 40


@dataclass(slots=True)
class Row:
    """A row of a table: the words of its label, and those of each column."""

    label: list[Word]
    cells: list[list[Word]]


@dataclass(slots=True)
class NumberTable:
    """A table: the numbers of its lines on the page, its rows, and the names of its columns.

    The first ``head`` rows show the names. ``edges`` are the x coordinates at which its figures end.
    """

    lines: range
    rows: list[Row]
    names: tuple[str, ...]
    head: int
    edges: tuple[float, ...]


def find_tables(lines: Sequence[Line]) -> Iterator[NumberTable]:
    """Find the tables of a page, in the order of its lines."""
    rows = list(visual_rows(lines))
    at = 0
    while at < len(rows):
        run = _run(rows, at)
        if run is None:
            at += 1
            continue
        ends, stop = run
        first, body = _name_rows(rows, at, stop, ends)
        yield _table(rows[first:body], rows[body:stop], ends)
        at = stop


def _run(rows: Sequence[VisualRow], at: int) -> tuple[list[float], int] | None:
    """The ends of the columns of the table that begins with a row of figures, and the row after it."""
    if not _may_begin(rows[at]):
        return None
    data = [rows[at]]
    stop, labels = at + 1, 0
    for number in range(at + 1, len(rows)):
        row = rows[number]
        if not _follows(rows[number - 1], row):
            break
        if _is_aligned(row, data):
            data.append(row)
            stop, labels = number + 1, 0
        elif labels < _MAX_LABELS and _is_label(row, data):
            labels += 1
        else:
            break
    ends = _columns(data)
    if len(data) < 2 or not ends or (len(ends) == 1 and len(data) < 3):
        return None
    return ends, stop


def _may_begin(row: VisualRow) -> bool:
    """Whether a row ends with figures that are set apart from its label."""
    if row.is_years or not any(_DIGIT.search(one[-1].text) for one in row.figures):
        return False
    label = max((word.box.x1 for word in row.others), default=-math.inf)
    return len(row.figures) > 1 or row.figures[0][0].box.x0 - label > _MIN_GAP * row.size


def _is_aligned(row: VisualRow, data: Sequence[VisualRow]) -> bool:
    """Whether a row's figures are aligned at their ends with those of rows above it."""
    if not _may_begin(row):
        return False
    ends = [figure[-1].box.x1 for one in data[-6:] for figure in one.figures]
    same = sum(
        any(abs(figure[-1].box.x1 - end) < _COLUMN * row.size for end in ends) for figure in row.figures
    )
    return same * 2 >= len(row.figures)


def _is_label(row: VisualRow, data: Sequence[VisualRow]) -> bool:
    """Whether a row between rows of figures only has a label, beside their columns."""
    left = min(figure[0].box.x0 for one in data for figure in one.figures[-1:])
    return (
        len(row.words) <= _MAX_LABEL_WORDS
        and abs(row.size - data[-1].size) < 0.2 * row.size
        and max(word.box.x1 for word in row.words) < left + row.size
    )


def _columns(data: Sequence[VisualRow]) -> list[float]:
    """The x coordinates at which figures of at least two rows, or of half of them, end: one a column."""
    size = median(row.size for row in data)
    found = sorted((figure[-1].box.x1, number) for number, row in enumerate(data) for figure in row.figures)
    groups: list[list[tuple[float, int]]] = []
    for end in found:
        if groups and end[0] - groups[-1][-1][0] < _COLUMN * size:
            groups[-1].append(end)
        else:
            groups.append([end])
    least = max(2, len(data) // 8)
    kept = [group for group in groups if len({number for _, number in group}) >= least]
    return [median(end for end, _ in group) for group in kept]


def _name_rows(rows: Sequence[VisualRow], at: int, stop: int, ends: Sequence[float]) -> tuple[int, int]:
    """The first of the rows that name the columns, and the one after the last.

    Between them and the first figures there may be labels.
    """
    left = min(
        (figure[0].box.x0 for figure in rows[at].figures if _column_of(figure, ends, rows[at].size) >= 0),
        default=0.0,
    )
    labels = median(max((word.box.x1 for word in row.others), default=0.0) for row in rows[at:stop])
    body = at
    while body > 0 and at - body < _MAX_GROUPS and _follows(rows[body - 1], rows[body]):
        row = rows[body - 1]
        if max(word.box.x1 for word in row.words) > left or not row.others:
            break
        body -= 1
    first = body
    while first > 0 and body - first < _MAX_NAME_ROWS and _follows(rows[first - 1], rows[first]):
        row = rows[first - 1]
        cells = _cells(row)
        over = [cell for cell in cells if cell[-1].box.x1 > left - row.size]
        # A title in the middle of the page crosses into the column of labels.
        if not over or over[0][0].box.x0 < labels or not all(map(_may_name, cells)):
            break
        first -= 1
    return (first, body) if first < body else (at, at)


def _follows(above: VisualRow, row: VisualRow) -> bool:
    gap = row.baseline - above.baseline
    return above.end == row.first and 0 < gap < _FAR_ROW * max(row.size, above.size)


def _may_name(words: Sequence[Word]) -> bool:
    text = joined_text(words)
    return is_name(text) or bool(YEAR.search(text))


def _cells(row: VisualRow) -> list[list[Word]]:
    cells: list[list[Word]] = []
    for word in row.words:
        if cells and word.box.x0 - cells[-1][-1].box.x1 < _CELL * row.size:
            cells[-1].append(word)
        else:
            cells.append([word])
    return cells


def _column_of(figure: Sequence[Word], ends: Sequence[float], size: float) -> int:
    """The column in which a figure ends; -1 if it is a part of the label, such as a note's number."""
    end = figure[-1].box.x1
    number = min(range(len(ends)), key=lambda at: abs(ends[at] - end))
    return number if abs(ends[number] - end) < 1.2 * size else -1


def _table(above: Sequence[VisualRow], body: Sequence[VisualRow], ends: Sequence[float]) -> NumberTable:
    starts = _starts(body, ends)
    head, names = [], []
    for visual in above:
        row, spread = _name_row(visual, starts, ends, is_last=visual is above[-1])
        head.append(row)
        names.append(spread)
    rows: list[Row] = []
    for visual in body:
        row = Row([], [[] for _ in ends])
        figures = [(figure, _column_of(figure, ends, visual.size)) for figure in visual.figures]
        label = [word for figure, number in figures if number < 0 for word in figure]
        for figure, number in figures:
            if number >= 0:
                row.cells[number] += figure
        row.label = sorted([*visual.others, *label], key=lambda word: word.box.x0)
        if rows and _continues(rows[-1], row):
            _extend(rows[-1], row)
        else:
            rows.append(row)
    lines = range((above or body)[0].first, body[-1].end)
    found = join_names(names) if names else ()
    return NumberTable(lines, [*head, *rows], found if any(found) else (), len(head), tuple(ends))


def _starts(body: Sequence[VisualRow], ends: Sequence[float]) -> list[float]:
    """The x coordinate at which the widest figure of each column begins."""
    starts = list(ends)
    for row in body:
        for figure in row.figures:
            number = _column_of(figure, ends, row.size)
            if number >= 0:
                starts[number] = min(starts[number], figure[-1].box.x0)
    return starts


def _name_row(
    visual: VisualRow, starts: Sequence[float], ends: Sequence[float], *, is_last: bool
) -> tuple[Row, list[str]]:
    """A row of column names, and the name over each column, that of the labels first.

    In the last row a name stands over its column; above it, each column has the nearest name.
    """
    row, spread = Row([], [[] for _ in ends]), [""] * (len(ends) + 1)
    middles = [(start + end) / 2 for start, end in zip(starts, ends, strict=True)]
    over: list[tuple[float, float, str]] = []
    for cell in _cells(visual):
        x0, x1 = cell[0].box.x0, cell[-1].box.x1
        text = joined_text(cell)
        if x1 < starts[0] - visual.size:
            row.label += cell
            spread[0] = f"{spread[0]} {text}".strip()
            continue
        first = next((at for at, middle in enumerate(middles) if x0 - visual.size <= middle), len(ends) - 1)
        row.cells[first] += cell
        over.append((x0, x1, text))
    for at, middle in enumerate(middles):
        away = [max(x0 - middle, middle - x1, 0.0) for x0, x1, _ in over]
        if over and (not is_last or min(away) < _OVER * visual.size):
            spread[at + 1] = over[away.index(min(away))][2]
    return row, spread


def _continues(last: Row, row: Row) -> bool:
    """Whether a row is the second line of the label above it."""
    if not last.label or not row.label or not row.label[0].text[:1].islower():
        return False
    only_one = not any(last.cells) or not any(row.cells)
    return only_one and not last.label[-1].text.endswith((":", "."))


def _extend(last: Row, row: Row) -> None:
    last.label += row.label
    if any(row.cells):
        last.cells = row.cells


# Rows of a PDF page: lines at one height, and the figures in them.


_FIGURE = re.compile(r"[-–—+(]*[$€£¥]?\(?\d[\d.,]*\)?%?\)?[*†‡]?\Z|[—–-]\Z|\)?%\Z|\)\Z|[nN]/[aAmM]\Z")
_SIGN = re.compile(r"[-–—(]?[$€£¥₹]\(?\Z")
_TAIL = re.compile(r"\)?%\Z|\)\Z")
YEAR = re.compile(r"(?:19|20)\d\d\Z")
_SAME_ROW = 0.45
"""Distance of the baselines of one row, at most, in font sizes."""
_LABEL_GAP = 0.5
"""Gap between a label and its figures, at least, in font sizes; a space is narrower."""


@dataclass(slots=True)
class VisualRow:
    """A row at one height: its lines, the figures at its end with their signs, and the words before."""

    first: int
    lines: list[Line]
    words: list[Word] = field(default_factory=list)
    figures: list[list[Word]] = field(default_factory=list)
    others: list[Word] = field(default_factory=list)

    @property
    def size(self) -> float:
        return self.lines[0].size

    @property
    def baseline(self) -> float:
        return self.lines[0].baseline

    @property
    def end(self) -> int:
        return self.first + len(self.lines)

    @property
    def is_years(self) -> bool:
        texts = [word.text for figure in self.figures for word in figure]
        return bool(texts) and all(map(YEAR.match, texts))


def visual_rows(lines: Sequence[Line]) -> Iterator[VisualRow]:
    """The rows of a page that may belong to a table, in the order of its lines."""
    row: VisualRow | None = None
    for number, line in enumerate(lines):
        if not line.upright or line.heading or line.fixed_pitch or line.right_to_left or line.size <= 0:
            if row:
                yield _parse_figures(row)
            row = None
            continue
        if row and abs(line.baseline - row.baseline) < _SAME_ROW * line.size:
            row.lines.append(line)
            continue
        if row:
            yield _parse_figures(row)
        row = VisualRow(number, [line])
    if row:
        yield _parse_figures(row)


def _parse_figures(row: VisualRow) -> VisualRow:
    row.words = sorted((word for line in row.lines for word in line.words), key=lambda word: word.box.x0)
    pending: list[Word] = []
    for word in row.words:
        if (
            row.figures
            and not pending
            and _TAIL.match(word.text)
            and _near(row.figures[-1][-1], word, row.size)
        ):
            row.figures[-1].append(word)
        elif _SIGN.match(word.text):
            pending.append(word)
        elif _FIGURE.match(word.text):
            row.figures.append([*pending, word])
            pending = []
        else:
            row.others += [*pending, word]
            pending = []
    row.others += pending
    # A figure beside the label is a part of it, as the number of a note is.
    label = max((word.box.x1 for word in row.others), default=-math.inf)
    while row.figures and row.figures[0][0].box.x0 - label < _LABEL_GAP * row.size:
        words = row.figures.pop(0)
        row.others += words
        label = max(label, words[-1].box.x1)
    return row


def _near(last: Word, word: Word, size: float) -> bool:
    return word.box.x0 - last.box.x1 < size
