"""Many documents at once, in the background: files, folders in ZIP files, texts, addresses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Query, Request, Response
from pydantic_core import from_json
from starlette.requests import ClientDisconnect

from index import errors
from index.naming import checked_document_id, checked_metadata
from index.readers import text_media_type
from index.web.urls import parse_url
from service.body_limit import announced
from service.errors import BodyTooLarge, ClientGone, InvalidRequest, NotReady, Overloaded, SpoolFull
from service.jobs.forms import Form, FormLimits
from service.jobs.records import Job, NewItem
from service.jobs.uploads import Upload
from service.links import DEFAULT_COLLECTION
from service.openapi import responses, schema_of
from service.replies import json_reply
from service.requests.base import read_json
from service.requests.jobs import MOST_PASSWORD_BYTES, IngestedDocument, IngestQuery, IngestRequest
from service.routes.jobs import shown
from service.runtime import ReadyRuntime, Runtime
from service.schemas.jobs import JobResponse

router = APIRouter(tags=["jobs"])

_ZIP = ("application/zip", "application/x-zip-compressed")
_PIECE = 256 * 1024
_FIELDS = {"metadata": 1024 * 1024, "password": MOST_PASSWORD_BYTES}
"""The fields of a form, each with its most bytes."""
_FORM = {
    "type": "object",
    "properties": {
        "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
        "metadata": {"type": "string", "description": "A JSON mapping, for all of the files."},
        "password": {"type": "string", "description": "For files that are encrypted."},
    },
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "Files as a form, a folder as a ZIP file, or JSON with texts and addresses.",
        "content": {
            "multipart/form-data": {"schema": _FORM},
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
            "application/json": {"schema": schema_of(IngestRequest)},
        },
    }
}


@router.post(
    "/v1/ingest",
    summary="Take in many documents",
    status_code=202,
    response_model=JobResponse,
    responses=responses(
        InvalidRequest,
        errors.InvalidCollectionName,
        errors.CollectionNotFound,
        errors.CollectionMismatch,
        errors.InvalidDocumentId,
        errors.InvalidMetadata,
        errors.StoreDamaged,
        BodyTooLarge,
        NotReady,
        Overloaded,
        SpoolFull,
    ),
    openapi_extra=_BODY,
)
async def ingest(query: Annotated[IngestQuery, Query()], request: Request, runtime: ReadyRuntime) -> Response:
    """Answers with a job as soon as everything that was sent is kept on disk.

    A file's name is its document's id; a ZIP file stands for the files in it. `GET` the job, or follow its
    events, for how far it is and what became of each file.
    """
    with runtime.writing.one():
        try:
            job = await _sent(runtime, query, request)
        except ClientDisconnect:
            raise ClientGone("The caller hung up before everything was sent.") from None
        runtime.jobs.wake()
        answer = await runtime.read(shown, runtime, job)
    return json_reply(answer, status_code=202, headers={"Location": f"/v1/jobs/{job.id}"})


async def _sent(runtime: Runtime, query: IngestQuery, request: Request) -> Job:
    essence = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if essence == "multipart/form-data":
        return await _from_form(runtime, query, request)
    if essence in _ZIP:
        return await _from_zip(runtime, query, request)
    body = await _small_body(request, runtime.settings.max_body_bytes)
    async with _upload(runtime, request) as upload:
        return await runtime.write(_from_json, runtime, query, upload, body)


async def _from_form(runtime: Runtime, query: IngestQuery, request: Request) -> Job:
    await runtime.read(_require_collection, runtime, query.collection)
    limits = FormLimits(runtime.settings.max_files, _FIELDS)
    async with _upload(runtime, request) as upload:
        form = Form(
            request.headers["content-type"],
            upload,
            limits,
            check=lambda name: checked_document_id(_joined(query.prefix, name)),
        )
        async for piece in _pieces(request):
            await runtime.write(form.feed, piece)
        form.end()
        return await runtime.write(_sent_files, runtime, query, upload, form)


@asynccontextmanager
async def _upload(runtime: Runtime, request: Request) -> AsyncIterator[Upload]:
    """Files that are forgotten unless they become a job's. Raises :class:`service.errors.SpoolFull`."""
    spool = runtime.jobs.spool
    await runtime.write(spool.quota.require, announced(request.scope))
    upload = Upload(spool)
    try:
        yield upload
    finally:
        with anyio.CancelScope(shield=True):
            await runtime.write(upload.close)


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces that are worth the way to a thread."""
    held, size = [], 0
    async for piece in request.stream():
        held.append(piece)
        size += len(piece)
        if size >= _PIECE:
            yield b"".join(held)
            held, size = [], 0
    if size:
        yield b"".join(held)


def _require_collection(runtime: Runtime, name: str) -> None:
    """Tell of a slip in its name before anything is sent in vain."""
    if name != DEFAULT_COLLECTION:
        runtime.library.open(name)


def _sent_files(runtime: Runtime, query: IngestQuery, upload: Upload, form: Form) -> Job:
    said = {
        "metadata": _metadata(form.fields.get("metadata", "")),
        "password": form.fields.get("password", ""),
    }
    items = [
        replace(_item(query.prefix, one.name, said), spooled=one.spooled, bytes=one.bytes)
        for one in form.files
    ]
    return _kept(runtime, query.collection, upload, items)


def _metadata(written: str) -> Mapping[str, object]:
    try:
        # Unlike the standard library's, it refuses halves of surrogate pairs.
        found = from_json(written or "{}", allow_inf_nan=False)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InvalidRequest('metadata: not a JSON mapping. Write it like {"year": 2020}.')
    return checked_metadata(found)


async def _from_zip(runtime: Runtime, query: IngestQuery, request: Request) -> Job:
    checked_document_id(_joined(query.prefix, "folder.zip"))
    await runtime.read(_require_collection, runtime, query.collection)
    async with _upload(runtime, request) as upload:
        await runtime.write(upload.begin)
        async for piece in _pieces(request):
            await runtime.write(upload.write, piece)
        spooled, size = await runtime.write(upload.finish)
        item = replace(_archive("the ZIP file", query.prefix, {}), spooled=spooled, bytes=size)
        return await runtime.write(_kept, runtime, query.collection, upload, [item])


async def _small_body(request: Request, most: int) -> bytes:
    """A body that is read in memory. Raises :class:`BodyTooLarge`."""
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > most:
            raise BodyTooLarge(
                f"JSON may have {most:,} bytes here. Send files as a form or as a ZIP file, or several jobs."
            )
        pieces.append(piece)
    return b"".join(pieces)


def _from_json(runtime: Runtime, query: IngestQuery, upload: Upload, body: bytes) -> Job:
    wanted = read_json(IngestRequest, body)
    said = {"metadata": checked_metadata(wanted.metadata)}
    fetched = [
        *(NewItem("url", str(parse_url(url)), request=said) for url in wanted.urls),
        *(NewItem("sitemap", str(parse_url(url)), request=said) for url in wanted.sitemaps),
        *(
            NewItem("crawl", str(parse_url(one.url)), request={**said, **one.model_dump(exclude={"url"})})
            for one in wanted.crawls
        ),
    ]
    collection = wanted.collection if query.collection == DEFAULT_COLLECTION else query.collection
    texts = [(_text(query.prefix, document), document.text.encode()) for document in wanted.documents]
    items = []
    for item, data in texts:
        spooled, size = upload.put(data)
        items.append(replace(item, spooled=spooled, bytes=size))
    return _kept(runtime, collection, upload, [*items, *fetched])


def _item(prefix: str, name: str, said: Mapping[str, Any]) -> NewItem:
    path = PurePosixPath(name)
    document_id = checked_document_id(_joined(prefix, name))
    if path.suffix.lower() == ".zip":
        # Its files are named by their paths in it, not by how somebody called the whole.
        parent = "" if str(path.parent) == "." else str(path.parent)
        return _archive(name, _joined(prefix, parent), said)
    return NewItem("file", document_id, request=said)


def _archive(name: str, prefix: str, said: Mapping[str, Any]) -> NewItem:
    return NewItem("archive", name, request={**said, "prefix": prefix.strip("/")})


def _text(prefix: str, document: IngestedDocument) -> NewItem:
    document_id = checked_document_id(_joined(prefix, document.document_id))
    said = {
        "title": document.title,
        "source": document.source,
        "metadata": checked_metadata(document.metadata),
        "media_type": document.media_type or text_media_type(document_id),
    }
    return NewItem("file", document_id, request=said)


def _joined(prefix: str, name: str) -> str:
    return "/".join(part for part in (prefix.strip("/"), name) if part)


def _kept(runtime: Runtime, collection: str, upload: Upload, items: Sequence[NewItem]) -> Job:
    """The job, when all of its files are on disk."""
    if not items:
        raise InvalidRequest("There is nothing to take in: send files, documents or addresses.")
    # Only the default collection comes into being by itself: another name may be a slip.
    runtime.library.open(collection, create=collection == DEFAULT_COLLECTION)
    return upload.commit(lambda job_id: runtime.jobs.store.add(job_id, collection, items))
