"""Files: uploads that are kept until they are deleted, and documents that were put in another way."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any, BinaryIO

import anyio
from fastapi import APIRouter, Query, Request, Response
from starlette.responses import StreamingResponse

from index import errors
from index.errors import (
    CollectionNotFound,
    DiskFull,
    DiskReadOnly,
    DocumentNotFound,
    LoccitError,
    OriginalNotFound,
)
from index.naming import validate_document_id
from index.records import DocumentRecord
from service.errors import (
    BodyTimeout,
    BodyTooLarge,
    InvalidRequest,
    JobNotFinished,
    MayRaise,
    SpoolFull,
    UploadNotFound,
)
from service.faces.client import body_of
from service.faces.dependencies import Caller, Lookups, Texts, Writes, in_thread
from service.faces.openai import file_states, ids
from service.faces.openai.paging import page_of
from service.faces.openai.replies import (
    Deleted,
    File,
    FileList,
    deleted_json,
    document_file_json,
    file_json,
    page_json,
)
from service.faces.openai.requests import FileId, FilesQuery
from service.faces.openai.store_files import remove_file
from service.faces.openai.stores import ReadyStores, Stores
from service.faces.openai.uploads import is_visible, require_upload
from service.flows.ingest.body import Body
from service.flows.ingest.forms import Form, FormLimits
from service.flows.ingest.receiving import FORM
from service.http.parameters import STORED
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.monitoring.reads import note_read
from service.state.collections import Collections
from service.state.files import Files, UploadedFile, ids as file_ids, owner_of
from service.state.identity import Principal, Scope, access
from service.state.jobs.uploads import Upload
from service.state.limits.pools import Pools

router = APIRouter(tags=["openai"], route_class=ApiRoute)

PURPOSES = ("assistants", "user_data")
"""Purposes that mean: documents to ask."""
_EXPIRY = ("expires_after[anchor]", "expires_after[seconds]")
_LIMITS = FormLimits(
    1, {"purpose": 100, **dict.fromkeys(_EXPIRY, 100)}, "Send a form for each; attach them as a batch."
)
_CHUNK = 256 * 1024
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "purpose"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "purpose": {"type": "string", "enum": list(PURPOSES)},
                    },
                }
            }
        },
    }
}
_CONTENT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The bytes that were sent.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("/v1/files", summary="Upload a file", response_model=File, openapi_extra=_FORM)
@access(Scope.WRITE)
async def create(
    request: Annotated[
        Request,
        MayRaise(SpoolFull, DiskFull, DiskReadOnly, BodyTooLarge, BodyTimeout),
        MayRaise(errors.InvalidDocumentId, UploadNotFound),
        STORED,
    ],
    caller: Caller,
    stores: ReadyStores,
) -> Response:
    """Keeps a file until it is deleted. Attach it to a vector store, so that it answers questions.

    When this responds, the file is on disk.
    """
    body = body_of(request)
    if body.essence != FORM:
        raise InvalidRequest("Send a form (multipart/form-data) with the fields file and purpose.")
    return json_reply(file_json(await _receive_file(stores.files, stores.pools, caller, body)))


async def _receive_file(files: Files, pools: Pools, caller: Principal, body: Body) -> UploadedFile:
    async with _open_upload(files, pools, body.size) as upload:
        form = Form(
            body.media_type,
            upload,
            _LIMITS,
            check=lambda name: validate_document_id(file_ids.document_of_upload(upload.job_id, name)),
        )
        async for chunk in body.stream:
            await pools.writes.run(form.feed, chunk)
        form.end()
        return await pools.writes.run(_record_file, files, caller, upload, form)


@asynccontextmanager
async def _open_upload(files: Files, pools: Pools, size: int) -> AsyncIterator[Upload]:
    """An upload whose bytes are deleted unless the file is recorded. Raises :class:`SpoolFull`."""
    await pools.writes.run(files.store.spool.require_room, size)
    upload = Upload(files.store.spool, file_ids.new_upload_id())
    try:
        yield upload
    finally:
        with anyio.CancelScope(shield=True):
            await pools.writes.run(upload.close)


def _record_file(files: Files, caller: Principal, upload: Upload, form: Form) -> UploadedFile:
    purpose = form.fields.get("purpose", "")
    if purpose not in PURPOSES:
        raise InvalidRequest(
            f"purpose: {purpose!r} has no counterpart here. Use {' or '.join(PURPOSES)}.", param="purpose"
        )
    if any(name in form.fields for name in _EXPIRY):
        raise InvalidRequest(
            "expires_after: nothing expires here: a file stays until it is deleted. Leave it out.",
            param="expires_after",
        )
    if not form.files:
        raise InvalidRequest("file: there is none. Send one with a filename.", param="file")
    (sent,) = form.files
    # In the form that the id of its document has.
    document_id = validate_document_id(file_ids.document_of_upload(upload.job_id, sent.name))
    return upload.commit(
        lambda id_: files.store.add(
            UploadedFile(
                id_,
                file_ids.filename(document_id),
                purpose,
                sent.bytes,
                time.time(),
                owner_of(caller),
                caller.groups,
            )
        )
    )


@router.get("/v1/files", summary="List uploaded files", response_model=FileList)
@access(Scope.READ, "documents")
@in_thread(Lookups)
def list_files(
    query: Annotated[FilesQuery, Query()],
    caller: Caller,
    stores: Annotated[ReadyStores, STORED],
) -> Response:
    """The files that the key uploaded, and those attached to collections that it may use."""
    found = [
        one for one in stores.files.store.files(purpose=query.purpose) if is_visible(stores, caller, one)
    ]
    page, has_more = page_of(found, lambda one: one.id, query.order, after=query.after, limit=query.limit)
    return json_reply(page_json([file_json(one) for one in page], has_more=has_more))


@router.get("/v1/files/{file_id}", summary="Look up a file", response_model=File)
@access(Scope.READ, "documents")
@in_thread(Lookups)
def retrieve(
    file_id: FileId,
    caller: Caller,
    stores: ReadyStores,
) -> Response:
    """An uploaded file, or a document that was put in another way."""
    other = file_ids.document_file(file_id)
    if other is None:
        return json_reply(file_json(require_upload(stores, caller, file_id)))
    return json_reply(
        document_file_json(_find_document(stores.collections, caller, file_id, other), other.collection)
    )


def _find_document(
    collections: Collections, caller: Principal, file_id: str, place: file_ids.DocumentFile
) -> DocumentRecord:
    """The document that a file is. Raises :class:`UploadNotFound`."""
    try:
        return collections.open(caller, place.collection).archive.document(place.document_id)
    except (CollectionNotFound, DocumentNotFound, errors.DocumentRetired, errors.InvalidCollectionName):
        raise ids.no_such_file(file_id) from None


@router.delete("/v1/files/{file_id}", summary="Delete a file", response_model=Deleted)
@access(Scope.WRITE, "documents")
async def delete(
    file_id: Annotated[FileId, MayRaise(JobNotFinished, errors.LedgerFailed)],
    caller: Caller,
    stores: ReadyStores,
    writes: Writes,
) -> Response:
    """Erases the file, and its documents in all collections that the key may use."""
    for name in await writes.run(_delete_file, stores, caller, file_id):
        await stores.pools.embedding.run(stores.erasing.purge, caller, name, 0.0)
    return json_reply(deleted_json(file_id, "file"))


def _delete_file(stores: Stores, caller: Principal, file_id: str) -> list[str]:
    """Erase a file; returns the collections that it is erased from."""
    if (other := file_ids.document_file(file_id)) is not None:
        document = _find_document(stores.collections, caller, file_id, other)
        stores.collections.open(caller, other.collection).editor.delete(document.id)
        return [other.collection]
    file = require_upload(stores, caller, file_id)
    known = stores.files.store.attachments(file_id=file_id)
    attached = [one for one in known if caller.may_use(one.collection)]
    for attachment in attached:
        file_states.require_settled(stores.jobs, attachment)
    erased = []
    # A process that was killed may have detached it, and not erased its document.
    for name in {one.collection: None for one in attached} | dict.fromkeys(
        _collections_with_document(stores.collections, caller, file_id)
    ):
        try:
            remove_file(stores, caller, name, file_id)
        except (CollectionNotFound, UploadNotFound):
            continue  # deleted meanwhile, or a document that the caller may not read
        erased.append(name)
    if file.is_own_of(caller):
        if not stores.files.erasure.erase_file(file, known=known):
            raise JobNotFinished("This file was attached again just now. Wait for that, and delete it again.")
        stores.files.store.purge()
    return erased


def _collections_with_document(collections: Collections, caller: Principal, file_id: str) -> Iterator[str]:
    """The collections with a document of an upload that the caller may read."""
    for name in collections.names(caller):
        with suppress(LoccitError):  # deleted meanwhile, or it cannot be opened
            if file_states.document_of(collections, caller, name, file_id) is not None:
                yield name


@router.get(
    "/v1/files/{file_id}/content",
    summary="Download a file",
    response_class=Response,
    responses=_CONTENT,
)
@access(Scope.READ, "texts")
@in_thread(Texts)
def content(file_id: FileId, caller: Caller, stores: ReadyStores) -> Response:
    """The bytes of a file; of a document whose bytes are not kept, its text."""
    opened = _open_content(stores, caller, file_id)
    headers = {"Content-Disposition": "attachment"}
    return StreamingResponse(_read_chunks(opened), headers=headers, media_type="application/octet-stream")


def _open_content(stores: Stores, caller: Principal, file_id: str) -> BinaryIO | bytes:
    other = file_ids.document_file(file_id)
    if other is None:
        try:
            return stores.files.store.open(require_upload(stores, caller, file_id).id)
        except FileNotFoundError:  # deleted meanwhile
            raise ids.no_such_file(file_id) from None
    document = _find_document(stores.collections, caller, file_id, other)
    archive = stores.collections.open(caller, other.collection).archive
    note_read(other.collection, document.id)
    try:
        return archive.original(document.id)[1]
    except OriginalNotFound:
        return archive.text(document.id)[1].encode()


def _read_chunks(opened: BinaryIO | bytes) -> Iterator[bytes]:
    if isinstance(opened, bytes):
        yield opened
        return
    with opened:
        while part := opened.read(_CHUNK):
            yield part
