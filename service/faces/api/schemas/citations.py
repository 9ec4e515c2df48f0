"""Response models: citations, and their status in newer versions."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from index import answers, types
from index.citations import resolution
from service.faces.api.schemas.documents import Edit, edits_json
from service.faces.api.schemas.values import IndexState, Json, Sha256, moment, state_json
from service.http.links import with_links


class PositionSelector(BaseModel):
    """W3C Web Annotation TextPositionSelector; offsets in Unicode code points."""

    type: Literal["TextPositionSelector"]
    start: int
    end: int


class QuoteSelector(BaseModel):
    """W3C Web Annotation TextQuoteSelector."""

    type: Literal["TextQuoteSelector"]
    exact: str
    prefix: str
    suffix: str
    ambiguous: bool = Field(
        description="Whether prefix, quote and suffix together may occur in the text more than once."
    )


class Figure(BaseModel):
    """The box of a picture on a page, in PDF points (1/72 inch) from the page's top left corner."""

    page: int = Field(description="Counted from 1.")
    x0: float
    y0: float
    x1: float
    y1: float


class Citation(BaseModel):
    """A reference to a quote that anyone can check: ``text[start:end] == quote``, in Unicode code points."""

    locator: str = Field(examples=["bth.txt@9f2c41aab3de:1024-1311"])
    collection: str = Field(
        description="The collection in which the locator is looked up; empty for a text that is in none."
    )
    quote: str
    document_id: str
    version: int
    title: str
    source: str
    media_type: str
    section: list[str] = Field(description="The headings above the quote, outermost first.")
    pages: tuple[int, int] | None = Field(
        description="First and last page, counted from 1, as programs count that show the file."
    )
    printed_pages: tuple[str, str] | None = Field(
        description="The numbers that the first and the last page bear, such as `217` or `xii`; null unless "
        "both bear one."
    )
    figure: Figure | None = Field(
        description="The picture whose caption is quoted, or a part of it; its address is among the `links`."
    )
    start: int
    end: int
    text_sha256: Sha256
    source_sha256: Sha256
    selectors: list[PositionSelector | QuoteSelector]
    links: dict[str, str] = Field(
        description="`citation` and `text` of this API; `view`, a page that shows the quote in its document; "
        "for documents from the web, `source`, which opens the original at the quote; and, for the caption "
        "of a picture, `figure`, the picture."
    )


class Standing(BaseModel):
    """The status of a citation in another version of its document.

    `current`: the same words at the same offsets. `moved`: the same words at other offsets. `reformatted`:
    the same words in other typography (white space, line breaks, quotation marks, dashes, case). `changed`:
    other words in their place. `gone`: no similar words, or the document is retired, since `since`.
    """

    status: Literal["current", "moved", "reformatted", "changed", "gone"]
    version: int = Field(description="Number of the other version.")
    similarity: float = Field(description="Similarity of the words there to the cited ones, 0 to 1.")
    diff: list[Edit] = Field(
        description="Edits from the cited words to the words there; empty unless `reformatted` or `changed`."
    )
    citation: Citation | None = Field(description="Citation of the words there; null if `gone`.")
    since: datetime | None = Field(
        description="When the document was retired, if that is why the words are `gone`; else null."
    )


class Rectangle(BaseModel):
    """A rectangle on a page in PDF points (1/72 inch). The origin is the page's top left corner."""

    page: int = Field(description="Counted from 1.")
    x0: float
    y0: float
    x1: float
    y1: float
    page_width: float
    page_height: float


class Cell(BaseModel):
    """A cell of a table: ``text[start:end]`` of the document's text, which is not empty."""

    row: str = Field(description="The first cell of its row that has words, which names most rows.")
    column: str = Field(description="The name of its column; empty if the table names none.")
    start: int
    end: int


class CitationResponse(Citation):
    """A citation with the text around it and its status in the newest version."""

    before: str = Field(description="The text before the quote.")
    after: str = Field(description="The text after the quote.")
    rectangles: list[Rectangle] = Field(
        description="Position of the quote on the pages, a rectangle per line; empty for documents "
        "without pages, and for formats whose readers do not extract positions."
    )
    cells: list[Cell] = Field(
        description="The cells of tables that the quote has a part of, in order, at most 256; empty if it is "
        "in no table."
    )
    standing: Standing
    superseded_by: list[str] = Field(
        description="The ids of documents that supersede this one, by `supersedes` in their metadata."
    )
    index: IndexState


def citation_json(citation: answers.Citation, collection: str) -> Json:
    """A citation of a collection as :class:`Citation`."""
    (told,) = citations_json([citation], collection)
    return told


def citations_json(citations: Sequence[answers.Citation], collection: str) -> list[Json]:
    """Citations of a collection, each as :class:`Citation`."""
    return [_fields(one) for one in [with_links(citation, collection) for citation in citations]]


def _fields(citation: answers.Citation) -> Json:
    return {
        "locator": citation.locator,
        "collection": citation.collection,
        "quote": citation.quote,
        "document_id": citation.document_id,
        "version": citation.version,
        "title": citation.title,
        "source": citation.source,
        "media_type": citation.media_type,
        "section": citation.section,
        "pages": citation.pages,
        "printed_pages": citation.printed_pages,
        "figure": _figure_json(citation.figure),
        "start": citation.start,
        "end": citation.end,
        "text_sha256": citation.text_sha256,
        "source_sha256": citation.source_sha256,
        "selectors": [_selector_json(selector) for selector in citation.selectors],
        "links": citation.links,
    }


def _figure_json(one: types.Figure | None) -> Json | None:
    if one is None:
        return None
    return {"page": one.page, "x0": one.x0, "y0": one.y0, "x1": one.x1, "y1": one.y1}


def _selector_json(one: answers.Selector) -> Json:
    if one.exact is None:
        return {"type": one.type, "start": one.start, "end": one.end}
    return {
        "type": one.type,
        "exact": one.exact,
        "prefix": one.prefix,
        "suffix": one.suffix,
        "ambiguous": one.ambiguous,
    }


def standing_json(today: resolution.Today, collection: str) -> Json:
    """The status of a citation, as :class:`Standing`."""
    there = None if today.citation is None else citation_json(today.citation, collection)
    return _standing_json(today, there)


def _standing_json(today: resolution.Today, there: Json | None) -> Json:
    found = today.standing
    return {
        "status": found.status,
        "version": today.version,
        "similarity": round(found.similarity, 4),
        "diff": edits_json(found.edits),
        "citation": there,
        "since": None if found.since is None else moment(found.since),
    }


def resolved_json(one: resolution.Resolved, state: answers.IndexState, collection: str) -> Json:
    """A resolved citation as :class:`CitationResponse`."""
    now = one.today.citation
    cited, *there = citations_json([one.citation] if now is None else [one.citation, now], collection)
    return {
        **cited,
        "before": one.before,
        "after": one.after,
        "rectangles": [_rectangle_json(mark) for mark in one.rectangles],
        "cells": cells_json(one.cells),
        "standing": _standing_json(one.today, there[0] if there else None),
        "superseded_by": one.superseded_by,
        "index": state_json(state),
    }


def cells_json(cells: Sequence[types.Cell]) -> list[Json]:
    """Cells as :class:`Cell`."""
    return [{"row": one.row, "column": one.column, "start": one.start, "end": one.end} for one in cells]


def _rectangle_json(mark: resolution.PageMark) -> Json:
    width, height = mark.page_size
    return {**asdict(mark.rectangle), "page_width": width, "page_height": height}
