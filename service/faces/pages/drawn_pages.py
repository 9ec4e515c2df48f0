"""The pages of a PDF file as the viewer shows them: drawn, with the quote and its evidence marked on them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from index.answers import Citation
from index.page_labels import label_of
from index.protocols import Snapshot
from index.records import Structure, VersionRecord
from index.text import Layout, Span
from service.http.links import original_address, page_image_address

MOST = 3
"""Pages shown at once, of a quote that goes over more."""
WIDTHS = (700, 1100, 1600, 2400)
"""Widths of the pictures that a browser chooses from, in pixels."""
_MOST_MARKS = 1000
_PDF = "application/pdf"
MarkKind = Literal["quote", "evidence"]


@dataclass(frozen=True, slots=True)
class PageMark:
    """A rectangle on a page, in points from its top left corner."""

    kind: MarkKind
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class DrawnPage:
    """A page with the addresses of its pictures and their widths, and what is marked on it.

    ``printed`` is the number that it bears, if that is another than its own in the file. The size is in
    points, and 0 where it is not known; nothing is marked then.
    """

    number: int
    printed: str
    width: float
    height: float
    pictures: tuple[tuple[str, int], ...]
    original: str
    marks: tuple[PageMark, ...]


@dataclass(frozen=True, slots=True)
class DrawnPages:
    """Neighbouring pages, and the span of their text. ``before`` and ``after`` are the pages beside them."""

    pages: tuple[DrawnPage, ...]
    span: Span
    count: int
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Shown:
    """The part of a version to show: the marked spans, and another page than that of the quote, if one is."""

    quote: Span
    evidence: Sequence[Span]
    page: int | None
    collection: str


def has_pages(version: VersionRecord, structure: Structure) -> bool:
    """Whether a version has pages that could be drawn."""
    return version.media_type == _PDF and bool(structure.pages)


def drawn_pages(
    moment: Snapshot, citation: Citation, version: VersionRecord, structure: Structure, shown: Shown
) -> DrawnPages | None:
    """The pages of a citation; None if they cannot be drawn, because the original is not kept."""
    if not has_pages(version, structure) or not moment.originals([version.source_sha256]):
        return None
    count = len(structure.pages)
    first, last = citation.pages or (1, 1)
    if shown.page is not None:
        first = last = min(max(shown.page, 1), count)
    last = min(last, first + MOST - 1, count)
    packed = moment.layout(version)
    layout = Layout.from_bytes(packed) if packed else None
    pages = tuple(_make_page(version, number, layout, shown) for number in range(first, last + 1))
    end = structure.pages[last] if last < count else version.length
    before, after = first - 1 or None, last + 1 if last < count else None
    return DrawnPages(pages, (structure.pages[first - 1], end), count, before, after)


def _make_page(version: VersionRecord, number: int, layout: Layout | None, shown: Shown) -> DrawnPage:
    document, collection = (version.document_id, version.number), shown.collection
    pictures = tuple((page_image_address(*document, number, one, collection), one) for one in WIDTHS)
    original = f"{original_address(*document, collection)}#page={number}"
    label = label_of(version.page_labels, number)
    printed = label if label != str(number) else ""
    if layout is None or not number <= len(layout.page_sizes):
        return DrawnPage(number, printed, 0.0, 0.0, pictures, original, ())
    marks = tuple(islice(_marks_on_page(layout, number, shown), _MOST_MARKS))
    return DrawnPage(number, printed, *layout.page_size(number), pictures, original, marks)


def _marks_on_page(layout: Layout, number: int, shown: Shown) -> Iterator[PageMark]:
    start, end = shown.quote
    inside = [(max(start, one), min(end, other)) for one, other in shown.evidence]
    yield from _marks_of("quote", shown.quote, layout, number)
    for span in inside:
        yield from _marks_of("evidence", span, layout, number)


def _marks_of(kind: MarkKind, span: Span, layout: Layout, number: int) -> Iterator[PageMark]:
    for one in layout.rectangles(*span):
        if one.page == number:
            yield PageMark(kind, one.x0, one.y0, round(one.x1 - one.x0, 2), round(one.y1 - one.y0, 2))
