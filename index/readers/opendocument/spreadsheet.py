"""Read OpenDocument spreadsheets (ISO/IEC 26300): a sheet is a section, a row a line that names its cells.

The structure is that of Excel workbooks, see :mod:`index.readers.sheets`. Hidden sheets are not read; their
names are in the metadata.
"""

from index.readers.base.bounds import limit_text, repeated_limit
from index.readers.base.builder import Draft
from index.readers.base.normalisation import one_line
from index.readers.opendocument.file import TABLE, metadata, open_document
from index.readers.opendocument.table_rows import merged_cells, table_rows
from index.readers.sheets.sheet_tables import assemble_workbook, sheet_drafts
from index.types import Extract

READER = "ods/2"
MEDIA_TYPE = "application/vnd.oasis.opendocument.spreadsheet"


def read_ods(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """Extract the sheets of a workbook (.ods, .ots), with numbers as its cells show them.

    ``charset`` is ignored: XML declares its own. Raises what
    :class:`index.readers.base.package.Package` does, and :class:`index.errors.DocumentTooLarge`.
    """
    document = open_document(data, name=name, kind="spreadsheet", advice="Save it as .ods, or as .xlsx.")
    drafts, hidden, characters = [], [], 0
    for table in document.body.iterchildren(TABLE + "table"):
        title = one_line(table.get(TABLE + "name", ""))
        if document.styles.is_hidden("table", table.get(TABLE + "style-name", "")):
            hidden.append(title)
            continue
        rows = sheet_drafts(table_rows(table, name=name), merged_cells(table))
        limit = repeated_limit(document.package.bytes_read) - characters
        found = list(limit_text(rows, name=name, limit=limit))
        characters += sum(len(draft.text) for draft in found)
        drafts += [Draft("heading", title, 1), *found]
    title, described = metadata(document.package)
    return assemble_workbook(
        drafts,
        hidden=hidden,
        name=name,
        media_type=MEDIA_TYPE,
        reader=READER,
        title=title,
        metadata=described,
    )
