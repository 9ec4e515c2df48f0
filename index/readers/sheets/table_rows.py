"""Turn the rows of a table into lines that name their cells by the header.

``Country: Iceland; Capital: Reykjavík`` is understood in any passage, wherever the table is cut. Only tables
without a header have lines such as ``Iceland | Reykjavík``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from index.readers.base.builder import Draft
from index.readers.base.column_names import Row, looks_like_header

_LONG_ROW = 400
"""Characters from which a row counts as prose: it becomes a paragraph with a line for each cell."""
_ROWS_PER_BLOCK = 1000
_SAMPLE = 100
"""Rows after the first that decide whether it is a header."""


def row_drafts(rows: Iterable[Row], *, header: Row = ()) -> Iterator[Draft]:
    """Make table blocks of rows, and paragraphs of long rows; empty rows are skipped.

    Without a ``header``, the first row is used if it looks like one.
    """
    remaining: Iterator[Row] = filter(None, (_strip_row(row) for row in rows))
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
    yield from _RowWriter(tuple(_one_line(name) for name in header)).drafts(remaining)


class _RowWriter:
    """Writes short rows as lines of tables, and long rows as paragraphs.

    The names of columns without cells follow the table, so that nothing of it is lost.
    """

    def __init__(self, header: Row) -> None:
        self.header = header
        self.lines: list[str] = []
        self._unseen = {place: name for place, name in enumerate(header) if name}
        """Names of columns in which no row has had a cell."""

    def drafts(self, rows: Iterable[Row]) -> Iterator[Draft]:
        has_rows = False
        for row in rows:
            has_rows = True
            parts = self._parts(row)
            if sum(map(len, parts)) > _LONG_ROW:
                yield from self._table()
                yield Draft("paragraph", "\n".join(parts))
                continue
            self.lines.append(("; " if self.header else " | ").join(parts))
            if len(self.lines) == _ROWS_PER_BLOCK:
                yield from self._table()
        if not has_rows and self.header:
            self.lines.append(" | ".join(self.header))
        yield from self._table()
        if has_rows and self._unseen:
            yield Draft("paragraph", " | ".join(self._unseen.values()))

    def _parts(self, row: Row) -> list[str]:
        cells = [_one_line(cell) for cell in row]
        if not self.header:
            return cells
        if self._unseen:
            for place, cell in enumerate(cells):
                if cell:
                    self._unseen.pop(place, None)
        names = chain(self.header, [""] * max(0, len(cells) - len(self.header)))
        return [f"{name}: {cell}" if name else cell for name, cell in zip(names, cells, strict=False) if cell]

    def _table(self) -> Iterator[Draft]:
        if self.lines:
            yield Draft("table", "\n".join(self.lines), names=self._names(), labelled=bool(self.header))
            self.lines = []

    def _names(self) -> tuple[str, ...]:
        """The names by which the cells of a line are found; none if they do not tell them apart."""
        names = tuple(self.header)
        return names if all(names[1:]) and len(set(names)) == len(names) else ()


def _one_line(cell: str) -> str:
    return " ".join(cell.split())


def _strip_row(row: Row) -> Row:
    """The row without the empty cells at its end."""
    end = len(row)
    while end and not row[end - 1].strip():
        end -= 1
    return row[:end]
