"""Read Rich Text Format (specification 1.9.1): paragraphs, headings, lists, tables and notes.

Headings are recognised by the outline levels of paragraphs and styles, and by the names of styles. Deleted
text of tracked changes, hidden text and comments are left out. Page headers and footers come first, each line
once.
"""

from index.errors import CorruptDocument
from index.readers.base.builder import assemble
from index.readers.base.package import refuse_compound_file
from index.readers.rtf.document import Document
from index.readers.rtf.tokens import tokenize
from index.types import Extract

READER = "rtf/3"
MEDIA_TYPE = "application/rtf"

_START = b"{\\rtf"


def read_rtf(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """Extract the text of a file. ``charset`` is ignored: the file declares its own code pages.

    Raises :class:`index.errors.CorruptDocument` if the file is no RTF or is truncated,
    :class:`index.errors.UndecodableText` if much of it is not in the code pages that it names, and
    :class:`index.errors.EmptyDocument`.
    """
    refuse_compound_file(data, name=name)
    data = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not data.startswith(_START):
        raise CorruptDocument(f"{name}: this is not RTF. Check the file's suffix, or save it as .rtf again.")
    document = Document(name)
    for token in tokenize(data):
        document.take(token)
        if document.ended:
            break
    else:
        raise CorruptDocument(f"{name}: the file is truncated: its last group has no end. Save it again.")
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
