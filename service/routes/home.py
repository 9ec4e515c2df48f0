"""The page to ask on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from index.answers import Answer, Hit
from index.collection import Collection
from index.errors import CollectionNotFound, EmptyQuestion, QuestionTooLong
from index.sentences import Span
from service.document_page import Segment, segments
from service.links import CitedWith, view_address
from service.pages import page, pages_in_words, stylesheet
from service.requests.base import CollectionQuery
from service.routes.ask import checked_length, encoded_unless_gone
from service.runtime import ReadyRuntime, Runtime

router = APIRouter(include_in_schema=False)

_PASSAGES = 5
_VERDICTS = (
    (0.8, "good", "The answer is very probably in these passages."),
    (0.5, "good", "The answer is probably in these passages."),
    (0.2, "", "The answer may not be in these passages: read with care."),
    (0.0, "bad", "The documents probably do not hold the answer. These passages come nearest."),
)


class HomeQuery(CollectionQuery):
    """A question on the page."""

    q: str = Field("", description="The question.")


@dataclass(frozen=True, slots=True)
class _ShownHit:
    title: str
    section: str
    pages: str
    address: str
    parts: tuple[Segment, ...]


@router.get("/")
async def home(request: Request, query: Annotated[HomeQuery, Query()], runtime: ReadyRuntime) -> Response:
    """A form, and below it the passages that answer what was asked with it."""
    question = query.q.strip()
    if not question:
        return await runtime.read(_page, runtime, query)
    try:
        question = checked_length(question, runtime.settings)
    except (EmptyQuestion, QuestionTooLong) as error:
        return await runtime.read(_page, runtime, query, problem=error.message, status_code=422)
    with runtime.asking.one():
        with runtime.asking.waiting():
            (encoded,) = await encoded_unless_gone(request, runtime, [question])
        return await runtime.answer(_answered, runtime, query, question, np.stack([encoded.vector]))


@router.get("/style.css")
async def style() -> Response:
    """The style of all pages."""
    return stylesheet()


def _answered(runtime: Runtime, query: HomeQuery, question: str, vectors: Any) -> Response:
    try:
        collection = runtime.library.open(query.collection)
    except CollectionNotFound:
        return _page(runtime, query)  # tells what to do, or that there is none of this name
    answer = collection.ask(question, k=_PASSAGES, vectors=vectors)
    return _page(runtime, query, answer=answer)


def _page(
    runtime: Runtime,
    query: HomeQuery,
    *,
    answer: Answer | None = None,
    problem: str = "",
    status_code: int = 200,
) -> Response:
    names = runtime.library.names()
    return page(
        "ask",
        status_code=status_code,
        question=query.q.strip(),
        longest=runtime.settings.max_question_characters,
        collections=names,
        collection=query.collection,
        documents=_count(runtime, query.collection),
        problem=problem,
        answer=answer,
        verdict=_in_words(answer) if answer else None,
        pending=_pending(answer) if answer else "",
        hits=_shown(answer, query.collection) if answer else (),
    )


def _count(runtime: Runtime, name: str) -> int:
    try:
        collection: Collection = runtime.library.open(name)
    except CollectionNotFound:
        if name != "default":
            raise
        return 0  # nothing was put in yet
    return collection.counts().documents


def _in_words(answer: Answer) -> dict[str, str]:
    """The calibrated probability as people say it."""
    per_cent = f"{100 * answer.answerability:.0f} %"
    tone, words = next((tone, words) for least, tone, words in _VERDICTS if answer.answerability >= least)
    if not answer.hits:
        words = "Nothing in the documents shares a word or a meaning with that question."
    return {"tone": tone, "words": words, "probability": "less than 1 %" if per_cent == "0 %" else per_cent}


def _pending(answer: Answer) -> str:
    if answer.index.embedded >= 1:
        return ""
    share = f"{100 * answer.index.embedded:.0f} %"
    return (
        f"Documents are still being taken in: {share} of the passages can be found by their meaning so far."
    )


def _shown(answer: Answer, collection: str) -> list[_ShownHit]:
    cited = [
        CitedWith(hit.citation.locator, tuple((one.start, one.end) for one in hit.evidence))
        for hit in answer.hits
    ]
    return [_shown_hit(hit, cited, collection) for hit in answer.hits]


def _shown_hit(hit: Hit, cited: list[CitedWith], collection: str) -> _ShownHit:
    citation = hit.citation
    spans: list[Span] = [(one.start, one.end) for one in hit.evidence]
    quote = (0, len(hit.text))
    inside = [(start - citation.start, end - citation.start) for start, end in spans]
    return _ShownHit(
        citation.title,
        " › ".join(citation.section),
        pages_in_words(citation.pages),
        view_address(citation.locator, cited, collection),
        tuple(
            Segment(part.text, "evidence" if part.mark == "evidence" else "")
            for part in segments(hit.text, quote, quote, inside)
        ),
    )
