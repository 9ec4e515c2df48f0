"""Citations, where they are shown, what became of them, and verdicts on quotes."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Literal

from pydantic import BaseModel, Field

from index import answers, resolution, verdicts
from index.claims import Sentence
from service.links import in_collection
from service.schemas.documents import Edit, edits_json
from service.schemas.values import IndexState, Json, Sha256, state_json


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
    ambiguous: bool = Field(description="Whether the three together may stand in the text more than once.")


class Citation(BaseModel):
    """Names a quote so that anyone can check it: ``text[start:end] == quote``, in Unicode code points."""

    locator: str = Field(examples=["bth.txt@9f2c41aab3de:1024-1311"])
    quote: str
    document_id: str
    version: int
    title: str
    source: str
    media_type: str
    section: list[str] = Field(description="The headings above the quote, outermost first.")
    pages: tuple[int, int] | None = Field(description="First and last page, counted from 1.")
    start: int
    end: int
    text_sha256: Sha256
    source_sha256: Sha256
    selectors: list[PositionSelector | QuoteSelector]
    links: dict[str, str] = Field(
        description="`citation` and `text` in this API; `view`, a page that shows the quote in its document; "
        "and `source`, if that is a web address, which opens the original at the quote."
    )


class Standing(BaseModel):
    """What became of a citation.

    `current`: the same words at the same offsets. `moved`: at others. `changed`: other words in their
    place. `gone`: nothing like them.
    """

    status: Literal["current", "moved", "changed", "gone"]
    version: int = Field(description="Number of the version that was looked at.")
    similarity: float = Field(description="Of the words there to the cited ones, 0 to 1.")
    diff: list[Edit] = Field(
        description="What makes the words there of the cited ones; empty unless changed."
    )
    citation: Citation | None = Field(description="Of what stands there; null when gone.")


class Rectangle(BaseModel):
    """A part of a page as it is shown, in PDF points (1/72 inch), with the origin at its top left."""

    page: int = Field(description="Counted from 1.")
    x0: float
    y0: float
    x1: float
    y1: float
    page_width: float
    page_height: float


class CitationResponse(Citation):
    """A citation exactly as it was cited, the text around it, and what became of it."""

    before: str = Field(description="The text before the quote.")
    after: str = Field(description="The text after the quote.")
    rectangles: list[Rectangle] = Field(
        description="Where on the pages the quote is shown, a rectangle for each line; empty when the "
        "document has no pages, or its reader does not tell."
    )
    standing: Standing
    index: IndexState


class Verdict(BaseModel):
    """What was found of a quote.

    `verified`: the very words stand where they are said to. `repaired`: they do but for typography, or in
    another place of the document. `misattributed`: they stand in another document, the citation's.
    `altered`: the nearest words differ, `diff` says how. `not_found`: nothing near enough.
    """

    status: Literal["verified", "repaired", "misattributed", "altered", "not_found"]
    quote: str = Field(description="As it was given.")
    reason: str = Field(description="The status in words; empty when verified.")
    similarity: float
    diff: list[Edit] = Field(description="What makes the true words of the quoted ones.")
    citation: Citation | None = Field(description="Where the words, or the nearest ones, stand.")
    standing: Standing | None = Field(description="What became of that citation.")


class QuoteVerdict(Verdict):
    """A verdict on a quote in an answer; offsets in code points of the answer."""

    start: int
    end: int
    marks: list[int]


class AnswerSentence(BaseModel):
    """A sentence of an answer; offsets in code points of the answer."""

    start: int
    end: int
    text: str
    marks: list[int]


class AnswerVerdict(BaseModel):
    """What was found of an answer."""

    quotes: list[QuoteVerdict]
    sentences: list[AnswerSentence]
    uncited: list[AnswerSentence] = Field(
        description="Sentences with neither a mark of a passage nor a quote that stands."
    )
    unknown_marks: list[int] = Field(description="Numbers that name no passage.")


class VerifyResponse(BaseModel):
    """Verdicts in the order of what was asked."""

    citations: list[Verdict]
    quotes: list[Verdict]
    answer: AnswerVerdict | None
    index: IndexState


def citation_json(citation: answers.Citation, collection: str) -> Json:
    """A citation of a collection as :class:`Citation`."""
    return {
        "locator": citation.locator,
        "quote": citation.quote,
        "document_id": citation.document_id,
        "version": citation.version,
        "title": citation.title,
        "source": citation.source,
        "media_type": citation.media_type,
        "section": citation.section,
        "pages": citation.pages,
        "start": citation.start,
        "end": citation.end,
        "text_sha256": citation.text_sha256,
        "source_sha256": citation.source_sha256,
        "selectors": [_selector(selector) for selector in citation.selectors],
        "links": linked(citation, collection).links,
    }


def linked(citation: answers.Citation, collection: str) -> answers.Citation:
    """The citation with the collection in its links to this API when it is not the default one."""
    links = {
        name: link if name == "source" else in_collection(link, collection)
        for name, link in citation.links.items()
    }
    return replace(citation, links=links)


def _selector(one: answers.Selector) -> Json:
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
    """What became of a citation, as :class:`Standing`."""
    found = today.standing
    return {
        "status": found.status,
        "version": today.version,
        "similarity": round(found.similarity, 4),
        "diff": edits_json(found.edits),
        "citation": None if today.citation is None else citation_json(today.citation, collection),
    }


def resolved_json(one: resolution.Resolved, state: answers.IndexState, collection: str) -> Json:
    """A resolved citation as :class:`CitationResponse`."""
    return {
        **citation_json(one.citation, collection),
        "before": one.before,
        "after": one.after,
        "rectangles": [_rectangle(mark) for mark in one.rectangles],
        "standing": standing_json(one.today, collection),
        "index": state_json(state),
    }


def _rectangle(mark: resolution.PageMark) -> Json:
    width, height = mark.page_size
    return {**asdict(mark.rectangle), "page_width": width, "page_height": height}


def verdict_json(verdict: verdicts.Verdict, collection: str) -> Json:
    """A verdict as :class:`Verdict`."""
    return {
        "status": verdict.status,
        "quote": verdict.quote,
        "reason": verdict.reason,
        "similarity": round(verdict.similarity, 4),
        "diff": edits_json(verdict.edits),
        "citation": None if verdict.citation is None else citation_json(verdict.citation, collection),
        "standing": None if verdict.today is None else standing_json(verdict.today, collection),
    }


def report_json(text: str, report: verdicts.AnswerReport, collection: str) -> Json:
    """What was found of an answer, as :class:`AnswerVerdict`."""
    return {
        "quotes": [
            {
                **verdict_json(verdict, collection),
                "start": quoted.start,
                "end": quoted.end,
                "marks": quoted.marks,
            }
            for quoted, verdict in report.quotes
        ],
        "sentences": [_sentence(text, one) for one in report.sentences],
        "uncited": [_sentence(text, one) for one in report.uncited],
        "unknown_marks": report.unknown_marks,
    }


def _sentence(text: str, one: Sentence) -> Json:
    return {"start": one.start, "end": one.end, "text": text[one.start : one.end], "marks": one.marks}
