"""The files of a vector store: the documents of its collection."""

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from index.types import Metadata
from service.errors import JobNotFinished, MayRaise, SpoolFull, UploadNotFound
from service.faces.api.schemas.values import Json
from service.faces.dependencies import Caller, Lookups, ReadyCollections, Texts, Writes, in_thread
from service.faces.openai import file_states, ids
from service.faces.openai.attaching import attach
from service.faces.openai.replies import (
    Deleted,
    FileContent,
    StoreFile,
    StoreFileList,
    attributes_json,
    deleted_json,
    page_json,
    polling_reply,
)
from service.faces.openai.requests import (
    ChangedStoreFile,
    FileId,
    NewStoreFile,
    StoreFilesQuery,
    VectorStoreId,
)
from service.faces.openai.stores import ReadyStores, Stores
from service.http.json_body import JsonBody
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.monitoring.reads import note_read
from service.state.identity import Principal, Scope, access

router = APIRouter(tags=["openai"], route_class=ApiRoute)
_FILES = "/v1/vector_stores/{vector_store_id}/files"
_FILE = f"{_FILES}/{{file_id}}"


@router.post(_FILES, summary="Attach a file", response_model=StoreFile)
@access(Scope.WRITE, "documents")
@in_thread(Writes)
def create(
    vector_store_id: VectorStoreId,
    caller: Caller,
    stores: ReadyStores,
    body: Annotated[NewStoreFile, Depends(JsonBody(NewStoreFile)), MayRaise(UploadNotFound, SpoolFull)],
) -> Response:
    """Makes a document of an uploaded file, in the background. Ask for the file until its status tells."""
    name = ids.collection_of(vector_store_id)
    attach(stores, caller, name, [body])
    return polling_reply(_file_json(stores, caller, name, body.file_id))


def _file_json(stores: Stores, caller: Principal, name: str, file_id: str) -> Json:
    return file_states.state_json(file_states.file_state(stores, caller, name, file_id), name)


@router.get(_FILES, summary="List the files of a vector store", response_model=StoreFileList)
@access(Scope.READ, "documents")
@in_thread(Lookups)
def list_files(
    vector_store_id: VectorStoreId,
    query: Annotated[StoreFilesQuery, Query()],
    caller: Caller,
    stores: ReadyStores,
) -> Response:
    """All documents of the collection, however they were put, and files that did not become documents."""
    name = ids.collection_of(vector_store_id)
    found, has_more = file_states.files_page(stores, caller, name, query)
    return json_reply(page_json([file_states.state_json(one, name) for one in found], has_more=has_more))


@router.get(_FILE, summary="Look up a file of a vector store", response_model=StoreFile)
@access(Scope.READ, "documents")
@in_thread(Lookups)
def retrieve(
    vector_store_id: VectorStoreId,
    file_id: FileId,
    caller: Caller,
    stores: ReadyStores,
) -> Response:
    """Whether the file is taken in, and if not, why. It is completed when it can be found by meaning, too."""
    name = ids.collection_of(vector_store_id)
    return polling_reply(_file_json(stores, caller, name, file_id))


@router.post(_FILE, summary="Update a file's attributes", response_model=StoreFile)
@access(Scope.WRITE, "documents")
@in_thread(Writes)
def update(
    vector_store_id: VectorStoreId,
    file_id: FileId,
    caller: Caller,
    stores: ReadyStores,
    body: Annotated[ChangedStoreFile, Depends(JsonBody(ChangedStoreFile))],
) -> Response:
    """Replaces the attributes, which are the metadata of the document. Nothing is embedded again."""
    name = ids.collection_of(vector_store_id)
    document = file_states.document_of(stores.collections, caller, name, file_id)
    if document is None:
        raise ids.no_such_file(file_id)
    changes = _metadata_changes(document.provenance.metadata, dict(body.attributes or {}))
    stores.collections.open(caller, name).editor.describe(document.id, changes)
    return json_reply(_file_json(stores, caller, name, file_id))


def _metadata_changes(metadata: Metadata, attributes: dict[str, object]) -> dict[str, object]:
    """The changes by which metadata gets these attributes.

    Lists that are given back stay lists.
    """
    shown = attributes_json(metadata)
    removed = dict.fromkeys(metadata.keys() - attributes.keys())
    return {**removed, **{key: value for key, value in attributes.items() if shown.get(key) != value}}


@router.delete(_FILE, summary="Remove a file from a vector store", response_model=Deleted)
@access(Scope.WRITE, "documents")
async def delete(
    vector_store_id: VectorStoreId,
    file_id: Annotated[FileId, MayRaise(JobNotFinished)],
    caller: Caller,
    stores: ReadyStores,
    writes: Writes,
) -> Response:
    """Erases the document with all its versions. The uploaded file stays until it is deleted itself."""
    name = ids.collection_of(vector_store_id)
    await writes.run(remove_file, stores, caller, name, file_id)
    await stores.pools.embedding.run(stores.erasing.purge, caller, name, 0.0)
    return json_reply(deleted_json(file_id, "vector_store.file.deleted"))


def remove_file(stores: Stores, caller: Principal, name: str, file_id: str) -> None:
    """Detach a file from a collection and erase its document; blocks.

    Raises :class:`service.errors.UploadNotFound`, :class:`service.errors.JobNotFinished`.
    """
    file_states.file_state(stores, caller, name, file_id)
    attached = stores.files.store.attachments(collection=name, file_id=file_id)
    for attachment in attached:
        file_states.require_settled(stores.jobs, attachment)
    # After that: until then a job may have made the document.
    document = file_states.document_of(stores.collections, caller, name, file_id)
    # Before the erasure, which would take the upload with it.
    stores.files.store.detach(attached)
    if document is not None:
        stores.collections.open(caller, name).editor.delete(document.id)
        # What was attached meanwhile, and was erased now, must not take the upload with it either.
        again = stores.files.store.attachments(collection=name, file_id=file_id)
        stores.files.store.detach([one for one in again if file_states.is_settled(stores.jobs, one)])
    else:  # its job keeps the file, for another try
        erased = {one.document_id: time.time() for one in attached}
        stores.jobs.erasure.erase_documents(name, erased)
        stores.files.store.purge()


@router.get(f"{_FILE}/content", summary="Read the text of a file", response_model=FileContent)
@access(Scope.READ, "texts")
@in_thread(Texts)
def content(
    vector_store_id: VectorStoreId,
    file_id: FileId,
    caller: Caller,
    collections: ReadyCollections,
) -> Response:
    """The text of the document, to which the offsets of citations refer."""
    name = ids.collection_of(vector_store_id)
    document = file_states.document_of(collections, caller, name, file_id)
    if document is None:
        raise ids.no_such_file(file_id)
    _, text = collections.open(caller, name).archive.text(document.id)
    note_read(name, document.id)
    return json_reply(
        {
            "object": "vector_store.file_content.page",
            "data": [{"type": "text", "text": text}],
            "has_more": False,
            "next_page": None,
        }
    )
