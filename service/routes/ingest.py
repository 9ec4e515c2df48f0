"""Ingest many documents in the background: files, ZIP files, texts, web addresses."""

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

from index.errors import DiskFull
from index.naming import checked_document_id, checked_groups, checked_metadata
from index.readers import text_media_type
from index.sources.web import parse_url
from service.api.links import DEFAULT_COLLECTION, job_path
from service.api.replies import json_reply
from service.api.route import ApiRoute
from service.errors import BodyTooLarge, ClientGone, InvalidRequest, MayRaise, SpoolFull
from service.identity import Principal, Scope, access
from service.jobs.form_sidecars import take_sidecars
from service.jobs.forms import Form, FormLimits
from service.jobs.records import Access, Job, NewItem
from service.jobs.uploads import Upload
from service.middleware.body_limit import content_length
from service.requests.jobs import MAX_PASSWORD_BYTES, IngestedDocument, IngestQuery, IngestRequest
from service.requests.json_body import JsonBody
from service.requests.values import names_of
from service.routes.jobs import current_json
from service.runtime import Caller, ReadyRuntime, Runtime
from service.schemas.jobs import JobResponse

router = APIRouter(tags=["jobs"], route_class=ApiRoute)

_ZIP = ("application/zip", "application/x-zip-compressed")
_CHUNK = 256 * 1024
_JSON = JsonBody(IngestRequest)
_FIELDS = {"metadata": 1024 * 1024, "password": MAX_PASSWORD_BYTES}
"""Maximum bytes by form field."""
_FORM = {
    "type": "object",
    "properties": {
        "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
        "metadata": {"type": "string", "description": "Metadata of all files, as a JSON object."},
        "password": {"type": "string", "description": "Password of encrypted files."},
    },
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "Files as a form, a folder as a ZIP file, or JSON with texts and web addresses.",
        "content": {
            "multipart/form-data": {"schema": _FORM},
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
            **_JSON.openapi()["content"],
        },
    }
}


@router.post(
    "/v1/ingest",
    summary="Ingest many documents",
    status_code=202,
    response_model=JobResponse,
    openapi_extra=_BODY,
)
@access(Scope.WRITE, "jobs")
async def ingest(
    query: Annotated[IngestQuery, Query()],
    request: Annotated[Request, _JSON, MayRaise(SpoolFull, DiskFull)],
    caller: Caller,
    runtime: ReadyRuntime,
) -> Response:
    """Responds with a job as soon as everything received is stored on disk.

    The name of a file becomes the id of its document; a ZIP file stands for the files in it. `GET` the job or
    follow its events for its progress and the outcome of each file.
    """
    try:
        job = await _receive(runtime, caller, query, request)
    except ClientDisconnect:
        raise ClientGone("The client disconnected before everything was sent.") from None
    runtime.jobs.wake()
    answer = await runtime.pools.lookups.run(current_json, runtime, job)
    return json_reply(answer, status_code=202, headers={"Location": job_path(job.id)})


async def _receive(runtime: Runtime, caller: Principal, query: IngestQuery, request: Request) -> Job:
    await runtime.pools.lookups.run(runtime.require_room_for_job)  # before the client sends everything
    essence = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if essence == "multipart/form-data":
        return await _from_form(runtime, caller, query, request)
    if essence in _ZIP:
        return await _from_zip(runtime, caller, query, request)
    body = await _small_body(request, runtime.settings.library_config().ingest.max_document_bytes)
    wanted = _JSON.parse(body, request)
    async with _upload(runtime, request) as upload:
        return await runtime.pools.writes.run(
            _from_json, runtime, wanted.narrowed(caller), query.prefix, upload, wanted
        )


async def _from_form(runtime: Runtime, caller: Principal, query: IngestQuery, request: Request) -> Job:
    await runtime.pools.lookups.run(_require_collection, runtime, caller, query.collection)
    limits = FormLimits(runtime.settings.max_files, _FIELDS)
    async with _upload(runtime, request) as upload:
        form = Form(
            request.headers["content-type"],
            upload,
            limits,
            check=lambda name: checked_document_id(_joined(query.prefix, name)),
        )
        async for chunk in _chunks(request):
            await runtime.pools.writes.run(form.feed, chunk)
        form.end()
        return await runtime.pools.writes.run(_add_files, runtime, caller, query, upload, form)


@asynccontextmanager
async def _upload(runtime: Runtime, request: Request) -> AsyncIterator[Upload]:
    """An upload whose files are deleted unless they become a job's. Raises :class:`SpoolFull`."""
    spool = runtime.jobs.spool
    await runtime.pools.writes.run(spool.require_room, content_length(request.scope))
    upload = Upload(spool)
    try:
        yield upload
    finally:
        with anyio.CancelScope(shield=True):
            await runtime.pools.writes.run(upload.close)


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces large enough to hand to a thread."""
    held, size = [], 0
    async for chunk in request.stream():
        held.append(chunk)
        size += len(chunk)
        if size >= _CHUNK:
            yield b"".join(held)
            held, size = [], 0
    if size:
        yield b"".join(held)


def _require_collection(runtime: Runtime, caller: Principal, name: str) -> None:
    """Refuse an unknown collection before the client sends the files."""
    runtime.require_collection(caller, name)
    if name != DEFAULT_COLLECTION:
        runtime.library.open(name)


def _add_files(runtime: Runtime, caller: Principal, query: IngestQuery, upload: Upload, form: Form) -> Job:
    attributes = {
        "metadata": _metadata(form.fields.get("metadata", "")),
        "password": form.fields.get("password", ""),
        **_grouped(query.groups),
    }
    files, described = take_sidecars(form.files, runtime.jobs.spool, upload.job_id)
    items = [
        replace(
            _item(query.prefix, one.name, _with_sidecar(attributes, described.get(one.name, {}))),
            spooled=one.spooled,
            bytes=one.bytes,
        )
        for one in files
    ]
    return _create_job(runtime, caller, query.collection, upload, items)


def _with_sidecar(attributes: Mapping[str, Any], own: Mapping[str, Any]) -> Mapping[str, Any]:
    """The attributes of all files, and those of one file's sidecar, which take precedence."""
    metadata = {**attributes["metadata"], **own.get("metadata", {})}
    return {**attributes, **own, "metadata": metadata}


def _metadata(written: str) -> Mapping[str, object]:
    try:
        # Unlike the standard library, pydantic-core refuses lone surrogates.
        found = from_json(written or "{}", allow_inf_nan=False)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InvalidRequest('metadata: not a JSON mapping. Write it like {"year": 2020}.')
    return checked_metadata(found)


async def _from_zip(runtime: Runtime, caller: Principal, query: IngestQuery, request: Request) -> Job:
    checked_document_id(_joined(query.prefix, "folder.zip"))
    await runtime.pools.lookups.run(_require_collection, runtime, caller, query.collection)
    async with _upload(runtime, request) as upload:
        await runtime.pools.writes.run(upload.begin)
        async for chunk in _chunks(request):
            await runtime.pools.writes.run(upload.write, chunk)
        spooled, size = await runtime.pools.writes.run(upload.finish)
        archive = _archive("the ZIP file", query.prefix, _grouped(query.groups))
        item = replace(archive, spooled=spooled, bytes=size)
        return await runtime.pools.writes.run(_create_job, runtime, caller, query.collection, upload, [item])


async def _small_body(request: Request, most: int) -> bytes:
    """Read a body into memory. Raises :class:`BodyTooLarge`."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise BodyTooLarge(
                f"JSON may have {most:,} bytes here. Send files as a form or as a ZIP file, or several jobs."
            )
        chunks.append(chunk)
    return b"".join(chunks)


def _from_json(
    runtime: Runtime, caller: Principal, prefix: str, upload: Upload, wanted: IngestRequest
) -> Job:
    groups = None if wanted.groups is None else checked_groups(wanted.groups)
    given = {} if groups is None else {"groups": groups}
    attributes = {"metadata": checked_metadata(wanted.metadata), **given}
    fetched = [
        *(NewItem("url", str(parse_url(url)), request=attributes) for url in wanted.urls),
        *(NewItem("sitemap", str(parse_url(url)), request=attributes) for url in wanted.sitemaps),
        *(
            NewItem(
                "crawl", str(parse_url(one.url)), request={**attributes, **one.model_dump(exclude={"url"})}
            )
            for one in wanted.crawls
        ),
    ]
    texts = [(_text(prefix, document, given), document.text.encode()) for document in wanted.documents]
    items = []
    for item, data in texts:
        spooled, size = upload.put(data)
        items.append(replace(item, spooled=spooled, bytes=size))
    return _create_job(runtime, caller, wanted.collection, upload, [*items, *fetched])


def _item(prefix: str, name: str, attributes: Mapping[str, Any]) -> NewItem:
    path = PurePosixPath(name)
    document_id = checked_document_id(_joined(prefix, name))
    if path.suffix.lower() == ".zip":
        # Its files are named by their paths inside it, not by its own name.
        parent = "" if str(path.parent) == "." else str(path.parent)
        return _archive(name, _joined(prefix, parent), attributes)
    return NewItem("file", document_id, request=attributes)


def _archive(name: str, prefix: str, attributes: Mapping[str, Any]) -> NewItem:
    return NewItem("archive", name, request={**attributes, "prefix": prefix.strip("/")})


def _grouped(written: str | None) -> dict[str, Any]:
    """The groups of a query, as attributes of an item."""
    return {} if written is None else {"groups": names_of(written)}


def _text(prefix: str, document: IngestedDocument, given: Mapping[str, Any]) -> NewItem:
    document_id = checked_document_id(_joined(prefix, document.document_id))
    attributes = {
        "title": document.title,
        "source": document.source,
        "metadata": checked_metadata(document.metadata),
        "media_type": document.media_type or text_media_type(document_id),
        **({"groups": checked_groups(document.groups)} if document.groups is not None else given),
    }
    return NewItem("file", document_id, request=attributes)


def _joined(prefix: str, name: str) -> str:
    return "/".join(part for part in (prefix.strip("/"), name) if part)


def _create_job(
    runtime: Runtime, caller: Principal, collection: str, upload: Upload, items: Sequence[NewItem]
) -> Job:
    """Create the job of an upload whose files are all on disk."""
    if not items:
        raise InvalidRequest("There is nothing to ingest: send files, documents or addresses.")
    # Only the default collection is created automatically: another name may be a typing error.
    runtime.collection(caller, collection, create=collection == DEFAULT_COLLECTION)
    groups = {name for item in items for name in item.request.get("groups", ())}
    # Seen by everyone if one of its documents is.
    is_open = not all(item.request.get("groups") for item in items)
    access = Access(() if is_open else tuple(sorted(groups)), caller.groups)
    return upload.commit(lambda job_id: runtime.add_job(job_id, collection, items, access))
