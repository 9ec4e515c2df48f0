"""List, compare and prune versions of documents."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from index.citations import parse_locator
from index.history import Retention
from service.faces.api.requests.documents import DiffQuery, PruneRequest
from service.faces.api.schemas.documents import (
    Diff,
    PruneResponse,
    VersionList,
    hunk_json,
    pruning_json,
    version_json,
)
from service.faces.api.schemas.values import moment
from service.faces.dependencies import (
    Caller,
    Lookups,
    ReadyCollections,
    ReadyErasing,
    ReadySettings,
    Texts,
    Writes,
    in_thread,
)
from service.http.json_body import JsonBody
from service.http.parameters import CurrentDocumentId, DocumentId
from service.http.replies import json_reply
from service.http.request_models import CollectionQuery
from service.http.route import ApiRoute
from service.state.collections import Collections
from service.state.identity import Principal, Scope, access

router = APIRouter(tags=["documents"], route_class=ApiRoute)


@router.get(
    "/v1/documents/{document_id:path}/versions",
    summary="List a document's versions",
    response_model=VersionList,
)
@access(Scope.READ, "versions")
@in_thread(Lookups)
def list_versions(
    document_id: DocumentId,
    query: Annotated[CollectionQuery, Query()],
    caller: Caller,
    collections: ReadyCollections,
) -> Response:
    """Lists the versions that are kept, newest first. Citations of all of them resolve."""
    name = query.collection
    read = partial(_list_versions, collections, caller, collection=name)
    return collections.following(caller, name, document_id, read)


def _list_versions(
    collections: Collections, caller: Principal, document_id: str, collection: str
) -> Response:
    found = collections.open(caller, collection).archive.versions(document_id)
    versions = [version_json(version, collection) for version in found]
    retired = None if found[0].retired is None else moment(found[0].retired)
    return json_reply({"document_id": document_id, "retired": retired, "versions": versions})


@router.get(
    "/v1/documents/{document_id:path}/diff",
    summary="Compare two versions",
    response_model=Diff,
)
@access(Scope.READ, "versions")
@in_thread(Texts)
def diff_versions(
    document_id: CurrentDocumentId,
    query: Annotated[DiffQuery, Query()],
    caller: Caller,
    collections: ReadyCollections,
) -> Response:
    """Compares line by line, and word by word in lines that were replaced by similar ones."""
    read = partial(_diff_versions, collections, caller, query=query)
    return collections.following(caller, query.collection, document_id, read)


def _diff_versions(
    collections: Collections, caller: Principal, document_id: str, query: DiffQuery
) -> Response:
    collection = query.collection
    archive = collections.open(caller, collection).archive
    old, new, hunks = archive.diff(document_id, query.old, query.new)
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
)
@access(Scope.ADMIN, "versions")
@in_thread(Writes)
def prune_versions(
    caller: Caller,
    collections: ReadyCollections,
    erasing: ReadyErasing,
    settings: ReadySettings,
    body: Annotated[PruneRequest, Depends(JsonBody(PruneRequest))],
) -> Response:
    """Reports which versions and retired documents are to be erased, and which of the given citations break.

    With `dry_run: false` they are erased permanently with their texts and vectors, and their citations no
    longer resolve.
    """
    caller = body.narrow_caller(caller)
    retention = Retention(
        body.keep_versions,
        body.keep_days,
        settings.keep_retired_days if body.keep_retired_days is None else body.keep_retired_days,
    )
    locators = [parse_locator(one) for one in body.citations]
    collection = collections.open(caller, body.collection)
    prune = collection.editor.plan_prune if body.dry_run else collection.editor.prune
    plan = prune(retention, locators)
    change, purged = collection.state.change, erasing.purge(caller, body.collection, 0.0)
    return json_reply(pruning_json(plan, done=not body.dry_run, change=change, purged=purged))
