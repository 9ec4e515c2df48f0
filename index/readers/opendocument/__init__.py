"""Read OpenDocument texts (ISO/IEC 26300).

Deleted text of tracked changes, comments, hidden text, generated tables of contents and numbers behind
paragraphs are left out.
Footnotes follow the block that refers to them. Page numbers are known if the file records soft page breaks.
"""

from __future__ import annotations

from index.readers.base.word_processing import assemble_document
from index.readers.opendocument.file import DRAW, metadata, open_document
from index.readers.opendocument.paragraph_numbers import paragraph_numbers
from index.readers.opendocument.text import Body
from index.types import Extract

READER = "odt/3"
MEDIA_TYPE = "application/vnd.oasis.opendocument.text"


def read_odt(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """Extract the text of a document (.odt, .ott). ``charset`` is ignored: XML declares its own.

    Raises what :class:`index.readers.base.package.Package` does, and :class:`index.errors.EmptyDocument` or
    :class:`index.errors.NoTextLayer` for documents without text.
    """
    document = open_document(data, name=name, kind="text", advice="Save it as .odt, or as PDF.")
    body = Body(document.styles, left_out=paragraph_numbers(document.body))
    body.walk(document.body)
    drafts = body.finish()
    return assemble_document(
        body,
        drafts,
        pictures=document.body.iter(DRAW + "image"),
        properties=metadata(document.package),
        name=name,
        media_type=MEDIA_TYPE,
        reader=READER,
    )
