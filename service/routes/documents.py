"""Documents: to put, look at, read and delete."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from index import errors
from index.ingest import Put, Source
from index.readers import text_media_type
from service.errors import BodyTooLarge, InvalidRequest, NotReady, Overloaded
from service.links import DEFAULT_COLLECTION, document_path, in_collection
from service.openapi import json_body, responses, schema_of
from service.replies import json_reply
from service.requests.base import CollectionQuery, read_json
from service.requests.documents import DocumentRequest, ListQuery, PatchRequest, PutQuery, TextQuery
from service.runtime import ReadyRuntime, Runtime
from service.schemas.documents import Document, DocumentList, PutResponse, document_json, put_json

router = APIRouter(tags=["documents"])

DocumentId = Annotated[
    str, Path(description="The document's id. It may contain slashes.", examples=["manuals/lamps.md"])
]

_OPENING = (
    InvalidRequest,
    errors.InvalidCollectionName,
    errors.CollectionNotFound,
    errors.CollectionMismatch,
    errors.StoreDamaged,
    NotReady,
)
_PUTTING = (
    *_OPENING,
    errors.InvalidDocumentId,
    errors.InvalidMetadata,
    errors.HashCollision,
    errors.UnsupportedFormat,
    errors.UndecodableText,
    errors.EmptyDocument,
    errors.CorruptDocument,
    errors.DocumentTooLarge,
    errors.CollectionBusy,
    errors.ModelFailed,
    BodyTooLarge,
    Overloaded,
)
_UNSAID = ("", "application/octet-stream", "application/x-www-form-urlencoded")
"""Content types that say nothing of the file: none, the general one, and what curl sends by default."""
_FILE = {"schema": {"type": "string", "contentMediaType": "text/plain"}}
_PUT_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file itself, or JSON with its text.",
        "content": {
            "application/json": {"schema": schema_of(DocumentRequest)},
            "text/plain": _FILE,
            "text/markdown": _FILE,
            "text/html": _FILE,
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
_TEXT_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The text that offsets count in, exactly.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
        "headers": {
            "X-Loccit-Version": {"description": "Number of the version.", "schema": {"type": "integer"}},
            "X-Loccit-Text-SHA256": {"description": "SHA-256 of the body.", "schema": {"type": "string"}},
            "ETag": {"description": "The hash again, for If-None-Match.", "schema": {"type": "string"}},
        },
    },
    304: {"description": "The text that If-None-Match names is still the one."},
}


@router.get(
    "/v1/documents",
    summary="List documents",
    response_model=DocumentList,
    responses=responses(*_OPENING),
)
async def list_documents(query: Annotated[ListQuery, Query()], runtime: ReadyRuntime) -> Response:
    """In the order of their ids, page by page."""
    return await runtime.read(_listed, runtime, query)


def _listed(runtime: Runtime, query: ListQuery) -> Response:
    collection = runtime.library.open(query.collection)
    # One more than asked for tells whether there is another page.
    found = collection.documents(limit=query.limit + 1, after=query.after, prefix=query.prefix)
    page = found[: query.limit]
    following = page[-1].id if len(found) > len(page) else None
    return json_reply(
        {"documents": [document_json(record, query.collection) for record in page], "next": following}
    )


@router.get(
    "/v1/documents/{document_id:path}/text",
    summary="Read a document's text",
    response_class=Response,
    responses={
        **_TEXT_ANSWER,
        **responses(*_OPENING, errors.DocumentNotFound, errors.VersionNotFound, Overloaded),
    },
)
async def read_text(
    document_id: DocumentId, query: Annotated[TextQuery, Query()], request: Request, runtime: ReadyRuntime
) -> Response:
    """The text that all offsets count in. Its UTF-8 bytes have the SHA-256 that citations name."""
    known = request.headers.get("if-none-match", "")
    return await runtime.examine(_text, runtime, document_id, query, known)


def _text(runtime: Runtime, document_id: str, query: TextQuery, known: str) -> Response:
    version, text = runtime.library.open(query.collection).text(document_id, query.version)
    sha256 = version.text_sha256.hex()
    headers = {
        "ETag": f'"{sha256}"',
        "X-Loccit-Version": str(version.number),
        "X-Loccit-Text-SHA256": sha256,
        # A browser that took it for HTML would run what the document says.
        "X-Content-Type-Options": "nosniff",
    }
    if f'"{sha256}"' in known:
        return Response(status_code=304, headers=headers)
    return Response(text.encode(), headers=headers, media_type="text/plain; charset=utf-8")


@router.get(
    "/v1/documents/{document_id:path}",
    summary="Look a document up",
    response_model=Document,
    responses=responses(*_OPENING, errors.DocumentNotFound),
)
async def get_document(
    document_id: DocumentId, query: Annotated[CollectionQuery, Query()], runtime: ReadyRuntime
) -> Response:
    """What is known of a document, and how much of it can be found already."""
    return await runtime.read(_document, runtime, document_id, query.collection)


def _document(runtime: Runtime, document_id: str, collection: str) -> Response:
    found = runtime.library.open(collection).document(document_id)
    return json_reply(document_json(found, collection))


@router.put(
    "/v1/documents/{document_id:path}",
    summary="Add or replace a document",
    response_model=PutResponse,
    responses={
        200: {"description": "It was there: `status` says whether it was replaced or unchanged."},
        201: {"model": PutResponse, "description": "It is new."},
        **responses(*_PUTTING),
    },
    openapi_extra=_PUT_BODY,
)
async def put_document(
    document_id: DocumentId, query: Annotated[PutQuery, Query()], request: Request, runtime: ReadyRuntime
) -> Response:
    """The body is the file, read as its Content-Type or else its id's ending says; or JSON with its text.

    When this answers, the document is stored for good and can be found by its words. It can be found by
    its meaning when `passages.embedded` is `passages.total`: seconds later, or at once with `wait=true`
    (which waits two minutes at most).
    """
    with runtime.writing.one():
        content_type = request.headers.get("content-type", "")
        data = await request.body()
        put = await runtime.write(_put, runtime, _Upload(document_id, content_type, data), query)
        if query.wait:
            put = await runtime.wait(_embedded, runtime, put, query.collection)
    shown = put_json(put, query.collection)
    if put.status != "added":
        return json_reply(shown)
    location = in_collection(document_path(put.record.id), query.collection)
    return json_reply(shown, status_code=201, headers={"Location": location})


class _Upload:
    """A document as it came over HTTP."""

    def __init__(self, document_id: str, content_type: str, data: bytes) -> None:
        self._id = document_id
        self._content_type = content_type
        self._data = data

    def source(self, query: PutQuery) -> Source:
        """Raises :class:`InvalidRequest`, :class:`index.errors.UnsupportedFormat`."""
        essence = self._content_type.partition(";")[0].strip().lower()
        if essence == "application/json":
            return self._from_json(query)
        if essence == "multipart/form-data":
            raise errors.UnsupportedFormat(
                "The body is a form. Send the file itself as the body, as curl -T FILE does."
            )
        media_type = "" if essence in _UNSAID else self._content_type
        return Source(self._id, self._data, media_type=media_type, title=query.title, source=query.source)

    def _from_json(self, query: PutQuery) -> Source:
        document = read_json(DocumentRequest, self._data)
        return Source(
            self._id,
            document.text.encode(),
            media_type=document.media_type or text_media_type(self._id),
            title=document.title or query.title,
            source=document.source or query.source,
            metadata=document.metadata,
        )


def _put(runtime: Runtime, upload: _Upload, query: PutQuery) -> Put:
    # Only the default collection comes into being by itself: another name may be a slip.
    collection = runtime.library.open(query.collection, create=query.collection == DEFAULT_COLLECTION)
    put = collection.put(upload.source(query))
    if put.record.embedded < put.record.passages:
        runtime.worker.notify(query.collection)
    return put


def _embedded(runtime: Runtime, put: Put, collection: str) -> Put:
    opened = runtime.library.open(collection)
    return Put(runtime.worker.embed_document(opened, put.record.id), put.status)


@router.patch(
    "/v1/documents/{document_id:path}",
    summary="Describe a document",
    response_model=Document,
    responses=responses(
        *_OPENING,
        errors.DocumentNotFound,
        errors.InvalidMetadata,
        errors.CollectionBusy,
        BodyTooLarge,
        Overloaded,
    ),
    openapi_extra=json_body(PatchRequest),
)
async def describe_document(
    document_id: DocumentId,
    query: Annotated[CollectionQuery, Query()],
    request: Request,
    runtime: ReadyRuntime,
) -> Response:
    """Its metadata and its source; the text stays, and nothing is embedded.

    What is said here goes when another file is put in the document's place.
    """
    body = read_json(PatchRequest, await request.body())
    with runtime.writing.one():
        return await runtime.write(_describe, runtime, document_id, query.collection, body)


def _describe(runtime: Runtime, document_id: str, collection: str, body: PatchRequest) -> Response:
    opened = runtime.library.open(collection)
    found = opened.describe(document_id, body.metadata, source=body.source)
    return json_reply(document_json(found, collection))


@router.delete(
    "/v1/documents/{document_id:path}",
    summary="Delete a document",
    status_code=204,
    responses=responses(*_OPENING, errors.DocumentNotFound, errors.CollectionBusy, Overloaded),
)
async def delete_document(
    document_id: DocumentId, query: Annotated[CollectionQuery, Query()], runtime: ReadyRuntime
) -> None:
    """With all its versions: citations of it are not found any more."""
    with runtime.writing.one():
        await runtime.write(_delete, runtime, document_id, query.collection)


def _delete(runtime: Runtime, document_id: str, collection: str) -> None:
    runtime.library.open(collection).delete(document_id)
