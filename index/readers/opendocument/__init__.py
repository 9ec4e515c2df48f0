"""Read OpenDocument texts (ISO/IEC 26300).

Deleted text of tracked changes, comments, hidden text, generated tables of contents and numbers behind
paragraphs are left out.
Footnotes follow the block that refers to them. Page numbers are known if the file records soft page breaks.
"""

import re
from itertools import pairwise

from lxml import etree

from index.readers.base.word_processing import assemble_document
from index.readers.opendocument.file import DRAW, metadata, open_document
from index.readers.opendocument.styles import TEXT
from index.readers.opendocument.text import Body
from index.types import Extract

READER = "odt/4"
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


# Recognise numbers behind paragraphs, by which a printed text is referred to, as ``[41]`` or ``「41」``.
#
# They are spans at the end of paragraphs that repeat the name of a bookmark before them, and count upwards
# through the document.


_NUMBER = re.compile(r"\s*[\[(<{「【〔〈](\d{1,6})[\])>}」】〕〉]\s*\Z")
_ANCHORS = (TEXT + "bookmark", TEXT + "bookmark-start")
_PARAGRAPHS = frozenset({TEXT + "p", TEXT + "h"})
_MIN_NUMBERS = 10
"""Fewer are rather references that happen to end their paragraphs."""


def paragraph_numbers(body: etree._Element) -> frozenset[etree._Element]:
    """The spans with the numbers of paragraphs; none if the paragraphs of the document have no numbers."""
    anchors = set[str]()
    found: list[tuple[int, etree._Element]] = []
    for element in body.iter(*_ANCHORS, TEXT + "span"):
        if element.tag in _ANCHORS:
            anchors.add(element.get(TEXT + "name", ""))
        elif _ends_paragraph(element):
            match = _NUMBER.match("".join(map(str, element.itertext())))
            if match and match[1] in anchors:
                found.append((int(match[1]), element))
                anchors.clear()
    ascending = all(before < after for (before, _), (after, _) in pairwise(found))
    return frozenset(span for _, span in found) if ascending and len(found) >= _MIN_NUMBERS else frozenset()


def _ends_paragraph(span: etree._Element) -> bool:
    parent = span.getparent()
    return (
        parent is not None
        and parent.tag in _PARAGRAPHS
        and span.getnext() is None
        and not (span.tail or "").strip()
    )
