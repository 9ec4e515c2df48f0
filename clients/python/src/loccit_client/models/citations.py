"""Citations, and their status in newer versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from loccit_client.decoding import Reply
from loccit_client.models.state import IndexState

__all__ = [
    "Cell",
    "Citation",
    "Edit",
    "Figure",
    "Rectangle",
    "ResolvedCitation",
    "Selector",
    "Standing",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector(Reply):
    """A selector of the W3C Web Annotation model.

    A ``TextPositionSelector`` has ``start`` and ``end``, a ``TextQuoteSelector`` ``exact``, ``prefix`` and
    ``suffix``; it is ``ambiguous`` if the text may contain the three more than once.
    """

    type: str
    start: int | None = None
    end: int | None = None
    exact: str | None = None
    prefix: str | None = None
    suffix: str | None = None
    ambiguous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure(Reply):
    """The box of a picture on a page of a PDF file, in points from the page's top left corner."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation(Reply):
    """A quote that anyone can check: ``text[start:end] == quote`` for the text with this hash.

    Offsets count Unicode code points, as Python strings do. ``pages`` are the first and the last page, from
    1; None for documents without pages. ``printed_pages`` are the numbers that these bear; None unless both
    bear one. ``figure`` is the picture whose caption is quoted. ``section`` has the headings above the quote,
    outermost first.
    ``locator`` is looked up in ``collection``.
    """

    locator: str
    collection: str = ""
    quote: str
    document_id: str
    version: int
    title: str
    source: str
    media_type: str
    section: list[str]
    pages: list[int] | None
    printed_pages: list[str] | None = None
    figure: Figure | None = None
    start: int
    end: int
    text_sha256: str
    source_sha256: str
    selectors: list[Selector]
    links: Mapping[str, str]

    @property
    def page(self) -> int | None:
        """The first page, from 1."""
        return self.pages[0] if self.pages else None

    @property
    def printed_page(self) -> str | None:
        """The number that the first page bears; None unless it and the last page bear one."""
        return self.printed_pages[0] if self.printed_pages else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit(Reply):
    """Text in both versions (``equal``), only in the old (``delete``), or only in the new (``insert``)."""

    kind: Literal["equal", "delete", "insert"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing(Reply):
    """The status of a citation in another version of its document.

    ``diff`` has the edits from the cited words to those there, if they are ``reformatted`` or ``changed``.
    ``citation`` is that of the words there; None if they are ``gone``, ``since`` the document was retired.
    """

    status: Literal["current", "moved", "reformatted", "changed", "gone"]
    version: int
    similarity: float
    diff: list[Edit]
    citation: Citation | None
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rectangle(Reply):
    """A rectangle on a page of a PDF file, in points from the page's top left corner."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float
    page_width: float
    page_height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell(Reply):
    """A cell of a table: ``text[start:end]`` of the document, with the names of its row and column."""

    row: str
    column: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedCitation(Citation):
    """A citation with the text around it, its place on the pages, and its status in the newest version."""

    before: str
    after: str
    rectangles: list[Rectangle]
    cells: list[Cell]
    standing: Standing
    superseded_by: list[str] = field(default_factory=list)
    index: IndexState
