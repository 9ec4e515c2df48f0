"""Rich Text Format (specification 1.9.1): paragraphs, headings, lists, tables, notes, pages told apart.

Headings are told by outline levels, of paragraphs and of styles, and by the names of styles. Text that
tracked changes have deleted, hidden text, comments, page headers and footers are left out.
"""

from __future__ import annotations

from index.errors import CorruptDocument
from index.readers.builder import assemble
from index.readers.package import refuse_compound_file
from index.readers.rtf_document import Document
from index.readers.rtf_tokens import tokens
from index.types import Extract

READER = "rtf/1"
MEDIA_TYPE = "application/rtf"

_START = b"{\\rtf"


def read_rtf(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """The text of a file. ``charset`` is not used: the file declares its own code pages.

    Raises :class:`index.errors.CorruptDocument` for what is no RTF or is cut short, and
    :class:`index.errors.EmptyDocument`.
    """
    refuse_compound_file(data, name=name)
    data = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not data.startswith(_START):
        raise CorruptDocument(f"{name}: this is not RTF. Check the file's suffix, or save it as .rtf anew.")
    document = Document(name)
    for token in tokens(data):
        document.take(token)
        if document.ended:
            break
    else:
        raise CorruptDocument(f"{name}: the file is cut short: its last group has no end. Save it anew.")
    drafts = document.finish()
    headings = (draft.text for draft in drafts if draft.kind == "heading" and draft.level == 1)
    title, metadata = document.properties()
    return assemble(
        drafts,
        name=name,
        media_type=MEDIA_TYPE,
        reader=READER,
        title=title or next(headings, ""),
        metadata=metadata,
    )
