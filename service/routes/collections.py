"""Collections: to make, look at and delete."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from index import errors
from service.errors import InvalidRequest, NotReady, Overloaded
from service.openapi import responses
from service.replies import json_reply
from service.runtime import ReadyRuntime, Runtime
from service.schemas.collections import Collection, CollectionList, collection_json
from service.schemas.values import Json

router = APIRouter(tags=["collections"])

Name = Annotated[str, Path(description="1 to 63 of a-z, 0-9, - and _.", examples=["default"])]
_ERRORS = (
    InvalidRequest,
    errors.InvalidCollectionName,
    errors.CollectionMismatch,
    errors.CollectionBusy,
    errors.StoreDamaged,
    NotReady,
)


@router.get(
    "/v1/collections",
    summary="List collections",
    response_model=CollectionList,
    responses=responses(NotReady),
)
async def list_collections(runtime: ReadyRuntime) -> Response:
    """All collections; one that cannot be opened is listed with the error."""
    return await runtime.read(_listed, runtime)


def _listed(runtime: Runtime) -> Response:
    found = [_described(runtime, name) for name in runtime.library.names()]
    return json_reply({"collections": [one for one in found if one]})


def _described(runtime: Runtime, name: str) -> Json:
    try:
        return collection_json(runtime.library.open(name))
    except errors.CollectionNotFound:
        return {}  # deleted since it was listed
    except errors.LoccitError as error:
        return {"name": name, "error": {"code": error.code, "message": error.message}}


@router.get(
    "/v1/collections/{name}",
    summary="Look a collection up",
    response_model=Collection,
    responses=responses(*_ERRORS, errors.CollectionNotFound),
)
async def get_collection(name: Name, runtime: ReadyRuntime) -> Response:
    """How much it holds, and how much of that can be found by meaning already."""
    return await runtime.read(lambda: json_reply(collection_json(runtime.library.open(name))))


@router.put(
    "/v1/collections/{name}",
    summary="Make a collection",
    response_model=Collection,
    responses={
        200: {"description": "It was there."},
        201: {"model": Collection, "description": "It is new."},
        **responses(*_ERRORS, Overloaded),
    },
)
async def put_collection(name: Name, runtime: ReadyRuntime) -> Response:
    """Does nothing to a collection that is there already."""
    with runtime.writing.one():
        return await runtime.write(_made, runtime, name)


def _made(runtime: Runtime, name: str) -> Response:
    try:
        opened, status_code = runtime.library.open(name), 200
    except errors.CollectionNotFound:
        opened, status_code = runtime.library.open(name, create=True), 201
    return json_reply(collection_json(opened), status_code=status_code)


@router.delete(
    "/v1/collections/{name}",
    summary="Delete a collection",
    status_code=204,
    responses=responses(*_ERRORS, errors.CollectionNotFound, Overloaded),
)
async def delete_collection(name: Name, runtime: ReadyRuntime) -> None:
    """With all its documents. Nothing brings them back but a backup."""
    with runtime.writing.one():
        await runtime.write(runtime.library.delete, name)
