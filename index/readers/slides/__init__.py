"""Read PowerPoint presentations (Office Open XML, ECMA-376).

A slide is a page. Its title is a heading; a slide without a title gets the heading ``Slide`` with its number.
Notes follow their slide under a heading of their own. Hidden slides are read like others. Comments, and what
is repeated on every slide (footers, dates, numbers), are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from lxml import etree

from index.errors import CorruptDocument, NoTextLayer
from index.readers.base.builder import Draft, assemble
from index.readers.base.ooxml import RELATION, OfficePackage
from index.readers.slides.shapes import P, Shapes
from index.types import Extract, Scalar

READER = "pptx/2"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


def read_pptx(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """Extract the text of a presentation (.pptx, .pptm, .ppsx, .potx). ``charset`` is ignored.

    Raises what :class:`index.readers.base.package.Package` does, and :class:`index.errors.EmptyDocument` or
    :class:`index.errors.NoTextLayer` for slides without text.
    """
    package = OfficePackage(data, name=name)
    part = package.main_part()
    root = package.xml(part)
    if root.tag != P + "presentation":
        raise CorruptDocument(f"{name}: the package is not a presentation. Check the file's suffix.")
    slides = list(_slides(package, part, root))
    drafts: list[Draft] = []
    pictures = False
    title, metadata = package.core_properties()
    for number, slide in enumerate(slides, 1):
        shapes = Shapes(package, slide)
        if number == 1:
            title = title or shapes.title
        pictures = pictures or shapes.has_pictures
        drafts += (replace(draft, page=number) for draft in _slide(package, slide, shapes, number))
    return assemble_slides(
        drafts,
        pictures=pictures,
        page_count=len(slides),
        name=name,
        media_type=MEDIA_TYPE,
        reader=READER,
        title=title,
        metadata=metadata,
    )


def assemble_slides(  # noqa: PLR0913 -- what slides have
    drafts: Sequence[Draft],
    *,
    pictures: bool,
    page_count: int,
    name: str,
    media_type: str,
    reader: str,
    title: str,
    metadata: Mapping[str, Scalar],
) -> Extract:
    """Assemble slides. Raises :class:`index.errors.NoTextLayer` for ``pictures`` without text."""
    if not drafts and pictures:
        raise NoTextLayer(
            f"{name}: the slides have pictures but no text. Run OCR (text recognition) on them first."
        )
    return assemble(
        drafts,
        name=name,
        media_type=media_type,
        reader=reader,
        title=title,
        metadata=metadata,
        page_count=page_count,
    )


def _slides(package: OfficePackage, part: str, root: etree._Element) -> Iterator[str]:
    relationships = package.relationships(part)
    for element in root.iterfind(f"{P}sldIdLst/{P}sldId"):
        found = relationships.get(element.get(RELATION + "id", ""))
        if found is None or found.part not in package:
            raise CorruptDocument(f"{package.name}: a slide is missing in the package. Save it again.")
        yield found.part


def _slide(package: OfficePackage, part: str, shapes: Shapes, number: int) -> Iterator[Draft]:
    path = package.related(part, "notesSlide")
    notes = [] if path is None else Shapes(package, path, bullets=False).drafts
    if shapes.title or shapes.drafts or notes:
        yield Draft("heading", shapes.title or f"Slide {number}", 1)
    yield from shapes.drafts
    if notes:
        yield Draft("heading", "Notes", 2)
        yield from notes
