"""Lay the cells of a table out in columns, and write its rows as lines.

Cells may span several columns. A sign in a cell of its own, as ``$`` before and ``%`` after a number in
financial statements, joins its number.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.readers.base.column_names import count_name_rows, join_names
from index.text.tables import SEPARATOR

_BEFORE = re.compile(r"[-–—]?\s*[$€£¥₹]\s*\(?\Z|\(\Z")
_AFTER = re.compile(r"[)%]+\Z|\)\s*%\Z")
_DIGIT_END = re.compile(r"[\d—–-]\Z")
_MAX_SPAN = 1000
_MAX_CAPTIONS = 3


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell: its text, and how many columns it spans."""

    text: str
    span: int = 1


Cells = Sequence[GridCell | str]


@dataclass(frozen=True, slots=True)
class Grid:
    """The lines of a table, the names of its columns, and how many lines name them."""

    lines: tuple[str, ...]
    names: tuple[str, ...]
    head: int


def grid_of(rows: Sequence[Cells], *, marked: int = 0) -> Grid:
    """Write rows as lines of cells. ``marked`` rows at the top are known to name the columns.

    Rows without words are left out. A table with a cell that looks like several has no names: its cells
    could not be told apart.
    """
    spans = any(isinstance(cell, GridCell) and cell.span > 1 for row in rows for cell in row)
    shown = [_expand_spans(row, repeat=False) for row in rows]
    kept = [at for at, row in enumerate(shown) if any(row)]
    marked = sum(at < marked for at in kept)
    shown, repeated = [shown[at] for at in kept], [_expand_spans(rows[at], repeat=True) for at in kept]
    signs = any(_BEFORE.match(cell) or _AFTER.match(cell) for row in shown for cell in row if cell)
    if signs:
        shown = [_with_signs(row) for row in shown]
    if spans or signs:
        shown, repeated = _without_empty_columns(shown, repeated)
    is_clear = not any(SEPARATOR.strip() in cell for row in shown for cell in row)
    head = 0
    if is_clear and len(shown) > 1:
        head = marked if 0 < marked < len(shown) else _head(shown)
    named = [row for row in repeated[:head] if sum(map(bool, row)) > 1] or repeated[:head]
    names = join_names(named)
    if spans or signs:
        shown, names = _merged_columns(shown, names, head)
    return Grid(tuple(map(_line, shown)), names if any(names) else (), head)


def _line(row: Sequence[str]) -> str:
    """A row as a line; one that only has a first cell names a group of rows, and is that cell."""
    return row[0] if row and row[0] and not any(row[1:]) else SEPARATOR.join(row)


def _head(rows: Sequence[list[str]]) -> int:
    """Count the lines down to the last one of column names, captions above them included."""
    captions = 0
    while captions < min(len(rows), _MAX_CAPTIONS) and sum(map(bool, rows[captions])) == 1:
        captions += 1
    if captions and any(len(row) > 1 for row in rows):
        below = count_name_rows(rows[captions:])
        return captions + below if below else 0
    return count_name_rows(rows)


def _expand_spans(row: Cells, *, repeat: bool) -> list[str]:
    """The cells of each column; a cell that spans several is in the first of them, or repeated in all."""
    found: list[str] = []
    for cell in row:
        text, span = (cell.text, cell.span) if isinstance(cell, GridCell) else (cell, 1)
        words = " ".join(text.split())
        more = max(1, min(span, _MAX_SPAN)) - 1
        found += [words, *[words if repeat else ""] * more]
    return found


def _with_signs(row: Sequence[str]) -> list[str]:
    """Move each sign to its number, which leaves its cell empty."""
    cells = list(row)
    for at, cell in enumerate(cells):
        if not cell:
            continue
        if _BEFORE.match(cell):
            following = next((i for i in range(at + 1, min(at + 3, len(cells))) if cells[i]), None)
            if following is not None:
                joint = "" if cell.endswith("(") else " "
                cells[following], cells[at] = f"{cell}{joint}{cells[following]}", ""
        elif _AFTER.match(cell):
            before = next((i for i in range(at - 1, max(at - 3, -1), -1) if cells[i]), None)
            if before and _DIGIT_END.search(cells[before]):
                cells[before], cells[at] = f"{cells[before]}{cell}", ""
    return cells


def _merged_columns(
    shown: Sequence[list[str]], names: tuple[str, ...], head: int
) -> tuple[list[list[str]], tuple[str, ...]]:
    """Merge neighbours of one name of which each row fills one at most: a sign had the other."""
    found = list(names)
    rows = [row + [""] * (len(names) - len(row)) for row in shown] if names else list(shown)
    for at in range(len(found) - 2, -1, -1):
        same = found[at] and found[at] == found[at + 1]
        if same and not any(row[at] and row[at + 1] for row in rows[head:]):
            for row in rows:
                row[at : at + 2] = [row[at] or row[at + 1]]
            del found[at + 1]
    return rows, tuple(found)


def _without_empty_columns(
    shown: Sequence[list[str]], repeated: Sequence[list[str]]
) -> tuple[list[list[str]], list[list[str]]]:
    width = max((len(row) for row in shown), default=0)
    used = [any(at < len(row) and row[at] for row in shown) for at in range(width)]
    used[:1] = [True]  # the column of labels may be empty
    shown, repeated = (
        [[cell for cell, use in zip(row, used, strict=False) if use] for row in rows]
        for rows in (shown, repeated)
    )
    return shown, repeated
