"""Find the rows and cells of a table in its text.

A table's block says how its lines are to be read (:class:`index.types.Columns`). Spans count code points
from the start of the whole text and are half open.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from index.text.sentences import Span, line_spans
from index.types import Block, Cell, Columns

SEPARATOR = " | "
"""Between the cells of a row whose cells are not labelled."""
LABELLED_SEPARATOR = "; "
LABEL_END = ": "


def row_spans(text: str, table: Block, start: int, end: int) -> list[Span]:
    """Return the rows of a table that overlap ``[start, end)``, without the lines of column names."""
    body = table.columns.body if table.columns else table.start
    first, last = max(start, body, table.start), min(end, table.end)
    return line_spans(text, first, last) if first < last else []


def table_at(tables: Sequence[Block], start: int) -> Block | None:
    """Return the one of some tables that an offset is in; None if it is in none."""
    return next((table for table in tables if table.start <= start < table.end), None)


def cells_between(text: str, tables: Sequence[Block], start: int, end: int) -> Iterator[Cell]:
    """Yield the cells of tables that ``[start, end)`` of the whole ``text`` overlaps, in order."""
    for table in tables:
        body = table.columns.body if table.columns else table.start
        first, last = max(start, body), min(end, table.end)
        if first >= last:
            continue
        # Whole rows, because the number of a cell in its row decides its column.
        begin = text.rfind("\n", body, first) + 1 or body
        stop = text.find("\n", last - 1, table.end)
        for row in row_spans(text, table, begin, table.end if stop < 0 else stop):
            for cell in cells(text, table.columns, *row):
                if cell.end > start and cell.start < end:
                    yield cell


def cells(text: str, columns: Columns | None, start: int, end: int) -> list[Cell]:
    """Return the cells of the row ``text[start:end]`` that are not empty."""
    found = _labelled_cells(text, columns, start, end) if columns and columns.labelled else None
    if found is None:
        found = _separated_cells(text, columns.names if columns else (), start, end)
    label = text[found[0][0] : found[0][1]] if found else ""
    return [Cell(first, last, label, name) for first, last, name in found]


def numbered_cells(text: str, columns: Columns | None, start: int, end: int) -> dict[int, Span]:
    """Return the cells of the row ``text[start:end]`` that are not empty, by the number of their column."""
    found = _labelled_cells(text, columns, start, end) if columns and columns.labelled else None
    if columns is None or found is None:
        return dict(_separated_spans(text, start, end))
    unnamed = next((at for at, name in enumerate(columns.names) if not name), 0)
    return {columns.names.index(name) if name else unnamed: (first, last) for first, last, name in found}


def _separated_cells(text: str, names: Sequence[str], start: int, end: int) -> list[tuple[int, int, str]]:
    return [
        (*span, names[number] if number < len(names) else "")
        for number, span in _separated_spans(text, start, end)
    ]


def _separated_spans(text: str, start: int, end: int) -> Iterator[tuple[int, Span]]:
    for number, part in enumerate(text[start:end].split(SEPARATOR.strip())):
        words = part.strip()
        if words:
            first = start + len(part) - len(part.lstrip())
            yield number, (first, first + len(words))
        start += len(part) + 1


def _labelled_cells(text: str, columns: Columns, start: int, end: int) -> list[tuple[int, int, str]]:
    """Find ``name: value`` by the names, which follow each other in order; a column may have no name."""
    row = text[start:end]
    places: list[tuple[int, str]] = []
    at = 0
    for name in filter(None, columns.names):
        label = f"{name}{LABEL_END}"
        if not places and row.startswith(label):
            place = 0
        else:
            place = row.find(LABELLED_SEPARATOR + label, at)
            place += len(LABELLED_SEPARATOR) if place >= 0 else 0
        if place >= 0:
            places.append((place, name))
            at = place + len(label)
    found: list[tuple[int, int, str]] = []
    if not places or places[0][0] > 0:
        before = places[0][0] - len(LABELLED_SEPARATOR) if places else len(row)
        found.append((start, start + before, ""))
    for number, (place, name) in enumerate(places):
        first = place + len(name) + len(LABEL_END)
        last = places[number + 1][0] - len(LABELLED_SEPARATOR) if number + 1 < len(places) else len(row)
        if first < last:
            found.append((start + first, start + last, name))
    return found


def shift_tables(tables: Sequence[Block], by: int) -> tuple[Block, ...]:
    """Return tables with ``by`` added to all their offsets."""
    return tuple(
        replace(
            table,
            start=table.start + by,
            end=table.end + by,
            columns=replace(table.columns, body=table.columns.body + by) if table.columns else None,
        )
        for table in tables
    )
