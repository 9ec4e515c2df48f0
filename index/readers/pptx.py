"""PowerPoint presentations (Office Open XML, ECMA-376), read from the package itself.

A slide is a page, its title a heading; one without a title is headed ``Slide`` and its number. Notes
follow their slide under a heading of their own. Hidden slides are read like others. What is on every
slide (footers, dates, numbers) and comments are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lxml import etree

from index.errors import CorruptDocument, NoTextLayer
from index.readers.builder import Draft, assemble
from index.readers.ooxml import RELATION, OfficePackage
from index.readers.pptx_shapes import P, Shapes
from index.types import Extract

READER = "pptx/1"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


def read_pptx(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """The text of a presentation (.pptx, .pptm, .ppsx, .potx). ``charset`` is not used: XML declares its own.

    Raises what :class:`index.readers.package.Package` does, and :class:`index.errors.EmptyDocument` or
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
    if not drafts and pictures:
        raise NoTextLayer(f"{name}: the slides have pictures only. Run text recognition (OCR) on them first.")
    return assemble(
        drafts,
        name=name,
        media_type=MEDIA_TYPE,
        reader=READER,
        title=title,
        metadata=metadata,
        page_count=len(slides),
    )


def _slides(package: OfficePackage, part: str, root: etree._Element) -> Iterator[str]:
    relationships = package.relationships(part)
    for element in root.iterfind(f"{P}sldIdLst/{P}sldId"):
        found = relationships.get(element.get(RELATION + "id", ""))
        if found is None or found.part not in package:
            raise CorruptDocument(f"{package.name}: a slide is missing in the package. Save it anew.")
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
