"""Read Excel workbooks (Office Open XML): each sheet is a section, each row a line that names its cells.

Blank rows separate tables. Rows of one cell above a table are its caption. What the file says that pictures
and charts of a sheet show follows its rows. Hidden sheets are not read; their names are in the metadata. Rows
and columns that a filter hides are read, because a filter is only a temporary view.
"""

from collections.abc import Iterator
from itertools import chain

from index.errors import EmptyDocument
from index.readers.base.bounds import limit_text, repeated_limit
from index.readers.base.builder import Draft
from index.readers.base.normalisation import one_line
from index.readers.base.ooxml import RELATION, OfficePackage, is_on
from index.readers.base.pictures import description
from index.readers.sheets.cells import Cells, merged_ranges
from index.readers.sheets.sheet_tables import assemble_workbook, sheet_drafts
from index.types import Extract

READER = "xlsx/4"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def read_xlsx(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """Extract the sheets of a workbook, with numbers and dates as its cells show them.

    ``charset`` is ignored. Raises what :class:`index.readers.base.package.Package` does.
    """
    package = OfficePackage(data, name=name)
    part = package.main_part()
    workbook = package.xml(part)
    date1904 = any(is_on(one, "date1904") for one in workbook.iterfind("{*}workbookPr[@date1904]"))
    cells = Cells(package, part, date1904=date1904)
    parts = package.relationships(part)
    drafts, hidden, characters = [], [], 0
    drawings = set[str]()
    for element in workbook.iterfind("{*}sheets/{*}sheet"):
        title, target = one_line(element.get("name", "")), parts.get(element.get(f"{RELATION}id", ""))
        if element.get("state", "visible") != "visible":
            hidden.append(title)
        elif target is not None and target.kind == "worksheet":
            sheet = package.read(target.part)
            tables = sheet_drafts(cells.rows(sheet, part=target.part), merged_ranges(sheet))
            limit = repeated_limit(package.bytes_read) - characters
            pictures = _pictures(package, target.part, drawings)
            found = list(limit_text(chain(tables, pictures), name=name, limit=limit))
            characters += sum(len(draft.text) for draft in found)
            drafts += [Draft("heading", title, 1), *found]
    if cells.uncalculated and all(draft.kind == "heading" for draft in drafts):
        raise EmptyDocument(
            f"{name}: the workbook has formulas without results. Open it in a spreadsheet program and save "
            "it there, to calculate them."
        )
    title, metadata = package.core_properties()
    return assemble_workbook(
        drafts,
        hidden=hidden,
        name=name,
        media_type=MEDIA_TYPE,
        reader=READER,
        title=title,
        metadata=metadata,
    )


def _pictures(package: OfficePackage, sheet: str, read: set[str]) -> Iterator[Draft]:
    """What the file says that the pictures and charts of a sheet show, unless its drawing is ``read``."""
    drawing = package.related(sheet, "drawing")
    if drawing is not None and drawing in package and drawing not in read:
        read.add(drawing)
        for one in package.xml(drawing).iter("{*}cNvPr"):
            if text := description(one.get("descr")):
                yield Draft("figure", text)
