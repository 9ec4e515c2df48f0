"""Word documents (Office Open XML, ECMA-376), read from the package itself.

Headings are told by outline levels and by the names of styles. Numbers that Word puts before paragraphs
are made as it makes them. Page headers and footers come first, each once. Pages are known where the file
notes where they began when Word last showed it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from index.errors import CorruptDocument
from index.readers.builder import Draft
from index.readers.docx_numbering import Numbering
from index.readers.docx_story import Sources, Story
from index.readers.docx_styles import VAL, Styles, W
from index.readers.noted_blocks import extract_of
from index.readers.ooxml import RELATION, OfficePackage, is_on
from index.types import Extract

READER = "docx/1"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

_NOTES = (("footnote", "footnotes"), ("endnote", "endnotes"))
_PICTURES = (
    "{http://schemas.openxmlformats.org/drawingml/2006/main}blip",
    "{urn:schemas-microsoft-com:vml}imagedata",
)
_PAGE_LINE = 24
"""A line of a header or footer with a page number in it and no more characters is only that."""


def read_docx(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """The text of a document (.docx, .docm, .dotx, .dotm). ``charset`` is not used: XML declares its own.

    Raises what :class:`index.readers.package.Package` does, and :class:`index.errors.EmptyDocument` or
    :class:`index.errors.NoTextLayer` for documents without text.
    """
    package = OfficePackage(data, name=name)
    part = package.main_part()
    root = package.xml(part)
    body = root.find(W + "body")
    if root.tag != W + "document" or body is None:
        raise CorruptDocument(f"{name}: the package is not a Word document. Check the file's suffix.")
    sources = Sources(
        Styles(_related(package, part, "styles")),
        Numbering(_related(package, part, "numbering")),
        dict(_notes(package, part)),
    )
    story = Story(sources)
    story.walk(body)
    drafts = story.finish()
    drafts = [*_margins(package, part, body, sources), *drafts]
    return extract_of(
        story,
        drafts,
        pictures=body.iter(*_PICTURES),
        properties=package.core_properties(),
        name=name,
        media_type=MEDIA_TYPE,
        reader=READER,
    )


def _related(package: OfficePackage, part: str, kind: str) -> etree._Element | None:
    path = package.related(part, kind)
    return None if path is None else package.xml(path)


def _notes(package: OfficePackage, part: str) -> Iterator[tuple[tuple[str, str], etree._Element]]:
    for kind, relation in _NOTES:
        root = _related(package, part, relation)
        for note in () if root is None else root.iterchildren(W + kind):
            # Those with a type are the lines between text and notes.
            if note.get(W + "type", "normal") == "normal":
                yield (kind, note.get(W + "id", "")), note


def _margins(package: OfficePackage, part: str, body: etree._Element, sources: Sources) -> Iterator[Draft]:
    """What headers and footers say. They are on many pages; here each of their lines is once."""
    settings = _related(package, part, "settings")
    sides = settings is not None and is_on(settings.find(W + "evenAndOddHeaders"), VAL)
    relationships = package.relationships(part)
    parts: dict[str, None] = {}
    for section in body.iter(W + "sectPr"):
        kinds = {"default", *(["even"] if sides else []), *(["first"] if _has_first_page(section) else [])}
        for reference in section.iterchildren(W + "headerReference", W + "footerReference"):
            found = relationships.get(reference.get(RELATION + "id", ""))
            if found and found.part in package and reference.get(W + "type", "default") in kinds:
                parts.setdefault(found.part)
    lines: dict[str, None] = {}
    for path in parts:
        for paragraph in _paragraphs(package.xml(path), sources):
            lines.setdefault(paragraph)
    for line in lines:
        yield Draft("paragraph", line, page=1)


def _paragraphs(root: etree._Element, sources: Sources) -> Iterator[str]:
    story = Story(sources)
    story.walk(root)
    for draft in story.finish():
        numbered = story.shows_page_number and len(draft.text) <= _PAGE_LINE
        if not numbered and any(map(str.isalpha, draft.text)):
            yield draft.text


def _has_first_page(section: etree._Element) -> bool:
    return is_on(section.find(W + "titlePg"), VAL)
