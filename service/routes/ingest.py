"""Many documents at once, in the background: files, folders in ZIP files, texts, addresses."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import PurePosixPath
from typing import IO, Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic_core import from_json
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from index import errors
from index.naming import checked_document_id, checked_metadata
from index.readers import text_media_type
from index.web.urls import parse_url
from service.errors import BodyTooLarge, ClientGone, InvalidRequest, NotReady, Overloaded
from service.jobs.records import Job, NewItem
from service.jobs.store import new_job_id
from service.links import DEFAULT_COLLECTION
from service.openapi import responses, schema_of
from service.replies import json_reply
from service.requests.base import read_json
from service.requests.jobs import IngestedDocument, IngestQuery, IngestRequest
from service.routes.jobs import shown
from service.runtime import ReadyRuntime, Runtime
from service.schemas.jobs import JobResponse

router = APIRouter(tags=["jobs"])

_ZIP = ("application/zip", "application/x-zip-compressed")
_IN_MEMORY = 1024 * 1024
_MOST_FIELDS = 100
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
    return await runtime.write(_from_json, runtime, query, body)


async def _from_form(runtime: Runtime, query: IngestQuery, request: Request) -> Job:
    parser = _WholeForm(
        request.headers,
        request.stream(),
        max_files=runtime.settings.max_files,
        max_fields=_MOST_FIELDS,
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise InvalidRequest(f"The form could not be read: {error.message}") from None
    try:
        return await runtime.write(_sent_files, runtime, query, form)
    finally:
        await form.close()


class _WholeForm(MultiPartParser):
    """Refuses a form that was cut off: its parent would leave out the file in which it ends."""

    _ended = False

    def on_end(self) -> None:
        self._ended = True

    async def parse(self) -> FormData:
        form = await super().parse()
        if not self._ended:
            for file in self._files_to_close_on_error:
                file.close()
            raise MultiPartException("It ends before its last boundary. Send it again.")
        return form


def _sent_files(runtime: Runtime, query: IngestQuery, form: FormData) -> Job:
    fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    if unknown := fields.keys() - {"metadata", "password"}:
        raise InvalidRequest(f"{min(unknown)}: there is no such field here. Check its spelling.")
    said = {"metadata": _metadata(fields.get("metadata", "")), "password": fields.get("password", "")}
    uploads = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
    # Browsers send a part without a name for a field in which no file was chosen.
    files = [_file(query.prefix, one.filename, one.file, said) for one in uploads if one.filename]
    return _kept(runtime, query.collection, files)


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
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
        async for piece in request.stream():
            await runtime.write(file.write, piece)
        await runtime.write(file.seek, 0)
        sent = _SentFile(_archive("the ZIP file", query.prefix, {}), file)
        return await runtime.write(_kept, runtime, query.collection, [sent])


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


def _from_json(runtime: Runtime, query: IngestQuery, body: bytes) -> Job:
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
    texts = [_text(query.prefix, document) for document in wanted.documents]
    return _kept(runtime, collection, texts, fetched)


@dataclass(frozen=True, slots=True)
class _SentFile:
    """A file that is to be kept for a job."""

    item: NewItem
    file: IO[bytes]


def _file(prefix: str, name: str, file: IO[bytes], said: Mapping[str, Any]) -> _SentFile:
    path = PurePosixPath(name)
    document_id = checked_document_id(_joined(prefix, name))
    if path.suffix.lower() == ".zip":
        # Its files are named by their paths in it, not by how somebody called the whole.
        parent = "" if str(path.parent) == "." else str(path.parent)
        return _SentFile(_archive(name, _joined(prefix, parent), said), file)
    return _SentFile(NewItem("file", document_id, request=said), file)


def _archive(name: str, prefix: str, said: Mapping[str, Any]) -> NewItem:
    return NewItem("archive", name, request={**said, "prefix": prefix.strip("/")})


def _text(prefix: str, document: IngestedDocument) -> _SentFile:
    document_id = checked_document_id(_joined(prefix, document.document_id))
    said = {
        "title": document.title,
        "source": document.source,
        "metadata": checked_metadata(document.metadata),
        "media_type": document.media_type or text_media_type(document_id),
    }
    return _SentFile(NewItem("file", document_id, request=said), BytesIO(document.text.encode()))


def _joined(prefix: str, name: str) -> str:
    return "/".join(part for part in (prefix.strip("/"), name) if part)


def _kept(
    runtime: Runtime, collection: str, files: Sequence[_SentFile], fetched: Sequence[NewItem] = ()
) -> Job:
    """The job, when all of its files are on disk."""
    if not files and not fetched:
        raise InvalidRequest("There is nothing to take in: send files, documents or addresses.")
    # Only the default collection comes into being by itself: another name may be a slip.
    runtime.library.open(collection, create=collection == DEFAULT_COLLECTION)
    spool, job_id = runtime.jobs.spool, new_job_id()
    try:
        items = []
        for number, one in enumerate(files, start=1):
            name, size = spool.put(job_id, number, one.file)
            items.append(replace(one.item, spooled=name, bytes=size))
        return runtime.jobs.store.add(job_id, collection, [*items, *fetched])
    except BaseException:
        spool.clear(job_id)
        raise
