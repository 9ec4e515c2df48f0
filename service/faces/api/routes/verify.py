"""Verify quotes against the stored texts."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import ExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Request, Response

from index.citations import (
    AnswerReport,
    Claim,
    JudgedSentence,
    Judging,
    Locator,
    StatementVerdict,
    Verdict,
    Verification,
    parse_locator,
)
from index.citations.statements import load_thresholds
from index.collection import Collection, GivenVerification, TextVerifier
from index.errors import InvalidLimit, LoccitError
from index.given_texts import GivenText
from index.library import Library
from index.naming import stored_id
from service.advice import message_with_advice
from service.errors import InvalidRequest, MayRaise, Overloaded, error_json
from service.faces.api.requests.citations import BareQuote, CitedQuote, ToVerify, VerifyRequest
from service.faces.api.requests.cited_spans import (
    MAX_QUOTES,
    MAX_SOURCES,
    MAX_SOURCES_CHARACTERS,
    check_all,
)
from service.faces.api.schemas.values import Json, state_json
from service.faces.api.schemas.verdicts import (
    Thresholds,
    VerifyResponse,
    judged_json,
    report_json,
    verdict_json,
)
from service.faces.client import HttpClient
from service.faces.dependencies import Caller, ReadyAnswering, texts_place
from service.flows.answer.answering import Answering
from service.flows.answer.flow import until_error
from service.flows.answer.proofs import quote_with_links, statement_with_links
from service.flows.ask.disconnection import WatchedPlace, unless_gone
from service.http.error_handlers import request_id_of
from service.http.event_stream import EventStream, describe_event_stream, event
from service.http.json_body import JsonBody
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.settings import MAX_ANSWER_CHARACTERS, VERIFY_SECONDS, VERIFY_STREAM_SECONDS
from service.state.identity import Principal, Scope, access

T = TypeVar("T")

router = APIRouter(tags=["citations"], route_class=ApiRoute)
_EVENTS = describe_event_stream(
    "With `stream`, events: `sentence` for each sentence of the answer, with its verdict and those on its "
    "`quotes`; `citation` and `quote` with a verdict; `finished` with the whole reply, or `error`."
)


@dataclass(frozen=True, slots=True)
class _Course:
    """For how long a request is verified, whether nobody waits any more, and who is told of each verdict.

    ``is_streamed``: for minutes, in which documents may be erased, or withdrawn from who asks.
    """

    seconds: float
    stop: Callable[[], bool]
    tell: Callable[[str, Json], None] = lambda _name, _verdict: None
    is_streamed: bool = False


@router.post(
    "/v1/verify",
    summary="Verify citations, quotes, or an answer",
    response_model=VerifyResponse,
    responses=_EVENTS,
)
@access(Scope.READ, "texts", "citations")
async def verify(
    request: Request,
    caller: Caller,
    answering: Annotated[ReadyAnswering, MayRaise(Overloaded)],
    body: Annotated[VerifyRequest, Depends(JsonBody(VerifyRequest))],
) -> Response:
    """Checks whether quotes are in the cited texts, and whether those texts have changed since.

    `verified` means that all characters are the same; no model is involved. In an `answer`, text in
    quotation marks and block quotes is compared with the passages of its citation marks; [1] is the first.
    The words, numbers and names of the other sentences are compared with the passages, and a model reads
    both, where there is one: `supported`, `contradicted` or `unsupported`. That tells where to read; it
    proves nothing. What is not checked after eight seconds is `unchecked`; with `stream`, after five minutes.
    """
    if body.stream:
        events = _verdict_events(caller, answering, body)
        first = await unless_gone(HttpClient(request), anext(events))
        return EventStream(_stream_events(first, events, request_id_of(request.scope)))
    async with asynccontextmanager(texts_place)(request, answering.pools) as texts:
        return await verify_with(caller, answering, body, texts, json_reply)


@router.get(
    "/v1/verify/thresholds",
    summary="Tell precision and recall of `supported_from`",
    response_model=Thresholds,
)
@access(Scope.READ)
async def tell_thresholds() -> Response:
    """Returns what each `supported_from` of an answer to verify gives on public sets of judged claims.

    Measured once, on documents that nothing was fitted to; your own texts may differ.
    """
    return json_reply(dict(load_thresholds()))


async def verify_with(
    caller: Principal,
    answering: Answering,
    body: ToVerify,
    texts: WatchedPlace,
    made: Callable[[Json], T],
) -> T:
    """Verify what a request has; returns what ``made``, in a thread, makes of the :class:`VerifyResponse`."""
    verified = _verifier(caller, answering, body)
    course = _Course(VERIFY_SECONDS, stop=lambda: texts.is_left)
    return await texts.run(lambda: made(verified(course)))


async def _verdict_events(
    caller: Principal, answering: Answering, body: VerifyRequest
) -> AsyncGenerator[bytes]:
    """The events of verdicts as they are made in a thread, which stops when nobody listens any more.

    Raises as :func:`verify_with`, and :class:`service.errors.Unauthorized` once the caller's key is no longer
    valid.
    """
    verified = _verifier(caller, answering, body)
    told: asyncio.Queue[bytes | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def tell(name: str, verdict: Json) -> None:
        loop.call_soon_threadsafe(told.put_nowait, event(verdict, name))

    with ExitStack() as held:
        place = held.enter_context(answering.pools.verifying.admit(caller.holder))
        course = _Course(VERIFY_STREAM_SECONDS, lambda: place.is_left, tell, is_streamed=True)
        work = place.run(lambda: tell("finished", verified(course)))

        def end(_: object) -> None:
            held.close()  # now, and not when a client that reads nothing has read the last event
            told.put_nowait(None)

        work.add_done_callback(end)
        try:
            while (one := await told.get()) is not None:
                answering.credentials.require_current(caller)
                yield one
            await work  # raises what it raised
        finally:
            work.cancel()


async def _stream_events(
    first: bytes, events: AsyncGenerator[bytes], request_id: str
) -> AsyncGenerator[bytes]:
    async with aclosing(until_error(events)) as rest:
        yield first
        async for one in rest:
            if isinstance(one, LoccitError):
                yield event(error_json(one.code, message_with_advice(one), request_id), "error")
            else:
                yield one


def _verifier(caller: Principal, answering: Answering, body: ToVerify) -> Callable[[_Course], Json]:
    """Check a request; returns the function for a thread that verifies it."""
    cited = check_request(body)
    collections = answering.collections
    if body.sources:
        return partial(_verify_by_given, collections.library, body)
    narrowed, most = body.narrow_caller(caller), answering.settings.max_reading_characters
    return lambda course: _verify_all(collections.open(narrowed, body.collection), body, cited, most, course)


def check_request(body: ToVerify) -> tuple[list[Locator], list[Locator]]:
    """Check the limits; returns the locators of the citations, and those of the answer's passages.

    Raises :class:`InvalidRequest`, :class:`InvalidLimit`, :class:`index.errors.InvalidLocator`.
    """
    count = len(body.citations) + len(body.quotes) + (len(body.answer.citations) if body.answer else 0)
    if not count and body.answer is None:
        raise InvalidRequest("There is nothing to verify. Give citations, quotes, or an answer.")
    if count > MAX_QUOTES:
        raise InvalidLimit(
            f"There are {count} citations and quotes; a request may have {MAX_QUOTES}. Send several."
        )
    if body.answer and len(body.answer.text) > MAX_ANSWER_CHARACTERS:
        raise InvalidLimit(
            f"The answer has {len(body.answer.text)} characters; at most {MAX_ANSWER_CHARACTERS} are taken. "
            "Send it in parts."
        )
    _check_sources(body)
    cited = [one for one in body.citations if not isinstance(one, str)]
    locators = check_all(
        [one if isinstance(one, str) else one.locator for one in body.citations],
        [
            *(one.quote or "" for one in cited),
            *(one if isinstance(one, str) else one.quote for one in body.quotes),
        ],
    )
    return locators, check_all(body.answer.citations, ()) if body.answer else []


def _check_sources(body: ToVerify) -> None:
    if body.sources and (body.citations or (body.answer and body.answer.citations)):
        raise InvalidRequest(
            "citations: they name places of the collection, and the texts of sources take its place. Leave "
            "them out: [1] is the first of sources."
        )
    if (count := len(body.sources)) > MAX_SOURCES:
        raise InvalidLimit(f"sources: there are {count}; a request may have {MAX_SOURCES}.")
    length = sum(len(one.title) + len(one.text) for one in body.sources)
    if length > MAX_SOURCES_CHARACTERS:
        raise InvalidLimit(
            f"sources: they have {length:,} characters together; at most {MAX_SOURCES_CHARACTERS:,} are "
            "read. Send the passages that were used, or ingest the documents."
        )


def _verify_by_given(library: Library, body: ToVerify, course: _Course) -> Json:
    texts = [GivenText(str(number), one.text, one.title) for number, one in enumerate(body.sources, 1)]
    claims = body.answer is not None and body.answer.claims
    verifier = TextVerifier(library.embedder, library.config, library.claim_model)
    with verifier.verification(
        texts, claims=claims, most_seconds=course.seconds, stop=course.stop, judging=_judging(body)
    ) as given:
        report, quotes = None, []
        if body.answer is not None:
            text = body.answer.text
            found = given.verification.answer(
                text,
                given.locators,
                told=lambda one: course.tell("sentence", judged_json(text, _judged_in_given(one, given), "")),
            )
            report = report_json(text, _in_given(found, given), "")
        for one in body.quotes:
            verdict = quote_with_links(_verify_quote(given.verification, one), given.cite)
            quotes.append(verdict_json(verdict, ""))
            course.tell("quote", quotes[-1])
    return {"citations": [], "quotes": quotes, "answer": report, "index": state_json(given.state)}


def _judging(body: ToVerify) -> Judging:
    return body.answer.judging if body.answer else Judging()


def _in_given(report: AnswerReport, given: GivenVerification) -> AnswerReport:
    """A report with places in the texts as they were given."""
    quotes = tuple((quoted, quote_with_links(verdict, given.cite)) for quoted, verdict in report.quotes)
    statements = tuple(_statement_in_given(one, given) for one in report.statements)
    return replace(report, quotes=quotes, statements=statements)


def _judged_in_given(one: JudgedSentence, given: GivenVerification) -> JudgedSentence:
    quotes = tuple((quoted, quote_with_links(verdict, given.cite)) for quoted, verdict in one.quotes)
    return replace(one, quotes=quotes, statement=_statement_in_given(one.statement, given))


def _statement_in_given(one: StatementVerdict | None, given: GivenVerification) -> StatementVerdict | None:
    return one and replace(statement_with_links(one, given.cite), conflicts=given.conflicts(one))


def _verify_all(
    collection: Collection,
    body: ToVerify,
    cited: tuple[Sequence[Locator], Sequence[Locator]],
    most_characters: int,
    course: _Course,
) -> Json:
    locators, passages = cited
    name = body.collection

    def tell(kind: str, verdict: Json) -> None:
        if course.is_streamed:
            _require_readable(collection, verdict)
        course.tell(kind, verdict)

    citations: list[Json] = []
    quotes: list[Json] = []
    with collection.verification(
        most_characters=most_characters,
        claims=body.answer is not None and body.answer.claims,
        most_seconds=course.seconds,
        stop=course.stop,
        judging=_judging(body),
    ) as verification:
        report = None
        if body.answer is not None:
            text = body.answer.text
            found = verification.answer(
                text, passages, told=lambda one: tell("sentence", judged_json(text, one, name))
            )
            report = report_json(text, found, name)
        for locator, claimed in zip(locators, body.citations, strict=True):
            citations.append(verdict_json(_verify_citation(verification, locator, claimed), name))
            tell("citation", citations[-1])
        for one in body.quotes:
            quotes.append(verdict_json(_verify_quote(verification, one), name))
            tell("quote", quotes[-1])
    reply = {"citations": citations, "quotes": quotes, "answer": report}
    if course.is_streamed:
        _require_readable(collection, reply)
    return {**reply, "index": state_json(collection.state)}


def _require_readable(collection: Collection, told: object) -> None:
    """Raise :class:`index.errors.CitationNotFound` if a version that is cited can be read no longer."""
    cited = {(one["document_id"], one["version"]): one["locator"] for one in _citations(told)}
    if cited:
        with collection.archive.resolution() as now:
            for locator in cited.values():
                now.cite(parse_locator(locator))


def _citations(told: object) -> Iterator[Json]:
    """The citations anywhere in a reply."""
    if isinstance(told, dict):
        if "locator" in told and "document_id" in told:
            yield told
        told = list(told.values())
    if isinstance(told, list):
        for one in told:
            yield from _citations(one)


def _verify_citation(verification: Verification, locator: Locator, one: str | CitedQuote) -> Verdict:
    if isinstance(one, str):
        return verification.citation(locator)
    return verification.citation(locator, one.quote, prefix=one.prefix, suffix=one.suffix)


def _verify_quote(verification: Verification, one: str | BareQuote) -> Verdict:
    if isinstance(one, str):
        return verification.quote(Claim(one))
    return verification.quote(Claim(one.quote, stored_id(one.document_id), one.prefix, one.suffix))
