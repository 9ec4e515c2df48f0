"""Read the cells of a workbook as they are displayed, from SpreadsheetML (ECMA-376, part 1, 18).

openpyxl is not used: when it reads row by row it has no merged cells, and it extends rows to whatever width a
sheet declares.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from lxml import etree

from index.errors import CorruptDocument, DocumentTooLarge
from index.readers.base.ooxml import OfficePackage, parse_integer
from index.readers.sheets.number_format import BUILTIN, format_number

_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})\Z")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^<>]*?\sref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_MAX_COLUMNS = 16_384
_MAX_ROWS = 1_048_576
_MAX_CELLS = 20_000_000
"""Cells of a workbook, with the empty cells before the last one of each row."""
_MAX_MERGED = 100_000


@dataclass(frozen=True, slots=True)
class Merged:
    """A range of merged cells, which shows the value of the first. Counted from 1, ends included."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row with the displayed text of its cells, from column 1 to the last that is not empty."""

    number: int
    cells: list[str]


class Cells:
    """Turns the cells of one workbook into text."""

    def __init__(self, package: OfficePackage, workbook: str, *, date1904: bool) -> None:
        self.name = package.name
        self.date1904 = date1904
        self.uncalculated = 0
        """Number of formulas found without a saved result."""
        self._left = _MAX_CELLS
        strings, styles = (package.related(workbook, kind) for kind in ("sharedStrings", "styles"))
        self._strings = list(self._shared(package, strings)) if strings else []
        self._codes = _number_formats(package.xml(styles)) if styles else []

    def rows(self, sheet: bytes, *, part: str) -> Iterator[SheetRow]:
        """The rows of a sheet that are not empty."""
        number = 0
        for element in _elements(sheet, "row", name=self.name, part=part):
            number = parse_integer(element.get("r"), number + 1)
            if not 1 <= number <= _MAX_ROWS:
                raise CorruptDocument(f"{self.name}: {part!r} has a row {number}. Save the workbook again.")
            cells = self._row_cells(element)
            if cells:
                yield SheetRow(number, cells)

    def _row_cells(self, row: etree._Element) -> list[str]:
        cells: list[str] = []
        column = 0
        for cell in row.iterchildren("{*}c"):
            column = _column(cell.get("r")) or column + 1
            if column > _MAX_COLUMNS:
                raise CorruptDocument(f"{self.name}: a row has too many columns. Save the workbook again.")
            text = self._cell_text(cell)
            if text.strip():
                cells += [""] * (column - len(cells))
                cells[column - 1] = text
        self._left -= len(cells) + 1
        if self._left < 0:
            raise DocumentTooLarge(
                f"{self.name}: the workbook has more than {_MAX_CELLS:,} cells. Split it into smaller ones."
            )
        return cells

    def _cell_text(self, cell: etree._Element) -> str:
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            return _text(cell.find("{*}is"))
        value = (cell.findtext("{*}v") or "").strip() if kind != "str" else cell.findtext("{*}v") or ""
        if not value:
            self.uncalculated += cell.find("{*}f") is not None
        elif kind == "s":
            value = self._string(value)
        elif kind == "n":
            value = self._number(value, parse_integer(cell.get("s")))
        elif kind == "b":
            value = "FALSE" if value in ("0", "false") else "TRUE"
        elif kind == "d":
            value = value.replace("T", " ").removesuffix(" 00:00:00")
        return value

    def _string(self, value: str) -> str:
        at = parse_integer(value, -1)
        if not 0 <= at < len(self._strings):
            raise CorruptDocument(
                f"{self.name}: a cell refers to a text that does not exist. Save the workbook again."
            )
        return self._strings[at]

    def _number(self, value: str, style: int) -> str:
        try:
            number = float(value)
        except ValueError:
            return value
        code = self._codes[style] if 0 <= style < len(self._codes) else "General"
        return format_number(number, code, date1904=self.date1904)

    def _shared(self, package: OfficePackage, part: str) -> Iterator[str]:
        for element in _elements(package.read(part), "si", name=self.name, part=part):
            yield _text(element)


def merged_ranges(sheet: bytes) -> list[Merged]:
    """The merged ranges of a sheet, sorted by first row. In the file they come after all rows."""
    found = []
    for match in _MERGED.finditer(sheet, max(0, sheet.rfind(b"sheetData>"))):
        left, right = _letters(match[1].decode()), _letters(match[3].decode())
        found.append(Merged(left, int(match[2]), right, int(match[4])))
        if len(found) == _MAX_MERGED:
            break
    return sorted(found, key=lambda one: (one.top, one.left))


def _elements(data: bytes, tag: str, *, name: str, part: str) -> Iterator[etree._Element]:
    """Parse the elements with a tag one by one; each is freed when the next is requested."""
    if b"<!DOCTYPE" in data[:4096]:
        raise CorruptDocument(
            f"{name}: {part!r} has a DOCTYPE, which workbooks may not have. Save the workbook again."
        )
    parsed = etree.iterparse(
        BytesIO(data),
        tag=f"{{*}}{tag}",
        remove_comments=True,
        remove_pis=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    try:
        for _, element in parsed:
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except etree.LxmlError as error:
        raise CorruptDocument(
            f"{name}: {part!r} in it cannot be read as XML: {error}. Save the workbook again."
        ) from None


def _text(element: etree._Element | None) -> str:
    """The characters of a rich text, without phonetic annotations."""
    if element is None:
        return ""
    texts = element.iterfind("{*}r/{*}t") if element.find("{*}t") is None else element.iterfind("{*}t")
    return "".join(one.text or "" for one in texts)


def _number_formats(styles: etree._Element) -> list[str]:
    """The format code of each cell style."""
    own = {
        parse_integer(one.get("numFmtId"), -1): one.get("formatCode", "")
        for one in styles.iterfind("{*}numFmts/{*}numFmt")
    }
    numbers = (parse_integer(one.get("numFmtId")) for one in styles.iterfind("{*}cellXfs/{*}xf"))
    return [own.get(number) or BUILTIN.get(number, "General") for number in numbers]


def _column(reference: str | None) -> int:
    match = _REFERENCE.match(reference or "")
    return _letters(match[1]) if match else 0


def _letters(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number
