"""Vector stores: collections, under OpenAI's names."""

import secrets
import time
from contextlib import suppress
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from index import errors
from service.errors import Forbidden, MayRaise, SpoolFull
from service.faces.api.schemas.values import Json
from service.faces.dependencies import Caller, Lookups, Writes, in_thread
from service.faces.openai import file_states, ids
from service.faces.openai.attaching import attach
from service.faces.openai.paging import page_of
from service.faces.openai.replies import (
    Deleted,
    VectorStore,
    VectorStoreList,
    counts_json,
    deleted_json,
    page_json,
)
from service.faces.openai.requests import (
    AttachedFile,
    ChangedVectorStore,
    ListQuery,
    NewVectorStore,
    VectorStoreId,
)
from service.faces.openai.stores import ReadyStores, Stores
from service.faces.openai.uploads import require_upload
from service.http.json_body import JsonBody
from service.http.parameters import OPENS, STORED
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.state.collections import Collections
from service.state.files import StoreLabel, label_of, plain_name
from service.state.identity import Principal, Scope, access

router = APIRouter(tags=["openai"], route_class=ApiRoute)
_UNNAMED = "store"


@router.post("/v1/vector_stores", summary="Create a vector store", response_model=VectorStore)
@access(Scope.ADMIN, "collections")
@in_thread(Writes)
def create(
    caller: Caller,
    stores: Annotated[ReadyStores, OPENS, STORED],
    body: Annotated[NewVectorStore, Depends(JsonBody(NewVectorStore, required=False)), MayRaise(SpoolFull)],
) -> Response:
    """Creates a collection, which is called like the vector store as far as its name allows."""
    for file_id in body.file_ids or ():  # before anything is created
        require_upload(stores, caller, file_id)
    with stores.collections.naming:
        name = _free_name(stores.collections, caller, body.name or "")
        stores.collections.open(caller, name, create=True)
    label = StoreLabel(name, body.name or name, body.description or "", body.metadata or {}, time.time())
    stores.files.store.set_label(label)
    if body.file_ids:
        attach(stores, caller, name, [AttachedFile(file_id=one) for one in body.file_ids])
    return json_reply(_store_json(stores, caller, name))


def _free_name(collections: Collections, caller: Principal, wanted: str) -> str:
    """The name of a collection that does not exist. Raises :class:`Forbidden` where the key may use none."""
    name = plain_name(wanted) or _UNNAMED
    is_taken = name in collections.library.names()
    if caller.collections is not None:
        if is_taken or not caller.may_use(name):
            raise Forbidden(
                f"This key may use collections that were named for it, and {name!r} is none that could be "
                "created. Name the vector store like one of them that does not exist yet."
            )
        return name
    if is_taken or name == _UNNAMED:
        return f"{name}-{secrets.token_hex(4)}"
    return name


@router.get("/v1/vector_stores", summary="List vector stores", response_model=VectorStoreList)
@access(Scope.READ, "collections")
@in_thread(Lookups)
def list_stores(
    query: Annotated[ListQuery, Query()],
    caller: Caller,
    stores: Annotated[ReadyStores, STORED],
) -> Response:
    """All collections that the key may use and that can be opened, by the time of their creation."""
    found = []
    for name in stores.collections.names(caller):
        with suppress(errors.LoccitError):  # deleted since, or it cannot be opened, which the log says
            found.append(label_of(stores.files.store, stores.collections.open(caller, name)))
    found.sort(key=lambda one: (one.created, one.collection))
    page, has_more = page_of(
        found,
        lambda one: ids.store_id(one.collection),
        query.order,
        after=query.after,
        before=query.before,
        limit=query.limit,
    )
    shown = [_store_json(stores, caller, one.collection) for one in page]
    return json_reply(page_json(shown, has_more=has_more))


@router.get(
    "/v1/vector_stores/{vector_store_id}", summary="Look up a vector store", response_model=VectorStore
)
@access(Scope.READ, "collections")
@in_thread(Lookups)
def retrieve(
    vector_store_id: VectorStoreId,
    caller: Caller,
    stores: ReadyStores,
) -> Response:
    """The collection's size, and how many of its files are taken in."""
    name = ids.collection_of(vector_store_id)
    return json_reply(_store_json(stores, caller, name))


@router.post(
    "/v1/vector_stores/{vector_store_id}", summary="Update a vector store", response_model=VectorStore
)
@access(Scope.WRITE, "collections")
@in_thread(Writes)
def update(
    vector_store_id: VectorStoreId,
    caller: Caller,
    stores: ReadyStores,
    body: Annotated[ChangedVectorStore, Depends(JsonBody(ChangedVectorStore))],
) -> Response:
    """Changes what the vector store is called, and its metadata. The collection keeps its name."""
    name = ids.collection_of(vector_store_id)
    label = label_of(stores.files.store, stores.collections.open(caller, name))
    if body.name is not None:
        label = replace(label, name=body.name)
    if "metadata" in body.model_fields_set:
        label = replace(label, metadata=body.metadata or {})
    stores.files.store.set_label(label)
    return json_reply(_store_json(stores, caller, name))


@router.delete("/v1/vector_stores/{vector_store_id}", summary="Delete a vector store", response_model=Deleted)
@access(Scope.ADMIN, "collections")
@in_thread(Writes)
def delete(
    vector_store_id: Annotated[VectorStoreId, MayRaise(errors.LedgerFailed)],
    caller: Caller,
    stores: ReadyStores,
) -> Response:
    """Erases the collection with all its documents. Uploaded files stay until they are deleted themselves."""
    name = ids.collection_of(vector_store_id)
    stores.collections.require(caller, name)
    # Before the erasure, which would take attached uploads with it.
    attached = stores.files.store.attachments(collection=name)
    stores.files.store.detach(attached)
    try:
        stores.erasing.delete_collection(name)
    except errors.LoccitError:
        if name in stores.collections.library.names():
            stores.files.store.undo((), attached)
        raise
    return json_reply(deleted_json(ids.store_id(name), "vector_store.deleted"))


def _store_json(stores: Stores, caller: Principal, name: str) -> Json:
    """A collection as :class:`VectorStore`."""
    opened = stores.collections.open(caller, name)
    label, counts = label_of(stores.files.store, opened), file_states.count_files(stores, name, opened)
    return {
        "id": ids.store_id(name),
        "object": "vector_store",
        "created_at": int(label.created),
        "name": label.name,
        "description": label.description or None,
        "usage_bytes": opened.archive.counts().characters,
        "file_counts": counts_json(counts),
        "status": "in_progress" if counts.get("in_progress") else "completed",
        "expires_after": None,
        "expires_at": None,
        "last_active_at": None,
        "metadata": label.metadata,
    }
