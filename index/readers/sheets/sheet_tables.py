"""Turn the rows of a sheet into tables: blank rows separate them, rows of one cell above are captions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from index.readers.base.builder import Draft, assemble
from index.readers.base.column_names import is_name
from index.readers.sheets.cells import Merged, SheetRow
from index.readers.sheets.table_rows import find_header, row_drafts
from index.types import Extract, Scalar

_MAX_HEADER_ROWS = 4
_MAX_CAPTIONS = 20
_SAMPLE = 101
"""Rows that decide whether the first ones are a header."""
_LEAST_PROSE = 100
"""Characters from which a cell of a region with one column is prose."""
_MAX_OPEN = 1000
"""Merged ranges that one row is checked against."""
_MAX_FILLED = 64
"""Cells by which a row may be extended to reach a cell that is merged with one above it."""


def sheet_drafts(rows: Iterable[SheetRow], merged: Sequence[Merged]) -> Iterator[Draft]:
    """The tables of a sheet, with their captions. ``merged`` ranges are sorted by first row."""
    tables = _Tables()
    for region in _regions(_fill_merged(rows, merged)):
        yield from tables.drafts(region)


def assemble_workbook(  # noqa: PLR0913 -- what a workbook has
    drafts: Sequence[Draft],
    *,
    hidden: Iterable[str],
    name: str,
    media_type: str,
    reader: str,
    title: str,
    metadata: Mapping[str, Scalar],
) -> Extract:
    """Assemble the sheets of a workbook, and name its ``hidden`` ones in the metadata."""
    named = [one for one in hidden if one]
    return assemble(
        _without_empty_sheets(drafts),
        name=name,
        media_type=media_type,
        reader=reader,
        title=title,
        metadata={**metadata, **({"hidden_sheets": named} if named else {})},
    )


def _without_empty_sheets(drafts: Sequence[Draft]) -> Iterator[Draft]:
    """The drafts without the headings of empty sheets."""
    for at, draft in enumerate(drafts):
        following = drafts[at + 1] if at + 1 < len(drafts) else None
        if draft.kind != "heading" or (following is not None and following.kind != "heading"):
            yield draft


@dataclass(frozen=True, slots=True)
class _Row:
    """A row, and the merged ranges that begin in it and span several columns."""

    number: int
    cells: list[str]
    spans: list[Merged]


def _fill_merged(rows: Iterable[SheetRow], merged: Sequence[Merged]) -> Iterator[_Row]:
    """Copy the value of a merged range into its rows below the first."""
    at, open_ranges = 0, list[tuple[Merged, str]]()
    for row in rows:
        open_ranges = [one for one in open_ranges if one[0].bottom >= row.number]
        for one, value in open_ranges:
            _fill(row.cells, one.left - 1, value)
        spans = []
        while at < len(merged) and merged[at].top <= row.number:
            one, at = merged[at], at + 1
            if one.top == row.number and one.left <= len(row.cells) and row.cells[one.left - 1].strip():
                spans += [one] if one.right > one.left else []
                if one.bottom > one.top and len(open_ranges) < _MAX_OPEN:
                    open_ranges.append((one, row.cells[one.left - 1]))
        yield _Row(row.number, row.cells, spans)


def _fill(cells: list[str], column: int, value: str) -> None:
    missing = column + 1 - len(cells)
    if missing <= _MAX_FILLED:
        cells += [""] * missing
        cells[column] = cells[column] or value


def _regions(rows: Iterable[_Row]) -> Iterator[list[_Row]]:
    """Group rows that have no blank row between them."""
    region: list[_Row] = []
    for row in rows:
        if region and row.number != region[-1].number + 1:
            yield region
            region = []
        region.append(row)
    if region:
        yield region


class _Tables:
    """Makes the tables of one sheet. A table without a header may continue the one above, with its header."""

    def __init__(self) -> None:
        self.header: list[str] = []
        self.left = 0

    def drafts(self, region: Sequence[_Row]) -> Iterator[Draft]:
        if _is_prose(region):
            yield from (Draft("paragraph", "".join(row.cells).strip()) for row in region)
            return
        captions = _captions(region)
        for row in region[:captions]:
            yield Draft("paragraph", "".join(row.cells))
        region = region[captions:]
        left = min(_first(row.cells) for row in region)
        header, used = _merged_header(region)
        rows = [row.cells[left:] for row in region[used:]]
        header = header[left:]
        if not header and rows:
            found, more, count = find_header(rows[:_SAMPLE])
            yield from (Draft("paragraph", caption) for caption in more)
            header, rows = list(found), rows[count:]
        width = max((len(row) for row in rows), default=0)
        if not header and left == self.left and 1 < width <= len(self.header):
            header = self.header
        self.header, self.left = header, left
        yield from row_drafts(rows, header=header)


def _is_prose(region: Sequence[_Row]) -> bool:
    """Whether rows of one cell each are paragraphs, one alone or some long, and no column of a table."""
    cells = [[cell for cell in row.cells if cell.strip()] for row in region]
    is_one_column = all(len(one) == 1 for one in cells)
    return is_one_column and (len(cells) == 1 or any(len(one[0]) >= _LEAST_PROSE for one in cells))


def _captions(region: Sequence[_Row]) -> int:
    """The number of one-cell rows above the first row of a table; 0 if there is no table."""
    for count, row in enumerate(region[: _MAX_CAPTIONS + 1]):
        if sum(bool(cell.strip()) for cell in row.cells) > 1:
            return count
    return 0


def _merged_header(region: Sequence[_Row]) -> tuple[list[str], int]:
    """The column names of a header with merged cells, and its number of rows; empty without such a header.

    ``2023`` merged above ``Sales`` and ``Costs`` gives ``2023 Sales`` and ``2023 Costs``.
    """
    count = 0
    while count < len(region) and region[count].spans:
        count += 1
    if not count or count >= min(len(region), _MAX_HEADER_ROWS):
        return [], 0
    if all(is_name(cell) for cell in region[count].cells if cell.strip()):
        count += 1
    levels = region[:count]
    width = max(len(row.cells) for row in levels)
    names: list[list[str]] = [[] for _ in range(width)]
    for row in levels:
        cells = [*row.cells, *[""] * (width - len(row.cells))]
        for span in row.spans:
            end = min(span.right, width)
            cells[span.left - 1 : end] = [cells[span.left - 1]] * (end - span.left + 1)
        for parts, cell in zip(names, cells, strict=True):
            if cell.strip() and cell not in parts:
                parts.append(cell)
    return [" ".join(parts) for parts in names], count


def _first(cells: Sequence[str]) -> int:
    return next((at for at, cell in enumerate(cells) if cell.strip()), 0)
