"""Changes of documents, and their effect on citations."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from index.citations import Locator
from index.errors import InvalidLimit
from service.faces.api.requests.citations import ChangesQuery, ChangesRequest
from service.faces.api.requests.cited_spans import MAX_QUOTES, check_all
from service.faces.api.schemas.changes import ChangesResponse, citation_status_json, event_json
from service.faces.api.schemas.values import state_json
from service.faces.dependencies import Caller, Lookups, ReadyCollections, Texts, in_thread
from service.http.json_body import JsonBody
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.state.collections import Collections
from service.state.identity import Principal, Scope, access

router = APIRouter(tags=["changes"], route_class=ApiRoute)


@router.get(
    "/v1/changes",
    summary="List changes",
    response_model=ChangesResponse,
)
@access(Scope.READ, "changes")
@in_thread(Lookups)
def list_changes(
    query: Annotated[ChangesQuery, Query()], caller: Caller, collections: ReadyCollections
) -> Response:
    """A feed of changes of documents. Continue with `since` set to the last `until`, at any time."""
    wanted = ChangesRequest.model_validate(
        {"collection": query.collection, "since": query.since, "limit": query.limit}
    )
    return _read_changes(collections, caller, wanted, ())


@router.post(
    "/v1/changes",
    summary="List changes and follow citations",
    response_model=ChangesResponse,
)
@access(Scope.READ, "changes", "citations")
@in_thread(Texts)
def follow_changes(
    caller: Caller,
    collections: ReadyCollections,
    body: Annotated[ChangesRequest, Depends(JsonBody(ChangesRequest))],
) -> Response:
    """The changes in a range, and the status of each citation after the last of them."""
    if len(body.citations) > MAX_QUOTES:
        raise InvalidLimit(
            f"There are {len(body.citations)} citations; a request may have {MAX_QUOTES}. Send several."
        )
    locators = check_all(body.citations, ())
    return _read_changes(collections, body.narrow_caller(caller), body, locators)


def _read_changes(
    collections: Collections, caller: Principal, wanted: ChangesRequest, locators: Sequence[Locator]
) -> Response:
    collection = collections.open(caller, wanted.collection)
    feed, statuses = collection.archive.changes(
        since=wanted.since, until=wanted.until, limit=wanted.limit, locators=locators
    )
    return json_reply(
        {
            "since": wanted.since,
            "until": feed.until,
            "more": feed.more,
            "documents": [event_json(event) for event in feed.events],
            "citations": [citation_status_json(one, wanted.collection) for one in statuses],
            "index": state_json(collection.state),
        }
    )
