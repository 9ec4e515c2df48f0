"""The versions of documents: to list, compare and prune."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from index import errors
from index.retention import Retention
from service.errors import BodyTooLarge, InvalidRequest, NotReady, Overloaded
from service.openapi import json_body, responses
from service.replies import json_reply
from service.requests.base import CollectionQuery, read_json
from service.requests.documents import DiffQuery, PruneRequest
from service.routes.documents import DocumentId
from service.runtime import ReadyRuntime, Runtime
from service.schemas.documents import (
    Diff,
    PruneResponse,
    VersionList,
    hunk_json,
    pruning_json,
    version_json,
)

router = APIRouter(tags=["documents"])

_OPENING = (
    InvalidRequest,
    errors.InvalidCollectionName,
    errors.CollectionNotFound,
    errors.CollectionMismatch,
    errors.StoreDamaged,
    NotReady,
)


@router.get(
    "/v1/documents/{document_id:path}/versions",
    summary="List a document's versions",
    response_model=VersionList,
    responses=responses(*_OPENING, errors.DocumentNotFound),
)
async def list_versions(
    document_id: DocumentId, query: Annotated[CollectionQuery, Query()], runtime: ReadyRuntime
) -> Response:
    """Those that are kept, newest first. Each has its own text, and citations of it resolve."""
    return await runtime.read(_versions, runtime, document_id, query.collection)


def _versions(runtime: Runtime, document_id: str, collection: str) -> Response:
    found = runtime.library.open(collection).versions(document_id)
    told = [version_json(version, collection) for version in found]
    return json_reply({"document_id": document_id, "versions": told})


@router.get(
    "/v1/documents/{document_id:path}/diff",
    summary="Compare two versions",
    response_model=Diff,
    responses=responses(*_OPENING, errors.DocumentNotFound, errors.VersionNotFound, Overloaded),
)
async def diff_versions(
    document_id: DocumentId, query: Annotated[DiffQuery, Query()], runtime: ReadyRuntime
) -> Response:
    """Line by line, and word by word in lines that were replaced by others like them."""
    return await runtime.examine(_diff, runtime, document_id, query)


def _diff(runtime: Runtime, document_id: str, query: DiffQuery) -> Response:
    collection = query.collection
    old, new, hunks = runtime.library.open(collection).diff(document_id, query.old, query.new)
    return json_reply(
        {
            "document_id": document_id,
            "old": version_json(old, collection),
            "new": version_json(new, collection),
            "hunks": [hunk_json(hunk) for hunk in hunks],
        }
    )


@router.post(
    "/v1/prune",
    summary="Erase old versions",
    response_model=PruneResponse,
    responses=responses(
        *_OPENING,
        errors.InvalidLimit,
        errors.InvalidLocator,
        errors.CollectionBusy,
        BodyTooLarge,
        Overloaded,
    ),
    openapi_extra=json_body(PruneRequest),
)
async def prune_versions(request: Request, runtime: ReadyRuntime) -> Response:
    """Says which versions a retention erases and which of the given citations that breaks.

    Nothing is erased before `dry_run` is false; then the versions, their texts and their vectors are gone
    for good, and citations of them are not found.
    """
    body = read_json(PruneRequest, await request.body())
    with runtime.writing.one():
        return await runtime.write(_pruned, runtime, body)


def _pruned(runtime: Runtime, body: PruneRequest) -> Response:
    settings = runtime.settings
    retention = Retention(
        settings.keep_versions if body.keep_versions is None else body.keep_versions,
        settings.keep_days if body.keep_days is None else body.keep_days,
    )
    collection = runtime.library.open(body.collection)
    if body.dry_run:
        return json_reply(pruning_json(collection.pruning(retention, body.citations), done=False))
    return json_reply(pruning_json(collection.prune(retention, body.citations), done=True))
