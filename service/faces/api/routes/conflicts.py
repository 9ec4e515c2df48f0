"""Find documents that disagree."""

from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from index.citations import Locator
from index.collection import Place
from index.errors import InvalidLimit
from index.naming import stored_id
from service.errors import InvalidRequest
from service.faces.api.requests.cited_spans import check_all
from service.faces.api.requests.conflicts import ConflictsRequest
from service.faces.api.schemas.conflicts import ConflictsResponse, page_json
from service.faces.dependencies import Caller, ReadyCollections, Texts, in_thread
from service.http.json_body import JsonBody
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.state.collections import Collections
from service.state.identity import Principal, Scope, access

MAX_CITATIONS = 64
"""Most citations in one request; each sentence of them is searched for."""
SECONDS = 5.0
"""The time for one page."""
router = APIRouter(tags=["citations"], route_class=ApiRoute)


@router.post("/v1/conflicts", summary="Find documents that disagree", response_model=ConflictsResponse)
@access(Scope.READ, "texts", "citations", "documents")
@in_thread(Texts)
def find_conflicts(
    caller: Caller,
    collections: ReadyCollections,
    body: Annotated[ConflictsRequest, Depends(JsonBody(ConflictsRequest))],
    texts: Texts,
) -> Response:
    """Sentences of two documents that say the same but for a number, date, name, negation or direction.

    The words decide, no model: few of what disagrees is worded so, but what is told is mostly right. Both
    documents are among those that the caller may read. A page ends after some seconds, also without any
    conflict: go on with `next` until it is null. With `citations` there is one page: if it is not `complete`,
    send fewer.
    """
    locators = _check(body)
    narrowed = body.narrow_caller(caller)
    return _find(collections, narrowed, body, locators, stop=lambda: texts.is_left)


def _check(body: ConflictsRequest) -> Sequence[Locator]:
    if len(body.citations) > MAX_CITATIONS:
        raise InvalidLimit(
            f"There are {len(body.citations)} citations; a request may have {MAX_CITATIONS}. Send several."
        )
    if body.citations and body.model_fields_set & {"after", "limit"}:
        raise InvalidRequest(
            "Give either citations, of which all conflicts are returned, or after and limit, for a page of "
            "those of the collection."
        )
    return check_all(body.citations, ())


def _find(
    collections: Collections,
    caller: Principal,
    body: ConflictsRequest,
    locators: Sequence[Locator],
    *,
    stop: Callable[[], bool],
) -> Response:
    collection = collections.open(caller, body.collection)
    if locators:
        page = collection.conflicts.of_citations(locators, seconds=SECONDS, as_of=body.as_of, stop=stop)
    else:
        after = Place(stored_id(body.after.document_id), body.after.offset)
        page = collection.conflicts.scan(
            after, limit=body.limit, seconds=SECONDS, as_of=body.as_of, stop=stop
        )
    return json_reply(page_json(page, body.collection, collection.state))
