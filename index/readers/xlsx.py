"""Excel workbooks (Office Open XML): each sheet a section, each row a line that names its cells.

Rows that stand together are a table: blank rows part tables. A row of one cell above a table is its
caption. What sheets that are hidden hold is not read, their names are in the metadata; rows and columns that
a filter hides are read, for they are hidden from a view and not from a reader.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from index.errors import EmptyDocument
from index.readers.bounds import bounded
from index.readers.builder import Draft, assemble
from index.readers.normalisation import one_line
from index.readers.ooxml import RELATION, OfficePackage, is_on
from index.readers.table_rows import is_name, looks_like_header, row_drafts
from index.readers.xlsx_cells import Cells, Merged, SheetRow, merged_ranges
from index.types import Extract, Scalar

READER = "xlsx/1"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_MAX_HEADER_ROWS = 4
_MAX_CAPTIONS = 20
_MAX_OPEN = 1000
"""Merged ranges that one row is checked against."""
_MAX_FILLED = 64
"""Cells that a row is made longer by, for one that is merged with another above it."""


def read_xlsx(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """The sheets of a workbook, with the numbers and dates as its cells show them.

    ``charset`` is not used: XML says its own. Raises what :class:`index.readers.package.Package` does.
    """
    package = OfficePackage(data, name=name)
    part = package.main_part()
    workbook = package.xml(part)
    date1904 = any(is_on(one, "date1904") for one in workbook.iterfind("{*}workbookPr[@date1904]"))
    cells = Cells(package, part, date1904=date1904)
    parts = package.relationships(part)
    drafts, hidden = [], []
    for sheet in workbook.iterfind("{*}sheets/{*}sheet"):
        title, target = one_line(sheet.get("name", "")), parts.get(sheet.get(f"{RELATION}id", ""))
        if sheet.get("state", "visible") != "visible":
            hidden.append(title)
        elif target is not None and target.kind == "worksheet":
            found = bounded(_sheet(package.read(target.part), cells, target.part), name=name)
            drafts += [Draft("heading", title, 1), *found]
    if cells.uncalculated and all(draft.kind == "heading" for draft in drafts):
        raise EmptyDocument(
            f"{name}: the workbook has formulas without their results. Open it in a spreadsheet program and "
            "save it, which calculates them."
        )
    title, found_metadata = package.core_properties()
    metadata: dict[str, Scalar | list[str]] = dict(found_metadata)
    if named := [one for one in hidden if one]:
        metadata["hidden_sheets"] = named
    return assemble(
        _with_text(drafts), name=name, media_type=MEDIA_TYPE, reader=READER, title=title, metadata=metadata
    )


def _with_text(drafts: Sequence[Draft]) -> Iterator[Draft]:
    """The drafts without the headings of sheets on which nothing is."""
    for at, draft in enumerate(drafts):
        following = drafts[at + 1] if at + 1 < len(drafts) else None
        if draft.kind != "heading" or (following is not None and following.kind != "heading"):
            yield draft


def _sheet(data: bytes, cells: Cells, part: str) -> Iterator[Draft]:
    merged = merged_ranges(data)
    tables = _Tables()
    for rows in _regions(_filled(cells.rows(data, part=part), merged)):
        yield from tables.drafts(rows)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row, and the columns in it that show what another to the left shows: spans of merged cells."""

    number: int
    cells: list[str]
    spans: list[Merged]


def _filled(rows: Iterable[SheetRow], merged: Sequence[Merged]) -> Iterator[_Row]:
    """Rows in which cells that are merged with one above show its value."""
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
    """The rows that follow each other without a blank one between them."""
    region: list[_Row] = []
    for row in rows:
        if region and row.number != region[-1].number + 1:
            yield region
            region = []
        region.append(row)
    if region:
        yield region


class _Tables:
    """Makes the tables of one sheet; one that has no header may go on under that of the table above."""

    def __init__(self) -> None:
        self.header: list[str] = []
        self.left = 0

    def drafts(self, region: Sequence[_Row]) -> Iterator[Draft]:
        captions = _captions(region)
        for row in region[:captions]:
            yield Draft("paragraph", "".join(row.cells))
        region = region[captions:]
        left = min(_first(row.cells) for row in region)
        header, used = _merged_header(region)
        rows = [row.cells[left:] for row in region[used:]]
        header = header[left:]
        if not header and rows and looks_like_header(rows[0], rows[1:101]):
            header, rows = list(rows[0]), rows[1:]
        width = max((len(row) for row in rows), default=0)
        if not header and left == self.left and 1 < width <= len(self.header):
            header = self.header
        self.header, self.left = header, left
        yield from row_drafts(rows, header=header)


def _captions(region: Sequence[_Row]) -> int:
    """How many rows of one cell stand above the first row of a table; 0 if there is no table."""
    for count, row in enumerate(region[: _MAX_CAPTIONS + 1]):
        if sum(bool(cell.strip()) for cell in row.cells) > 1:
            return count
    return 0


def _merged_header(region: Sequence[_Row]) -> tuple[list[str], int]:
    """The names of the columns where merged cells stand over several of them, and the rows that they take.

    ``2023`` over ``Sales`` and ``Costs`` makes ``2023 Sales`` and ``2023 Costs``.
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
