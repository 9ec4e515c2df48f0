"""A table as rows and columns: each cell is a span of the document's text.

Lines with one cell name the group of rows below them. Rows in which nothing but the first cell has words
above them, captions and column names are no rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from index.text.sentences import Span
from index.text.tables import numbered_cells, row_spans
from index.types import Block


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its span, and the spans of its cells by the number of their column, from 0.

    ``group`` is the line above that names its group of rows, None without one.
    """

    start: int
    end: int
    cells: Mapping[int, Span]
    group: Span | None = None

    @property
    def first(self) -> Span:
        """Its first cell that has words."""
        return self.cells[min(self.cells)]


@dataclass(frozen=True, slots=True)
class Grid:
    """The rows of a table in order, without those that only name a group, and the names of its columns.

    ``heads`` are the lines of column names as rows, from above; none where each row repeats the names.
    ``is_drawn``: it was recognised on a page, where two columns of words may have become one. ``of`` says
    what each row is, as the name of an array of records does; empty for other tables.
    """

    rows: Sequence[Row]
    names: Sequence[str]
    heads: Sequence[Row] = ()
    is_drawn: bool = False
    of: str = ""

    def named_at(self, column: int, row: Row, is_sought: Callable[[Span], bool]) -> Span | None:
        """The span of a column's own name: in the lowest line of names, or else before the cell of a row.

        Names that are not ``is_sought``, such as units below years, are passed over.
        """
        for head in reversed(self.heads):
            if column in head.cells and is_sought(head.cells[column]):
                return head.cells[column]
        if self.heads or column not in row.cells or not self.name(column):
            return None
        end = row.cells[column][0] - len(": ")
        return end - len(self.name(column)), end

    def name(self, column: int) -> str:
        """The name of a column; empty where it has none."""
        return self.names[column] if column < len(self.names) else ""


def grid_of(text: str, table: Block) -> Grid:
    """Divide a table of the whole ``text`` into rows and cells."""
    columns = table.columns
    body = columns.body if columns else table.start
    labelled = bool(columns and columns.labelled)
    heads = () if labelled else tuple(_heads(text, table.start, body))
    return Grid(tuple(_rows(text, table)), columns.names if columns else (), heads)


def _heads(text: str, start: int, body: int) -> Iterator[Row]:
    at = start
    for line in text[start:body].split("\n"):
        found = numbered_cells(text, None, at, at + len(line))
        if found:
            spans = found.values()
            yield Row(min(spans)[0], max(spans)[1], found)
        at += len(line) + 1


def _rows(text: str, table: Block) -> Iterator[Row]:
    labelled = bool(table.columns and table.columns.labelled)
    names = table.columns.names if table.columns else ()
    group: Span | None = None
    for start, end in row_spans(text, table, table.start, table.end):
        found = numbered_cells(text, table.columns, start, end)
        if not found:
            continue
        if len(found) == 1 and 0 in found and (not labelled or len(names) > 1):
            group = found[0]
            continue
        yield Row(start, end, found, group)
