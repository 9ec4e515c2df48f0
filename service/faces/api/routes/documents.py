"""Store, look up, read, update and delete documents."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from index import errors
from index.collection import Collection
from index.ingest import Source
from index.naming import (
    stored_id,
    validate_document_id,
    validate_groups,
    validate_metadata,
    validate_title,
)
from index.readers import text_media_type
from index.records import DocumentRecord, Put
from service.errors import MayRaise
from service.faces.api.requests.documents import DeleteQuery, ListQuery, PatchRequest, PutQuery, TextQuery
from service.faces.api.schemas.documents import (
    DeletedDocument,
    Document,
    DocumentList,
    PutResponse,
    StoredDocument,
    deleted_json,
    document_json,
    put_json,
    stored_json,
)
from service.faces.dependencies import (
    Caller,
    Lookups,
    ReadyCollections,
    ReadyIngestion,
    Texts,
    Writes,
    WritesAfterBody,
    in_thread,
)
from service.flows.ingest.background.embedding import EmbeddingWorker
from service.flows.ingest.background.purging import WAIT_SECONDS
from service.flows.ingest.requests import DocumentRequest
from service.http.json_body import JsonBody, read_json
from service.http.links import DEFAULT_COLLECTION, document_path, in_collection
from service.http.parameters import CurrentDocumentId, DocumentId, NewDocumentId, names_of
from service.http.replies import json_reply
from service.http.request_models import CollectionQuery
from service.http.route import ApiRoute
from service.monitoring.reads import note_read
from service.state.collections import Collections
from service.state.identity import Principal, Scope, access

router = APIRouter(tags=["documents"], route_class=ApiRoute)

_UNSPECIFIC = ("", "application/octet-stream", "application/x-www-form-urlencoded")
"""Content types without information: none, the generic one, and the default of curl."""
_JSON = JsonBody(DocumentRequest)
_FILE = {"schema": {"type": "string", "contentMediaType": "text/plain"}}
_PUT_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file itself, or JSON with its text.",
        "content": {
            **_JSON.openapi()["content"],
            "text/plain": _FILE,
            "text/markdown": _FILE,
            "text/html": _FILE,
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
DocumentBody = Annotated[
    Request, _JSON, MayRaise(errors.Unreadable, errors.ReadersUnavailable, errors.HashCollision)
]
"""A request whose body is a document."""
_TEXT_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The exact text to which offsets refer.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
        "headers": {
            "X-Loccit-Version": {"description": "Number of the version.", "schema": {"type": "integer"}},
            "X-Loccit-Text-SHA256": {"description": "SHA-256 of the body.", "schema": {"type": "string"}},
            "ETag": {"description": "The hash, for If-None-Match.", "schema": {"type": "string"}},
        },
    },
    304: {"description": "The text still has the hash of If-None-Match."},
}


@router.get(
    "/v1/documents",
    summary="List documents",
    response_model=DocumentList,
)
@access(Scope.READ, "documents")
@in_thread(Lookups)
def list_documents(
    query: Annotated[ListQuery, Query()], caller: Caller, collections: ReadyCollections
) -> Response:
    """Lists documents by id, page by page. Retired documents only with `retired=true`."""
    collection = collections.open(caller, query.collection)
    # One more than requested shows whether there is another page.
    found = collection.archive.documents(
        limit=query.limit + 1, after=query.after, prefix=query.prefix, retired=query.retired
    )
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
    },
)
@access(Scope.READ, "texts")
@in_thread(Texts)
def read_text(
    document_id: CurrentDocumentId,
    query: Annotated[TextQuery, Query()],
    request: Request,
    caller: Caller,
    collections: ReadyCollections,
) -> Response:
    """The text to which all offsets refer. The SHA-256 in citations is that of its UTF-8 bytes."""
    known = request.headers.get("if-none-match", "")
    read = partial(_read_text, collections, caller, query=query, known=known)
    return collections.following(caller, query.collection, document_id, read)


def _read_text(
    collections: Collections, caller: Principal, document_id: str, query: TextQuery, known: str
) -> Response:
    collection = collections.open(caller, query.collection)
    version, text = collection.archive.text(document_id, query.version)
    note_read(query.collection, document_id)
    sha256 = version.text_sha256.hex()
    headers = {
        "ETag": f'"{sha256}"',
        "X-Loccit-Version": str(version.number),
        "X-Loccit-Text-SHA256": sha256,
        # A browser that guessed HTML would run scripts in the document.
    }
    if f'"{sha256}"' in known:
        return Response(status_code=304, headers=headers)
    return Response(text.encode(), headers=headers, media_type="text/plain; charset=utf-8")


@router.get(
    "/v1/documents/{document_id:path}",
    summary="Look up a document",
    response_model=Document,
)
@access(Scope.READ, "documents")
@in_thread(Lookups)
def get_document(
    document_id: CurrentDocumentId,
    query: Annotated[CollectionQuery, Query()],
    caller: Caller,
    collections: ReadyCollections,
) -> Response:
    """The document's attributes, and how many of its passages are embedded.

    A former id of a document leads to it, here and where its text, versions and original are read.
    """
    name = query.collection
    read = partial(_get_document, collections, caller, collection=name)
    return collections.following(caller, name, document_id, read)


def _get_document(collections: Collections, caller: Principal, document_id: str, collection: str) -> Response:
    found = collections.open(caller, collection).archive.document(document_id)
    return json_reply(document_json(found, collection))


@router.put(
    "/v1/documents/{document_id:path}",
    summary="Add or replace a document",
    response_model=PutResponse,
    responses={
        200: {"description": "The document existed: `status` says whether it was replaced or unchanged."},
        201: {"model": PutResponse, "description": "The document was added."},
    },
    openapi_extra=_PUT_BODY,
)
@access(Scope.WRITE, "documents")
async def put_document(
    document_id: NewDocumentId,
    query: Annotated[PutQuery, Query()],
    request: DocumentBody,
    caller: Caller,
    ingestion: ReadyIngestion,
    writes: WritesAfterBody,
) -> Response:
    """The body is the file, read as its Content-Type or the id's extension says, or JSON with a text.

    When this responds, the document is stored durably and can be found by its words. It can be found by
    meaning when `passages.embedded` equals `passages.total`: seconds later, or immediately with `wait=true`,
    which waits for two minutes at most.
    """
    content_type = request.headers.get("content-type", "")
    upload = _Upload(document_id, content_type, await request.body())
    put, change = await writes.run(
        _store_document, ingestion.collections, ingestion.embedding, caller, upload, query
    )
    if query.wait:
        waiting = partial(
            _embed_document, ingestion.collections, ingestion.embedding, put, query.collection, change
        )
        put, change = await ingestion.pools.embedding.submit(caller.holder, waiting)
    shown = put_json(put, query.collection, change)
    if put.status != "added":
        return json_reply(shown)
    location = in_collection(document_path(put.record.id), query.collection)
    return json_reply(shown, status_code=201, headers={"Location": location})


class _Upload:
    """A document received over HTTP."""

    def __init__(self, document_id: str, content_type: str, data: bytes) -> None:
        self._id = document_id
        self._content_type = content_type
        self._data = data

    def source(self, query: PutQuery) -> Source:
        """The document to store. Raises :class:`InvalidRequest`, :class:`index.errors.UnsupportedFormat`."""
        essence = self._content_type.partition(";")[0].strip().lower()
        if essence == "application/json":
            return self._from_json(query)
        if essence == "multipart/form-data":
            raise errors.UnsupportedFormat(
                "The body is a form. Send the file itself as the body, as curl -T FILE does."
            )
        media_type = "" if essence in _UNSPECIFIC else self._content_type
        return Source(
            self._id,
            self._data,
            media_type=media_type,
            title=query.title,
            source=query.source,
            groups=_groups_of_query(query),
        )

    def _from_json(self, query: PutQuery) -> Source:
        document = read_json(DocumentRequest, self._data)
        return Source(
            self._id,
            document.text.encode(),
            media_type=document.media_type or text_media_type(self._id),
            title=document.title or query.title,
            source=document.source or query.source,
            metadata=document.metadata,
            groups=_groups_of_query(query) if document.groups is None else document.groups,
        )


def _groups_of_query(query: PutQuery) -> Sequence[str] | None:
    return None if query.groups is None else names_of(query.groups)


def _store_document(
    collections: Collections, embedding: EmbeddingWorker, caller: Principal, upload: _Upload, query: PutQuery
) -> tuple[Put, int]:
    """Store a document; returns a change of the collection that has it, too.

    Once it is stored, nothing is read for that: what is acknowledged must not become an error.
    """
    # Only the default collection is created automatically: another name may be a typing error.
    collection = collections.open(caller, query.collection, create=query.collection == DEFAULT_COLLECTION)
    put = collection.put(upload.source(query))
    if put.record.embedded < put.record.passages:
        embedding.notify(query.collection)
    # Another process may have stored what is unchanged, and this one may not have followed it yet.
    return put, collection.last_change() if put.status == "unchanged" else collection.state.change


def _embed_document(
    collections: Collections, embedding: EmbeddingWorker, put: Put, collection: str, change: int
) -> tuple[Put, int]:
    """Embed a document that is stored; returns it as it is then, or as it was if the store fails."""
    try:
        opened = collections.library.open(collection)
        record = embedding.embed_document(opened, put.record.id)
        return Put(record, put.status), opened.last_change()
    except errors.StoreUnavailable:
        return put, change


@router.patch(
    "/v1/documents/{document_id:path}",
    summary="Update or rename a document",
    response_model=StoredDocument,
)
@access(Scope.WRITE, "documents")
@in_thread(Writes)
def describe_document(
    document_id: CurrentDocumentId,
    query: Annotated[CollectionQuery, Query()],
    caller: Caller,
    ingestion: ReadyIngestion,
    body: Annotated[PatchRequest, Depends(JsonBody(PatchRequest))],
) -> Response:
    """Changes metadata, source and groups, the title, and the id. The text does not change.

    Locators and links with the former id go on. A later `PUT` of the document replaces these values. With
    another title its passages are embedded again.
    """
    opened = ingestion.collections.open(caller, query.collection)
    found = change_document(opened, document_id, body)
    if found.embedded < found.passages:
        ingestion.embedding.notify(query.collection)
    return json_reply(stored_json(found, query.collection, opened.state.change))


def change_document(opened: Collection, document_id: str, body: PatchRequest) -> DocumentRecord:
    """Change what a document is called and what is said of it; returns its record.

    All values are checked before the first is stored, and the id comes first, since it may be in use.
    """
    validate_metadata({key: value for key, value in body.metadata.items() if value is not None})
    validate_groups(body.groups or ())
    title = None if body.title is None else validate_title(body.title)
    wanted = None if body.document_id is None else validate_document_id(body.document_id)
    if wanted is not None and wanted != stored_id(document_id):
        document_id = opened.editor.rename(document_id, wanted).id
    found = opened.editor.describe(document_id, body.metadata, source=body.source, groups=body.groups)
    return found if title is None or title == found.title else opened.retitle(document_id, title)


@router.delete(
    "/v1/documents/{document_id:path}",
    summary="Delete a document",
    response_model=DeletedDocument,
)
@access(Scope.WRITE, "documents")
async def delete_document(
    document_id: DocumentId,
    query: Annotated[DeleteQuery, Query()],
    caller: Caller,
    ingestion: ReadyIngestion,
    writes: Writes,
) -> Response:
    """Erases the document with all its versions and originals. Its citations no longer resolve.

    When this responds, nothing finds or shows the document any more. Its bytes leave the files of the data
    folder within a minute: `purged` is `pending` until then. `wait=true` waits for that, a minute at most.
    """
    record, change = await writes.run(
        _delete_document, ingestion.collections, caller, document_id, query.collection
    )
    seconds = WAIT_SECONDS if query.wait else 0.0
    purging = partial(ingestion.erasing.purge, caller, query.collection, seconds)
    purged = await ingestion.pools.embedding.submit(caller.holder, purging)
    return json_reply(deleted_json(record, change, purged))


def _delete_document(
    collections: Collections, caller: Principal, document_id: str, collection: str
) -> tuple[DocumentRecord, int]:
    opened = collections.open(caller, collection)
    return opened.editor.delete(document_id), opened.state.change
