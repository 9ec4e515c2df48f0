"""Rows of cells as text that reads by itself: a line for each row, its cells named by the header.

``Country: Iceland; Capital: Reykjavík`` answers a question wherever the table is cut; the bare row
``Iceland | Reykjavík`` is left to tables without a header.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from index.readers.builder import Draft

Row = Sequence[str]

_LONG_ROW = 400
"""A row with more characters is prose in cells: a paragraph of its own, a line for each cell."""
_ROWS_PER_BLOCK = 1000
_SAMPLE = 100
"""Rows after the first that tell whether it is a header."""
_MAX_NAME = 100
"""Longer than this no name of a column is."""
_NOT_A_NAME = re.compile(
    r"""[-+(]?[\d.,\s'%$€£¥]*\d[\d.,\s'%$€£¥)]*(?:[eE][-+]?\d+)?\Z  # a number, an amount
    | \d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?:[T\s].*)?\Z                 # a date
    | (?:true|false|null|none|n/?a)\Z
    | (?:https?|ftp|mailto):
    | [^\s@]+@[^\s@]+\Z""",
    re.IGNORECASE | re.VERBOSE,
)
_YEAR = re.compile(r"(?:1[5-9]|20|21)\d\d\Z")


def row_drafts(rows: Iterable[Row], *, header: Row = ()) -> Iterator[Draft]:
    """Tables, and paragraphs for rows of long cells. Rows without a word are passed over.

    Without a ``header`` the first row is taken for it if it looks like one.
    """
    remaining: Iterator[Row] = filter(None, (_stripped(row) for row in rows))
    if not header:
        first = next(remaining, None)
        if first is None:
            return
        sample = list(islice(remaining, _SAMPLE))
        remaining = chain(sample, remaining)
        if looks_like_header(first, sample):
            header = first
        else:
            remaining = chain([first], remaining)
    yield from _Rows(tuple(_one_line(name) for name in header)).drafts(remaining)


def looks_like_header(first: Row, below: Sequence[Row]) -> bool:
    """Whether a row names the columns of those below it.

    Its cells are short, differ, and are no numbers, dates or addresses (years are names in many tables);
    and none of them comes again in its own column.
    """
    names = [cell.strip() for cell in first if cell.strip()]
    if not below or len(names) < max(1, max(len(row) for row in below) // 2):
        return False
    if len(names) == 1 and not all(not is_name(row[0].strip()) for row in below if row[0].strip()):
        # A column of words alone has no header that could be told from them.
        return False
    if len({name.casefold() for name in names}) < len(names):
        return False
    if not all(is_name(name) for name in names) or all(map(_YEAR.match, names)):
        return False
    return not any(cell and cell == above for row in below for cell, above in zip(row, first, strict=False))


def is_name(cell: str) -> bool:
    """Whether a cell may be the name of a column: short, and no number, date or address but a year."""
    if len(cell) > _MAX_NAME:
        return False
    return bool(_YEAR.match(cell)) or not _NOT_A_NAME.match(cell)


class _Rows:
    """Gathers the lines of short rows; long rows stand alone."""

    def __init__(self, header: Row) -> None:
        self.header = header
        self.lines: list[str] = []

    def drafts(self, rows: Iterable[Row]) -> Iterator[Draft]:
        shown = False
        for row in rows:
            shown = True
            parts = self._parts(row)
            if sum(map(len, parts)) > _LONG_ROW:
                yield from self._table()
                yield Draft("paragraph", "\n".join(parts))
                continue
            self.lines.append(("; " if self.header else " | ").join(parts))
            if len(self.lines) == _ROWS_PER_BLOCK:
                yield from self._table()
        if not shown and self.header:
            self.lines.append(" | ".join(self.header))
        yield from self._table()

    def _parts(self, row: Row) -> list[str]:
        cells = [_one_line(cell) for cell in row]
        if not self.header:
            return cells
        names = chain(self.header, [""] * max(0, len(cells) - len(self.header)))
        return [f"{name}: {cell}" if name else cell for name, cell in zip(names, cells, strict=False) if cell]

    def _table(self) -> Iterator[Draft]:
        if self.lines:
            yield Draft("table", "\n".join(self.lines))
            self.lines = []


def _one_line(cell: str) -> str:
    return " ".join(cell.split())


def _stripped(row: Row) -> Row:
    """The row without the empty cells at its end."""
    end = len(row)
    while end and not row[end - 1].strip():
        end -= 1
    return row[:end]
