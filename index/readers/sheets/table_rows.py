"""Turn the rows of a table into lines that name their cells by the header.

``Country: Iceland; Capital: Reykjavík`` is understood in any passage, wherever the table is cut. Only tables
without a header have lines such as ``Iceland | Reykjavík``.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from index.readers.base.builder import Draft
from index.readers.base.column_names import Row, count_name_rows, join_names, looks_like_header, spread_names
from index.text.tables import LABELLED_SEPARATOR, SEPARATOR

_LONG_ROW = 400
"""Characters from which a row counts as prose: it becomes a paragraph with a line for each cell."""
_ROWS_PER_BLOCK = 1000
_SAMPLE = 100
"""Rows after the first that decide whether it is a header."""


def row_drafts(rows: Iterable[Row], *, header: Row = ()) -> Iterator[Draft]:
    """Make table blocks of rows, and paragraphs of long rows; empty rows are skipped.

    Without a ``header``, the rows at the top are used that look like one.
    """
    remaining: Iterator[Row] = filter(None, (_strip_row(row) for row in rows))
    if not header:
        first = next(remaining, None)
        if first is None:
            return
        sample = [first, *islice(remaining, _SAMPLE)]
        header, captions, count = find_header(sample)
        yield from (Draft("paragraph", caption) for caption in captions)
        remaining = chain(sample[count:], remaining)
    yield from _RowWriter(tuple(_one_line(name) for name in header)).drafts(remaining)


def find_header(rows: Sequence[Row]) -> tuple[Row, list[str], int]:
    """The column names of a table, the captions between them, and how many rows have both; none if 0.

    Years above numbers are names, and several rows are joined: ``Sales`` above ``2023`` is ``Sales 2023``. A
    row with one cell, such as ``(in millions)``, is a caption.
    """
    count = count_name_rows(rows)
    if count > 1 and any(row[0].strip() for row in rows[1:count] if row):
        count = 0  # rows with a label are rows of words above those of numbers
    if count < 2 and looks_like_header(rows[0], rows[1:]):
        return rows[0], [], 1
    if not 0 < count < len(rows):
        return (), [], 0
    named = [row for row in rows[:count] if sum(bool(cell.strip()) for cell in row) > 1] or rows[:count]
    captions = [_one_line("".join(row)) for row in rows[:count] if row not in named]
    return join_names(spread_names(named)), captions, count


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
            self.lines.append((LABELLED_SEPARATOR if self.header else SEPARATOR).join(parts))
            if len(self.lines) == _ROWS_PER_BLOCK:
                yield from self._table()
        if not has_rows and self.header:
            self.lines.append(SEPARATOR.join(self.header))
        yield from self._table()
        if has_rows and self._unseen:
            yield Draft("paragraph", SEPARATOR.join(self._unseen.values()))

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
