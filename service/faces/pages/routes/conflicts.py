"""The page that lists documents which disagree."""

from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from starlette.types import Scope as Connection

from index.collection import ConflictPage, Place
from index.naming import stored_id
from service.faces.dependencies import Caller, ReadyCollections, Texts, in_thread
from service.faces.pages import page
from service.faces.pages.disagreeing import shown_conflicts
from service.faces.pages.existing import choose_collection, existing_collection
from service.faces.pages.routes.check import PATH as CHECK
from service.http.links import in_collection
from service.http.request_models import PageQuery
from service.http.route import GuardedRoute
from service.state.collections import Collections
from service.state.identity import Principal, Scope, access

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

PATH = f"{CHECK}/conflicts"
_PAGE = 50
_SECONDS = 3.0


class ConflictsQuery(PageQuery):
    """The place from which documents are compared."""

    after: str = ""
    offset: int = Field(0, ge=0, le=2**53)


@router.get(PATH)
@access(Scope.READ, "citations", "collections", "documents", "texts")
@in_thread(Texts)
def conflicts(
    request: Request,
    query: Annotated[ConflictsQuery, Query()],
    caller: Caller,
    collections: ReadyCollections,
    texts: Texts,
) -> Response:
    """The sentences of a collection's documents that disagree, a page of them."""
    choose_collection(request, query, collections, caller)
    return _render(request.scope, collections, caller, query, stop=lambda: texts.is_left)


def _render(
    connection: Connection,
    collections: Collections,
    caller: Principal,
    query: ConflictsQuery,
    *,
    stop: Callable[[], bool],
) -> Response:
    name = query.collection
    opened = existing_collection(collections, caller, name)
    found = ConflictPage((), 0, None)
    if opened is not None:
        after = Place(stored_id(query.after), query.offset)
        found = opened.conflicts.scan(after, limit=_PAGE, seconds=_SECONDS, stop=stop)
    following = ""
    if found.next is not None:
        place = urlencode({"after": found.next.document_id, "offset": found.next.offset})
        address = in_collection(PATH, name)
        following = f"{address}{'&' if '?' in address else '?'}{place}"
    return page(
        connection,
        "conflicts",
        collection=name,
        names=collections.names(caller),
        conflicts=shown_conflicts(found.conflicts, name),
        sentences=found.sentences,
        following=following,
        path=PATH,
        in_collection=in_collection,
    )
