"""Read Word documents (Office Open XML, ECMA-376).

Headings are recognised by outline levels and by the names of styles. The numbers that Word generates before
paragraphs are generated here as well. Page headers and footers come first, each line once. Page numbers are
known if the file records where pages began when Word last displayed it.
"""

from collections.abc import Iterator

from lxml import etree

from index.errors import CorruptDocument
from index.readers.base.builder import Draft
from index.readers.base.ooxml import RELATION, OfficePackage, is_on
from index.readers.base.word_processing import assemble_document
from index.readers.word.numbering import Numbering
from index.readers.word.story import Sources, Story
from index.readers.word.styles import VAL, Styles, W
from index.types import Extract

READER = "docx/3"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

_NOTES = (("footnote", "footnotes"), ("endnote", "endnotes"))
_PICTURES = (
    "{http://schemas.openxmlformats.org/drawingml/2006/main}blip",
    "{urn:schemas-microsoft-com:vml}imagedata",
)
_PAGE_LINE = 24
"""A line of a header or footer with a page number and at most this many characters is only a page number."""


def read_docx(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """Extract the text of a document (.docx, .docm, .dotx, .dotm). ``charset`` is ignored.

    Raises what :class:`index.readers.base.package.Package` does, and :class:`index.errors.EmptyDocument` or
    :class:`index.errors.NoTextLayer` for documents without text.
    """
    package = OfficePackage(data, name=name)
    part = package.main_part()
    root = package.xml(part)
    bodies = root.findall(W + "body")  # some programs write several
    if root.tag != W + "document" or not bodies:
        raise CorruptDocument(f"{name}: the package is not a Word document. Check the file's suffix.")
    sources = Sources(
        Styles(_related(package, part, "styles")),
        Numbering(_related(package, part, "numbering")),
        dict(_notes(package, part)),
    )
    story = Story(sources)
    for body in bodies:
        story.walk(body)
    drafts = story.finish()
    drafts = [*_margins(package, part, root, sources), *drafts]
    return assemble_document(
        story,
        drafts,
        pictures=root.iter(*_PICTURES),
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
            # Notes with another type are the separators between text and notes.
            if note.get(W + "type", "normal") == "normal":
                yield (kind, note.get(W + "id", "")), note


def _margins(package: OfficePackage, part: str, root: etree._Element, sources: Sources) -> Iterator[Draft]:
    """The lines of page headers and footers, each once although they are repeated on many pages."""
    settings = _related(package, part, "settings")
    has_even_pages = settings is not None and is_on(settings.find(W + "evenAndOddHeaders"), VAL)
    relationships = package.relationships(part)
    parts: dict[str, None] = {}
    for section in root.iter(W + "sectPr"):
        kinds = {"default"}
        kinds |= {"even"} if has_even_pages else set()
        kinds |= {"first"} if _has_first_page(section) else set()
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
        is_page_number = story.shows_page_number and len(draft.text) <= _PAGE_LINE
        if not is_page_number and any(map(str.isalpha, draft.text)):
            yield draft.text


def _has_first_page(section: etree._Element) -> bool:
    return is_on(section.find(W + "titlePg"), VAL)
