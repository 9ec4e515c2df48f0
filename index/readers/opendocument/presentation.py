"""Read OpenDocument presentations (ISO/IEC 26300): a slide is a page, its title a heading.

The structure is that of PowerPoint presentations, see :mod:`index.readers.slides`: notes follow their slide
under a heading of their own, charts are tables, and what is repeated on every slide is left out.
"""

from collections.abc import Iterator
from dataclasses import replace

from lxml import etree

from index.readers.base.builder import BlockBuilder, Draft
from index.readers.base.package import Package, resolve_path
from index.readers.opendocument.file import DRAW, OFFICE, TABLE, OpenDocument, metadata, open_document
from index.readers.opendocument.styles import TEXT
from index.readers.opendocument.table_rows import paragraph_text, table_rows
from index.readers.opendocument.text import Body
from index.readers.slides import assemble_slides
from index.types import Extract

READER = "odp/2"
MEDIA_TYPE = "application/vnd.oasis.opendocument.presentation"

_PRESENTATION = "{urn:oasis:names:tc:opendocument:xmlns:presentation:1.0}"
_CHART = "{urn:oasis:names:tc:opendocument:xmlns:chart:1.0}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_NOTES = _PRESENTATION + "notes"
_REPEATED = frozenset({"header", "footer", "date-time", "page-number", "page"})
"""Placeholders for what is repeated on every slide, and for the slide's picture on its page of notes."""


def read_odp(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """Extract the text of a presentation (.odp, .otp). ``charset`` is ignored: XML declares its own.

    Raises what :class:`index.readers.base.package.Package` does, and :class:`index.errors.EmptyDocument` or
    :class:`index.errors.NoTextLayer` for slides without text.
    """
    document = open_document(data, name=name, kind="presentation", advice="Save it as .odp, or as .pptx.")
    slides = list(document.body.iterchildren(DRAW + "page"))
    drafts: list[Draft] = []
    title, described = metadata(document.package)
    for number, slide in enumerate(slides, 1):
        shown = _slide_title(slide)
        title = title or (shown if number == 1 else "")
        found = _slide(document, slide, shown, number)
        drafts += (replace(draft, page=number) for draft in found)
    has_pictures = not drafts and any(next(one.iter(DRAW + "image"), None) is not None for one in slides)
    return assemble_slides(
        drafts,
        pictures=has_pictures,
        page_count=len(slides),
        name=name,
        media_type=MEDIA_TYPE,
        reader=READER,
        title=title,
        metadata=described,
    )


def _slide(document: OpenDocument, slide: etree._Element, title: str, number: int) -> Iterator[Draft]:
    shapes = _shapes(document, slide)
    notes = slide.find(_NOTES)
    remarks = [] if notes is None else _shapes(document, notes)
    if title or shapes or remarks:
        yield Draft("heading", title or f"Slide {number}", 1)
    yield from shapes
    if remarks:
        yield Draft("heading", "Notes", 2)
        yield from remarks


def _slide_title(slide: etree._Element) -> str:
    shape = _title_shape(slide)
    texts = () if shape is None else map(paragraph_text, shape.iter(TEXT + "p"))
    return " ".join(" ".join(texts).split())


def _title_shape(slide: etree._Element) -> etree._Element | None:
    titles = (one for one in slide if one.get(_PRESENTATION + "class") == "title")
    return next(titles, None)


def _shapes(document: OpenDocument, slide: etree._Element) -> list[Draft]:
    """The blocks of a slide or of its page of notes, without its title, in the order of the file."""
    title = _title_shape(slide)
    drafts: list[Draft] = []
    for shape in slide:
        if shape is title or not str(shape.tag).startswith(DRAW):
            continue  # comments, animations, and the page of notes
        if (
            shape.get(_PRESENTATION + "class") in _REPEATED
            or shape.get(_PRESENTATION + "placeholder") == "true"
        ):
            continue
        body = Body(document.styles)
        body.walk(shape)
        drafts += body.finish()
        for embedded in shape.iter(DRAW + "object"):
            drafts += _chart(document.package, embedded.get(_HREF, ""))
    return drafts


def _chart(package: Package, reference: str) -> list[Draft]:
    """The title of a chart, and its data as a table; nothing for other objects."""
    part = resolve_path("content.xml", f"{reference}/content.xml") if reference else ""
    if part not in package:
        return []
    chart = package.xml(part).find(f"{OFFICE}body/{OFFICE}chart/{_CHART}chart")
    if chart is None:
        return []
    builder = BlockBuilder()
    for line in chart.iterfind(f"{_CHART}title/{TEXT}p"):
        builder.paragraph(paragraph_text(line))
    table = chart.find(TABLE + "table")
    if table is not None:
        builder.table(row.cells for row in table_rows(table, name=package.name))
    return builder.drafts
