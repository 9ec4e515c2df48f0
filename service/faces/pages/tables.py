"""Tables in the viewer: rows and cells of a table's text, no more than a browser shows at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.text import Span, cells, line_spans
from index.types import Block, Columns
from service.faces.pages.marks import Marking, Segment

MOST_CELLS = 10_000
MOST_COLUMNS = 60
_FEWEST_ROWS = 20
_SEPARATOR = "|"

_Cells = list[Span | None]


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row; a cell is empty where the row has none. ``is_lit`` if it has evidence."""

    cells: tuple[tuple[Segment, ...], ...]
    is_lit: bool = False


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A table: names of its columns, if it has any, and the rows around the quote.

    ``head`` are the lines of names that stand in the text; a table without them may have ``names``.
    ``before`` and ``after`` count the rows that are left out. If the table ``has_evidence``, its other rows
    are not to be lit, though the whole table may be quoted.
    """

    names: tuple[str, ...]
    head: tuple[ShownRow, ...]
    rows: tuple[ShownRow, ...]
    width: int
    before: int
    after: int
    has_evidence: bool


def shown_table(marking: Marking, table: Block) -> ShownTable:
    """The table of a block, which begins and ends with whole rows."""
    text, columns = marking.text, table.columns
    body = min(max(columns.body, table.start), table.end) if columns else table.start
    head = [_split_at_separators(text, *line) for line in line_spans(text, table.start, body)]
    lines = line_spans(text, body, table.end)
    width = min(MOST_COLUMNS, max([1, *(_count_columns(text, columns, line) for line in lines)]))
    most = max(_FEWEST_ROWS, MOST_CELLS // width)
    has_evidence = marking.has_evidence(table.start, table.end)
    first = max(
        0, min(_focused_row(marking, lines, has_evidence=has_evidence) - most // 3, len(lines) - most)
    )
    shown = lines[first : first + most]
    names = columns.names if columns and columns.labelled and not head else ()

    def row(spans: _Cells, *, is_lit: bool) -> ShownRow:
        return ShownRow(
            tuple(
                () if span is None else marking.parts(*span, first_is_evidence=has_evidence)
                for span in _fit_to_width(spans, width)
            ),
            is_lit,
        )

    return ShownTable(
        names=tuple(names[:width]),
        head=tuple(row(spans, is_lit=False) for spans in head),
        rows=tuple(
            row(_split_cells(text, columns, line), is_lit=marking.has_evidence(*line)) for line in shown
        ),
        width=width,
        before=first,
        after=len(lines) - first - len(shown),
        has_evidence=has_evidence,
    )


def _focused_row(marking: Marking, lines: Sequence[Span], *, has_evidence: bool) -> int:
    """The row that must be shown: the first with evidence, or else with a part of the quote."""
    is_wanted = marking.has_evidence if has_evidence else marking.has_quote
    return next((at for at, line in enumerate(lines) if is_wanted(*line)), 0)


def _count_columns(text: str, columns: Columns | None, line: Span) -> int:
    named = len(columns.names) if columns else 0
    return max(named, 1 if columns and columns.labelled else text.count(_SEPARATOR, *line) + 1)


def _split_cells(text: str, columns: Columns | None, line: Span) -> _Cells:
    if columns is None or not columns.labelled:
        return _split_at_separators(text, *line)
    found: _Cells = [None] * len(columns.names)
    at = 0
    for cell in cells(text, columns, *line):
        place = next((n for n in range(at, len(found)) if columns.names[n] == cell.column), None)
        if place is None:
            return _split_at_separators(text, *line)
        # With its name, which is a part of the text.
        found[place] = cell.start, cell.end
        at = place + 1
    return found


def _split_at_separators(text: str, start: int, end: int) -> _Cells:
    found: _Cells = []
    for part in text[start:end].split(_SEPARATOR):
        words = part.strip()
        first = start + len(part) - len(part.lstrip())
        found.append((first, first + len(words)) if words else None)
        start += len(part) + 1
    return found


def _fit_to_width(spans: _Cells, width: int) -> _Cells:
    """Make as many cells as there are columns; the last has the rest of a longer row."""
    if len(spans) <= width:
        return spans + [None] * (width - len(spans))
    rest = [span for span in spans[width - 1 :] if span is not None]
    return [*spans[: width - 1], (rest[0][0], rest[-1][1]) if rest else None]
