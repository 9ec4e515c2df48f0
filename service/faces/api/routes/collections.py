"""Create, look up, list and delete collections."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from index import errors
from index.collection import Collection as OpenCollection
from service.advice import message_with_advice
from service.errors import MayRaise
from service.faces.api.requests.collections import CollectionChanges, CollectionRequest
from service.faces.api.schemas.collections import (
    Collection,
    CollectionList,
    DeletedCollection,
    collection_json,
)
from service.faces.api.schemas.values import Json
from service.faces.dependencies import (
    Caller,
    Lookups,
    ReadyCollections,
    ReadyErasing,
    ReadySettings,
    ReadyTitles,
    Writes,
    in_thread,
)
from service.http.json_body import JsonBody
from service.http.parameters import CollectionPath
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.state.collections import Collections
from service.state.files import Titles, validate_title
from service.state.identity import Principal, Scope, access

router = APIRouter(tags=["collections"], route_class=ApiRoute)


@dataclass(frozen=True, slots=True)
class NamingCollections:
    """Collections, and what people call them."""

    collections: Collections
    titles: Titles


async def naming_collections(collections: ReadyCollections, titles: ReadyTitles) -> NamingCollections:
    """The collections and their titles."""
    return NamingCollections(collections, titles)


@router.get(
    "/v1/collections",
    summary="List collections",
    response_model=CollectionList,
)
@access(Scope.READ, "collections")
@in_thread(Lookups)
def list_collections(caller: Caller, collections: ReadyCollections, titles: ReadyTitles) -> Response:
    """All collections that the key may use. One that cannot be opened is listed with its error."""
    called = titles.all()
    found = [
        _collection_or_error(collections, caller, name, called.get(name, name))
        for name in collections.names(caller)
    ]
    return json_reply({"collections": [one for one in found if one]})


def _collection_json(opened: OpenCollection, caller: Principal, title: str) -> Json:
    """A collection as JSON; its mirrored folders on this machine are for administrators only."""
    return collection_json(opened, title=title, refused_mirrors=caller.scope is Scope.ADMIN)


def _collection_or_error(collections: Collections, caller: Principal, name: str, title: str) -> Json:
    try:
        return _collection_json(collections.open(caller, name), caller, title)
    except errors.CollectionNotFound:
        return {}  # deleted after it was listed
    except errors.LoccitError as error:
        return {"name": name, "error": {"code": error.code, "message": message_with_advice(error)}}


@router.get(
    "/v1/collections/{name}",
    summary="Look up a collection",
    response_model=Collection,
)
@access(Scope.READ, "collections")
@in_thread(Lookups)
def get_collection(
    name: CollectionPath,
    caller: Caller,
    collections: ReadyCollections,
    titles: ReadyTitles,
) -> Response:
    """How much the collection contains, and how many of its passages are embedded."""
    return json_reply(_collection_json(collections.open(caller, name), caller, titles.of(name)))


@router.put(
    "/v1/collections/{name}",
    summary="Create a collection",
    response_model=Collection,
    responses={
        200: {"description": "The collection existed."},
        201: {"model": Collection, "description": "The collection was created."},
    },
)
@access(Scope.ADMIN, "collections")
@in_thread(Writes)
def put_collection(
    name: CollectionPath,
    caller: Caller,
    naming: Annotated[NamingCollections, Depends(naming_collections)],
    settings: ReadySettings,
    body: Annotated[CollectionRequest, Depends(JsonBody(CollectionRequest, required=False))],
) -> Response:
    """Has no effect on a collection that exists, and is refused if that has another model."""
    settings.require_allowed_model(body.model)
    validate_title(body.title)
    collections, titles, model = naming.collections, naming.titles, body.model
    try:
        opened, status_code = collections.open(caller, name, model=model), 200
    except errors.CollectionNotFound:
        opened, status_code = collections.open(caller, name, create=True, model=model), 201
        if body.title:
            titles.change(opened, body.title)
    return json_reply(_collection_json(opened, caller, titles.of(name)), status_code=status_code)


@router.patch("/v1/collections/{name}", summary="Rename a collection", response_model=Collection)
@access(Scope.ADMIN, "collections")
@in_thread(Writes)
def change_collection(
    name: CollectionPath,
    caller: Caller,
    naming: Annotated[NamingCollections, Depends(naming_collections)],
    body: Annotated[CollectionChanges, Depends(JsonBody(CollectionChanges))],
) -> Response:
    """Changes what people call the collection. Its name stays, and with it addresses, keys and locators."""
    opened = naming.collections.open(caller, name)
    naming.titles.change(opened, body.title)
    return json_reply(_collection_json(opened, caller, naming.titles.of(name)))


@router.delete(
    "/v1/collections/{name}",
    summary="Delete a collection",
    response_model=DeletedCollection,
)
@access(Scope.ADMIN, "collections")
@in_thread(Writes)
def delete_collection(
    name: Annotated[CollectionPath, MayRaise(errors.LedgerFailed)],
    caller: Caller,
    collections: ReadyCollections,
    erasing: ReadyErasing,
) -> Response:
    """Erases the collection with all its documents, and what finished jobs hold of it."""
    collections.require(caller, name)
    return json_reply({"name": name, "purged": erasing.delete_collection(name)})
