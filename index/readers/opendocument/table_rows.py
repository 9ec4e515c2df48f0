"""Read the rows of an OpenDocument table as its cells show them (ISO/IEC 26300, part 3, 9)."""

from collections.abc import Iterator

from lxml import etree

from index.errors import DocumentTooLarge
from index.readers.base.ooxml import parse_integer
from index.readers.opendocument.file import OFFICE, TABLE
from index.readers.opendocument.styles import TEXT
from index.readers.sheets.cells import Merged, SheetRow

_CELL, _COVERED = TABLE + "table-cell", TABLE + "covered-table-cell"
_GROUPS = frozenset(TABLE + tag for tag in ("table-header-rows", "table-row-group", "table-rows"))
_LEFT_OUT = frozenset({OFFICE + "annotation", TEXT + "note", TEXT + "ruby-text"})
_WHITE_SPACE = {TEXT + "s": " ", TEXT + "tab": " ", TEXT + "line-break": "\n"}
_MAX_COLUMNS = 16_384
_MAX_ROWS = 1_048_576
_MAX_CELLS = 20_000_000
"""Cells of a table, with repeated ones and with the empty cells before the last one of each row."""
_MAX_MERGED = 100_000


def table_rows(table: etree._Element, *, name: str) -> Iterator[SheetRow]:
    """The rows of a table that are not empty, repeated ones as often as the file says.

    Raises :class:`index.errors.DocumentTooLarge` for a table with more cells than a workbook may have.
    """
    left = _MAX_CELLS
    for first, repeated, element in _elements(table):
        cells = _cells(element)
        if not cells:
            continue
        left -= (len(cells) + 1) * repeated
        if left < 0 or first + repeated - 1 > _MAX_ROWS:
            raise DocumentTooLarge(
                f"{name}: a table has more than {_MAX_CELLS:,} cells or {_MAX_ROWS:,} rows. Split it into "
                "smaller ones."
            )
        for number in range(first, first + repeated):
            yield SheetRow(number, list(cells))


def merged_cells(table: etree._Element) -> list[Merged]:
    """The merged ranges of a table, sorted by first row."""
    found = []
    for top, _, element in _elements(table):
        for left, _, cell in _columns(element):
            width, height = (
                max(1, parse_integer(cell.get(TABLE + key), 1))
                for key in ("number-columns-spanned", "number-rows-spanned")
            )
            if width > 1 or height > 1:
                found.append(Merged(left, top, left + width - 1, top + height - 1))
                if len(found) == _MAX_MERGED:
                    return found
    return found


def paragraph_text(paragraph: etree._Element) -> str:
    """The text of a paragraph, without comments and notes in it."""
    parts = [paragraph.text or ""]
    walker = etree.iterwalk(paragraph, events=("start", "end"))
    for event, element in walker:
        if element is paragraph:
            continue
        if event == "end":
            parts.append(element.tail or "")
        elif element.tag in _LEFT_OUT:
            walker.skip_subtree()
        else:
            parts.append(_WHITE_SPACE.get(element.tag) or element.text or "")
    lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
    return "\n".join(filter(None, lines))


def _elements(table: etree._Element) -> Iterator[tuple[int, int, etree._Element]]:
    """The rows of a table in order: the number of each, how often it is repeated, and its element."""
    number, waiting = 1, list(reversed(table))
    while waiting:
        element = waiting.pop()
        if element.tag in _GROUPS:
            waiting += reversed(element)
        elif element.tag == TABLE + "table-row":
            repeated = max(1, parse_integer(element.get(TABLE + "number-rows-repeated"), 1))
            yield number, repeated, element
            number += repeated


def _columns(row: etree._Element) -> Iterator[tuple[int, int, etree._Element]]:
    """The cells of a row: the column of each, how often it is repeated, and its element."""
    column = 1
    for cell in row.iterchildren(_CELL, _COVERED):
        repeated = max(1, parse_integer(cell.get(TABLE + "number-columns-repeated"), 1))
        yield column, repeated, cell
        column += repeated


def _cells(row: etree._Element) -> list[str]:
    cells: list[str] = []
    for column, repeated, cell in _columns(row):
        text = _cell_text(cell) if cell.tag == _CELL else ""
        if text:
            last = min(column + repeated - 1, _MAX_COLUMNS)
            cells += [""] * (column - 1 - len(cells))
            cells += [text] * (last - column + 1)
    return cells


def _cell_text(cell: etree._Element) -> str:
    """The displayed text of a cell; a date as ISO 8601, because its order depends on a country."""
    date = cell.get(OFFICE + "date-value", "")
    if cell.get(OFFICE + "value-type") == "date" and date:
        return date.replace("T", " ").removesuffix(" 00:00:00")
    shown = "\n".join(filter(None, (paragraph_text(one) for one in cell.iterchildren(TEXT + "p"))))
    return shown or cell.get(OFFICE + "value", "") or cell.get(OFFICE + "string-value", "")
