"""The page on which people ask questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from starlette.types import Scope as Connection

from index.answers import Answer, Extent, Hit
from index.citations import parse_locator
from index.collection import Collection
from index.errors import CollectionNotFound, EmptyQuestion, QuestionTooLong
from index.search import Question
from index.text import Span
from service.api.links import CitedWith, view_address
from service.api.route import GuardedRoute
from service.asking.answering import EncodedQuestions, encoded_unless_gone
from service.asking.planning import checked_length
from service.browser import page
from service.browser.document import Segment, segments
from service.browser.wording import pages_in_words
from service.identity import Principal, Scope, access, caller_of
from service.requests.base import PageQuery
from service.runtime import Caller, ReadyRuntime, Runtime

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

_PASSAGES = 5
_SHOWN, _LIT = 0.05, 0.2
"""Least probability with which a passage after the first is shown at once, and with which it is lit."""
_MOST_REPEATS = 3
"""Other documents with the words of a passage that are named with it."""
_EXTENTS: dict[Extent, str] = {"sentences": "Sentences", "passage": "Passages", "section": "Sections"}
_VERDICTS = (
    (0.8, "good", "The answer is very probably in these passages."),
    (0.5, "good", "The answer is probably in these passages."),
    (0.2, "", "The answer may not be in these passages: read with care."),
    (0.0, "bad", "The documents probably do not contain the answer. These passages are the nearest."),
)


class HomeQuery(PageQuery):
    """Query of the page."""

    q: str = Field("", description="The question.")
    extent: Extent = Field("passage", description="How much is quoted.")


@dataclass(frozen=True, slots=True)
class _ShownHit:
    title: str
    section: str
    pages: str
    address: str
    probability: str
    is_shown: bool
    parts: tuple[Segment, ...]
    also: tuple[tuple[str, str], ...]
    """Ids of other documents that say the same, and the addresses of these places; empty without a link."""


@router.get("/")
@access(Scope.ASK, "answers", "collections")
async def home(
    request: Request, query: Annotated[HomeQuery, Query()], caller: Caller, runtime: ReadyRuntime
) -> Response:
    """A form, and the passages that answer the submitted question."""
    question = query.q.strip()
    if not question:
        return await runtime.pools.lookups.run(_page, request.scope, runtime, query)
    try:
        question = checked_length(question, runtime.settings)
    except (EmptyQuestion, QuestionTooLong) as error:
        return await runtime.pools.lookups.run(
            _page, request.scope, runtime, query, problem=error.message, status_code=422
        )
    pool = runtime.pools.questions
    with pool.permits.acquire():
        with pool.permits.waiting():
            encoded = await encoded_unless_gone(request, runtime, query.collection, [question])
        asked = Question(question, _PASSAGES, extent=_extent(query, caller))
        return await pool.run(_answer_page, request.scope, runtime, query, asked, encoded)


def _extent(query: HomeQuery, caller: Principal) -> Extent:
    """The extent asked for, if the form offers it to the caller."""
    return query.extent if query.extent in _extents(caller) else "passage"


def _extents(caller: Principal) -> dict[Extent, str]:
    """Extents with their names in the form. A key with the scope ask may not read whole sections."""
    return {
        name: label for name, label in _EXTENTS.items() if name != "section" or caller.scope is not Scope.ASK
    }


def _answer_page(
    connection: Connection,
    runtime: Runtime,
    query: HomeQuery,
    question: Question,
    encoded: EncodedQuestions,
) -> Response:
    try:
        collection = runtime.collection(caller_of(connection), query.collection)
    except CollectionNotFound:
        # Explains what to do, or raises for a named collection.
        return _page(connection, runtime, query)
    (own,) = encoded.each
    answer = collection.answer(question, vectors=np.stack([own.vector]), model=encoded.model)
    waited = {"queue": own.queue_ms, "encode": own.encode_ms}
    total = sum(waited.values()) + answer.timings_ms["total"]
    runtime.instruments.stages({**waited, **answer.timings_ms, "total": total})
    return _page(connection, runtime, query, answer=answer)


def _page(
    connection: Connection,
    runtime: Runtime,
    query: HomeQuery,
    *,
    answer: Answer | None = None,
    problem: str = "",
    status_code: int = 200,
) -> Response:
    caller = caller_of(connection)
    names = runtime.names(caller)
    return page(
        connection,
        "ask",
        status_code=status_code,
        question=query.q.strip(),
        longest=runtime.settings.max_question_characters,
        collections=names,
        collection=query.collection,
        extents=_extents(caller),
        extent=_extent(query, caller),
        documents=_count(runtime, caller, query.collection),
        problem=problem,
        answer=answer,
        verdict=_verdict(answer) if answer else None,
        pending=_state_note(answer) if answer else "",
        hits=_shown_hits(runtime, caller, answer, query.collection) if answer else (),
    )


def _count(runtime: Runtime, caller: Principal, name: str) -> int:
    try:
        collection: Collection = runtime.collection(caller, name)
    except CollectionNotFound:
        if name != "default":
            raise
        return 0  # no document has been added yet
    return collection.archive.counts().documents


def _verdict(answer: Answer) -> dict[str, str]:
    """The calibrated probability in words."""
    tone, words = next((tone, words) for least, tone, words in _VERDICTS if answer.answerability >= least)
    if not answer.hits:
        words = "Nothing in the documents matches the words or the meaning of that question."
    return {"tone": tone, "words": words, "probability": _per_cent(answer.answerability)}


def _per_cent(probability: float) -> str:
    per_cent = f"{100 * probability:.0f} %"
    return "less than 1 %" if per_cent == "0 %" else per_cent


def _state_note(answer: Answer) -> str:
    if answer.index.degraded:
        ways = " and ".join({"dense": "meaning", "lexical": "words"}[one] for one in answer.index.degraded)
        return f"The search by {ways} is being repaired: this answer lacks what only it finds."
    if answer.index.embedded >= 1:
        return ""
    share = f"{100 * answer.index.embedded:.0f} %"
    return f"Documents are still being embedded: {share} of the passages can be found by meaning so far."


def _addresses(runtime: Runtime, caller: Principal, answer: Answer, collection: str) -> list[str]:
    """The address of each hit's page. A key with the scope ask gets a proof for each, and no other links."""
    cited = [
        CitedWith(hit.citation.locator, tuple((one.start, one.end) for one in hit.evidence))
        for hit in answer.hits
    ]
    if caller.scope is not Scope.ASK:
        return [view_address(one.locator, cited, collection) for one in cited]
    return [
        view_address(one.locator, [one], collection, proof=runtime.prover.proof(collection, one.locator))
        for one in cited
    ]


def _shown_hits(runtime: Runtime, caller: Principal, answer: Answer, collection: str) -> list[_ShownHit]:
    addresses = _addresses(runtime, caller, answer, collection)
    has_links = caller.scope is not Scope.ASK
    return [
        _shown_hit(hit, address, _repeats(hit, collection, has_links=has_links))
        for hit, address in zip(answer.hits, addresses, strict=True)
    ]


def _repeats(hit: Hit, collection: str, *, has_links: bool) -> tuple[tuple[str, str], ...]:
    """The other documents that say what a hit says, each once, and the addresses of these places."""
    locators = {parse_locator(one).document_id: one for one in reversed((*hit.also_at, *hit.also_in))}
    locators.pop(hit.citation.document_id, None)
    some = list(reversed(locators.items()))[:_MOST_REPEATS]
    return tuple((id_, view_address(one, [], collection) if has_links else "") for id_, one in some)


def _shown_hit(hit: Hit, address: str, also: tuple[tuple[str, str], ...]) -> _ShownHit:
    citation = hit.citation
    is_lit = hit.rank == 1 or hit.probability >= _LIT
    spans: list[Span] = [(one.start, one.end) for one in hit.evidence] if is_lit else []
    quote = (0, len(hit.text))
    inside = [(start - citation.start, end - citation.start) for start, end in spans]
    return _ShownHit(
        citation.title,
        " › ".join(citation.section),
        pages_in_words(citation.pages),
        address,
        _per_cent(hit.probability),
        hit.rank == 1 or hit.probability >= _SHOWN,
        tuple(
            Segment(part.text, "evidence" if part.mark == "evidence" else "")
            for part in segments(hit.text, quote, quote, inside)
        ),
        also,
    )
