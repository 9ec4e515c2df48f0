"""Verify quotes against the stored texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Response

from index.citations import AnswerReport, Claim, Judging, Locator, Verdict, Verification
from index.citations.statements import load_thresholds
from index.collection import Collection, GivenVerification, TextVerifier
from index.errors import InvalidLimit
from index.given_texts import GivenText
from index.library import Library
from index.naming import stored_id
from service.errors import InvalidRequest
from service.faces.api.requests.citations import BareQuote, CitedQuote, VerifyRequest
from service.faces.api.requests.cited_spans import (
    MAX_QUOTES,
    MAX_SOURCES,
    MAX_SOURCES_CHARACTERS,
    check_all,
)
from service.faces.api.schemas.values import Json, state_json
from service.faces.api.schemas.verdicts import Thresholds, VerifyResponse, report_json, verdict_json
from service.faces.dependencies import Caller, ReadyCollections, ReadySettings, Texts
from service.flows.answer.proofs import quote_with_links, statement_with_links
from service.flows.ask.disconnection import WatchedPlace
from service.http.json_body import JsonBody
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.settings import MAX_ANSWER_CHARACTERS, VERIFY_SECONDS, Settings
from service.state.collections import Collections
from service.state.identity import Principal, Scope, access

T = TypeVar("T")

router = APIRouter(tags=["citations"], route_class=ApiRoute)


@router.post(
    "/v1/verify",
    summary="Verify citations, quotes, or an answer",
    response_model=VerifyResponse,
)
@access(Scope.READ, "texts", "citations")
async def verify(
    caller: Caller,
    collections: ReadyCollections,
    settings: ReadySettings,
    body: Annotated[VerifyRequest, Depends(JsonBody(VerifyRequest))],
    texts: Texts,
) -> Response:
    """Checks whether quotes are in the cited texts, and whether those texts have changed since.

    `verified` means that all characters are the same; no model is involved. In an `answer`, text in
    quotation marks and block quotes is compared with the passages of its citation marks; [1] is the first.
    The words, numbers and names of the other sentences are compared with the passages, and a model reads
    both, where there is one: `supported`, `contradicted` or `unsupported`. That tells where to read; it
    proves nothing. What is not checked after eight seconds is `unchecked`.
    """
    return await verify_with(caller, collections, settings, body, texts, json_reply)


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
    collections: Collections,
    settings: Settings,
    body: VerifyRequest,
    texts: WatchedPlace,
    made: Callable[[Json], T],
) -> T:
    """Verify what a request has; returns what ``made``, in a thread, makes of the :class:`VerifyResponse`."""
    cited = check_request(body)
    if body.sources:
        return await texts.run(
            lambda: made(_verify_by_given(collections.library, body, stop=lambda: texts.is_left))
        )
    opened = await texts.run(collections.open, body.narrow_caller(caller), body.collection)
    return await texts.run(
        lambda: made(_verify_all(opened, body, cited, settings, stop=lambda: texts.is_left))
    )


def check_request(body: VerifyRequest) -> tuple[list[Locator], list[Locator]]:
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


def _check_sources(body: VerifyRequest) -> None:
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


def _verify_by_given(library: Library, body: VerifyRequest, *, stop: Callable[[], bool]) -> Json:
    texts = [GivenText(str(number), one.text, one.title) for number, one in enumerate(body.sources, 1)]
    claims = body.answer is not None and body.answer.claims
    verifier = TextVerifier(library.embedder, library.config, library.claim_model)
    with verifier.verification(
        texts, claims=claims, most_seconds=VERIFY_SECONDS, stop=stop, judging=_judging(body)
    ) as given:
        report = None
        if body.answer is not None:
            found = given.verification.answer(body.answer.text, given.locators)
            report = report_json(body.answer.text, _in_given(found, given), "")
        quoted = [_verify_quote(given.verification, one) for one in body.quotes]
        quotes = [verdict_json(quote_with_links(one, given.cite), "") for one in quoted]
    return {"citations": [], "quotes": quotes, "answer": report, "index": state_json(given.state)}


def _judging(body: VerifyRequest) -> Judging:
    return body.answer.judging if body.answer else Judging()


def _in_given(report: AnswerReport, given: GivenVerification) -> AnswerReport:
    """A report with places in the texts as they were given."""
    statements = [
        one and replace(statement_with_links(one, given.cite), conflicts=given.conflicts(one))
        for one in report.statements
    ]
    quotes = [(quoted, quote_with_links(verdict, given.cite)) for quoted, verdict in report.quotes]
    return replace(report, quotes=tuple(quotes), statements=tuple(statements))


def _verify_all(
    collection: Collection,
    body: VerifyRequest,
    cited: tuple[Sequence[Locator], Sequence[Locator]],
    settings: Settings,
    *,
    stop: Callable[[], bool],
) -> Json:
    locators, passages = cited
    name = body.collection
    most = settings.max_reading_characters
    claims = body.answer is not None and body.answer.claims
    with collection.verification(
        most_characters=most,
        claims=claims,
        most_seconds=VERIFY_SECONDS,
        stop=stop,
        judging=_judging(body),
    ) as verification:
        report = None
        if body.answer is not None:
            report = report_json(body.answer.text, verification.answer(body.answer.text, passages), name)
        verdicts = [
            _verify_citation(verification, locator, one)
            for locator, one in zip(locators, body.citations, strict=True)
        ]
        quoted = [_verify_quote(verification, one) for one in body.quotes]
    return {
        "citations": [verdict_json(one, name) for one in verdicts],
        "quotes": [verdict_json(one, name) for one in quoted],
        "answer": report,
        "index": state_json(collection.state),
    }


def _verify_citation(verification: Verification, locator: Locator, one: str | CitedQuote) -> Verdict:
    if isinstance(one, str):
        return verification.citation(locator)
    return verification.citation(locator, one.quote, prefix=one.prefix, suffix=one.suffix)


def _verify_quote(verification: Verification, one: str | BareQuote) -> Verdict:
    if isinstance(one, str):
        return verification.quote(Claim(one))
    return verification.quote(Claim(one.quote, stored_id(one.document_id), one.prefix, one.suffix))
