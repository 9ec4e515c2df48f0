"""The deletion of several documents at once: what it breaks, and, once that is confirmed, their erasure."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.types import Scope as Connection

from index.errors import DocumentNotFound
from index.records import DocumentRecord
from service.errors import InvalidRequest
from service.faces.dependencies import Caller, ReadyCollections, Writes, in_thread
from service.faces.pages import page, redirect
from service.faces.pages.forms import form_values
from service.faces.pages.routes.library import WORDS, deleted_path
from service.http.request_models import PageQuery
from service.http.route import GuardedRoute
from service.state.collections import Collections
from service.state.identity import Principal, Scope, access

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

_PATH = "/library/documents/delete"
_MOST = 1000
_Fields = Annotated[dict[str, list[str]], form_values(4 * 1024 * 1024)]


@router.post(_PATH)
@access(Scope.WRITE, "documents", "versions")
@in_thread(Writes)
def delete(
    request: Request,
    query: Annotated[PageQuery, Query()],
    caller: Caller,
    collections: ReadyCollections,
    fields: _Fields,
) -> Response:
    """Says what the deletion of the chosen documents breaks; erases them when the form confirms it."""
    ids = list(dict.fromkeys(fields.get("id", ())))
    if not 0 < len(ids) <= _MOST:
        raise InvalidRequest(f"Choose 1 to {_MOST:,} documents in the library to delete them.")
    if "confirmed" not in fields:
        return _render_confirmation(request.scope, collections, caller, query, ids)
    count = _delete_documents(collections, caller, query.collection, ids)
    address = deleted_path(query.collection, count)
    return redirect(request.scope, address)


def _render_confirmation(
    connection: Connection, collections: Collections, caller: Principal, query: PageQuery, ids: Sequence[str]
) -> Response:
    find = collections.open(caller, query.collection).archive.find_document
    found: list[DocumentRecord] = [one for one in (find(id_, retired=True) for id_ in ids) if one]
    if not found:
        raise DocumentNotFound("None of these documents is there any more.")
    return page(connection, "delete_documents", documents=found, collection=query.collection, **WORDS)


def _delete_documents(
    collections: Collections, caller: Principal, collection: str, ids: Sequence[str]
) -> int:
    """Erase documents; returns how many there were."""
    editor, count = collections.open(caller, collection).editor, 0
    for id_ in ids:
        try:
            editor.delete(id_)
            count += 1
        except DocumentNotFound:
            continue  # deleted by somebody else since it was listed
    return count
