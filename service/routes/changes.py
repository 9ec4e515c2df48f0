"""What changed, and what that did to citations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from index import errors
from index.errors import InvalidLimit
from service.cited_spans import check_all
from service.errors import BodyTooLarge, InvalidRequest, NotReady, Overloaded
from service.openapi import json_body, responses
from service.replies import json_reply
from service.requests.base import read_json
from service.requests.citations import ChangesQuery, ChangesRequest
from service.runtime import ReadyRuntime, Runtime
from service.schemas.changes import ChangesResponse, became_json, event_json
from service.schemas.values import state_json

router = APIRouter(tags=["changes"])

_ERRORS = (
    InvalidRequest,
    errors.InvalidCollectionName,
    errors.CollectionNotFound,
    errors.CollectionMismatch,
    errors.ChangeNotFound,
    errors.StoreDamaged,
    NotReady,
)


@router.get(
    "/v1/changes",
    summary="What changed since",
    response_model=ChangesResponse,
    responses=responses(*_ERRORS),
)
async def list_changes(query: Annotated[ChangesQuery, Query()], runtime: ReadyRuntime) -> Response:
    """A feed of what happened to documents. Go on with `since` of the last `until`, now or tomorrow."""
    wanted = ChangesRequest(collection=query.collection, since=query.since, until=None, limit=query.limit)
    return await runtime.read(_changes, runtime, wanted)


@router.post(
    "/v1/changes",
    summary="What changed, and what became of citations",
    response_model=ChangesResponse,
    responses=responses(*_ERRORS, errors.InvalidLimit, errors.InvalidLocator, BodyTooLarge, Overloaded),
    openapi_extra=json_body(ChangesRequest),
)
async def follow_changes(request: Request, runtime: ReadyRuntime) -> Response:
    """The changes between two, and for each locator whether its words moved, changed or went by the last."""
    body = read_json(ChangesRequest, await request.body())
    most = runtime.settings.max_quotes
    if len(body.citations) > most:
        raise InvalidLimit(
            f"There are {len(body.citations)} citations; a request may have {most}. Send several."
        )
    check_all(body.citations, (), runtime.settings)
    return await runtime.examine(_changes, runtime, body)


def _changes(runtime: Runtime, wanted: ChangesRequest) -> Response:
    collection = runtime.library.open(wanted.collection)
    told = collection.changes(since=wanted.since, until=wanted.until, limit=wanted.limit)
    citations: Sequence[str] = wanted.citations
    # By the change that is told up to: the rest of the answer is of that one too.
    became = collection.became(citations, change=told.until)
    return json_reply(
        {
            "since": wanted.since,
            "until": told.until,
            "more": told.more,
            "documents": [event_json(event) for event in told.events],
            "citations": [became_json(one, wanted.collection) for one in became],
            "index": state_json(collection.state),
        }
    )
