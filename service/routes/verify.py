"""Quotes, held against the stored texts."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from index import errors
from index.errors import InvalidLimit
from index.verdicts import Claim, Verdict
from index.verification import Verification
from service.cited_spans import check_all
from service.errors import BodyTooLarge, InvalidRequest, NotReady, Overloaded
from service.openapi import json_body, responses
from service.replies import json_reply
from service.requests.base import read_json
from service.requests.citations import BareQuote, CitedQuote, VerifyRequest
from service.runtime import ReadyRuntime, Runtime
from service.schemas.citations import VerifyResponse, report_json, verdict_json
from service.schemas.values import state_json
from service.settings import Settings

router = APIRouter(tags=["citations"])

_ERRORS = (
    InvalidRequest,
    errors.InvalidLimit,
    errors.InvalidLocator,
    errors.InvalidCollectionName,
    errors.CollectionNotFound,
    errors.CitationNotFound,
    errors.CollectionMismatch,
    errors.StoreDamaged,
    BodyTooLarge,
    Overloaded,
    NotReady,
)


@router.post(
    "/v1/verify",
    summary="Verify citations, quotes, or an answer",
    response_model=VerifyResponse,
    responses=responses(*_ERRORS),
    openapi_extra=json_body(VerifyRequest),
)
async def verify(request: Request, runtime: ReadyRuntime) -> Response:
    """Say whether words stand where they are said to stand, and what became of that place.

    No model has a part in it: `verified` are the very same characters. In an `answer` the words between
    quotation marks and in block quotes are held against the passages that its marks name, [1] the first.
    """
    body = read_json(VerifyRequest, await request.body())
    _check(body, runtime.settings)
    return await runtime.examine(_verified, runtime, body)


def _check(body: VerifyRequest, settings: Settings) -> None:
    count = len(body.citations) + len(body.quotes) + (len(body.answer.citations) if body.answer else 0)
    if not count and body.answer is None:
        raise InvalidRequest("There is nothing to verify. Give citations, quotes, or an answer.")
    if count > settings.max_quotes:
        raise InvalidLimit(
            f"There are {count} citations and quotes; a request may have {settings.max_quotes}. Send several."
        )
    if body.answer and len(body.answer.text) > settings.max_answer_characters:
        raise InvalidLimit(
            f"The answer has {len(body.answer.text)} characters; at most "
            f"{settings.max_answer_characters} are taken. Send it in parts."
        )
    cited = [one for one in body.citations if not isinstance(one, str)]
    check_all(
        [one if isinstance(one, str) else one.locator for one in body.citations],
        [
            *(one.quote or "" for one in cited),
            *(one if isinstance(one, str) else one.quote for one in body.quotes),
        ],
        settings,
    )
    if body.answer:
        check_all(body.answer.citations, (), settings)


def _verified(runtime: Runtime, body: VerifyRequest) -> Response:
    collection = runtime.library.open(body.collection)
    name = body.collection
    verification = collection.verification(most_characters=runtime.settings.max_reading_characters)
    report = None
    if body.answer is not None:
        found = verification.answer(body.answer.text, body.answer.citations)
        report = report_json(body.answer.text, found, name)
    return json_reply(
        {
            "citations": [verdict_json(_cited(verification, one), name) for one in body.citations],
            "quotes": [verdict_json(_quoted(verification, one), name) for one in body.quotes],
            "answer": report,
            "index": state_json(collection.state),
        }
    )


def _cited(verification: Verification, one: str | CitedQuote) -> Verdict:
    if isinstance(one, str):
        return verification.citation(one)
    return verification.citation(one.locator, one.quote, prefix=one.prefix, suffix=one.suffix)


def _quoted(verification: Verification, one: str | BareQuote) -> Verdict:
    if isinstance(one, str):
        return verification.quote(Claim(one))
    return verification.quote(Claim(one.quote, one.document_id, one.prefix, one.suffix))
