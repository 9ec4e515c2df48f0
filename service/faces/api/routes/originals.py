"""Read the original of a document: its bytes, and its pages as pictures."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any, BinaryIO
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from starlette.responses import StreamingResponse

from index import errors
from index.records import VersionRecord
from index.text import figure_in
from service.errors import MayRaise, RangeNotSatisfiable
from service.faces.dependencies import Caller, Drawing, ReadyCollections, Texts, in_thread
from service.http.parameters import CurrentDocumentId, VersionNumber
from service.http.ranges import is_known, requested_range
from service.http.request_models import CollectionQuery
from service.http.route import ApiRoute
from service.monitoring.reads import note_read
from service.state.collections import Collections
from service.state.identity import Principal, Scope, access

# Requests for the original of a document, and for its pages.


LEAST_WIDTH, MOST_WIDTH = 100, 3000
"""Widths of a drawn page, in pixels."""
PageNumber = Annotated[
    int,
    Field(ge=1, le=2**31 - 1),
    MayRaise(
        errors.PageNotFound,
        errors.CorruptDocument,
        errors.EncryptedDocument,
        errors.DocumentTooLarge,
        errors.ReaderFailed,
        errors.ReadersUnavailable,
    ),
]


class OriginalQuery(CollectionQuery):
    """The version whose bytes to read."""

    version: Annotated[VersionNumber, MayRaise(errors.OriginalNotFound)] | None = Field(
        None, description="Number of the version; by default the newest."
    )


class PageImageQuery(OriginalQuery):
    """The page to draw, and its size."""

    page: PageNumber = Field(description="Number of the page, counted from 1.")
    width: int = Field(
        1000,
        ge=LEAST_WIDTH,
        le=MOST_WIDTH,
        description="Width of the picture in pixels. A page with too many pixels is drawn smaller.",
    )
    figure: int | None = Field(
        None,
        ge=0,
        le=2**31 - 1,
        description="Offset at which the caption of a picture on the page begins: only the picture is drawn.",
    )


router = APIRouter(tags=["documents"], route_class=ApiRoute)

_CHUNK = 256 * 1024
_INLINE = frozenset({"application/pdf", "text/plain", "image/png", "image/jpeg"})
"""Media types that a browser may show: nothing else of a document is opened on the service's own address."""
_DRAWN_BY = "drawing/1"
_HEADERS = {
    "X-Loccit-Version": {"description": "Number of the version.", "schema": {"type": "integer"}},
    "ETag": {"description": "For If-None-Match.", "schema": {"type": "string"}},
}
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_BYTES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The bytes.", "content": {"*/*": _BINARY}, "headers": _HEADERS},
    206: {"description": "The part that the Range header asks for.", "content": {"*/*": _BINARY}},
    304: {"description": "The bytes still have the tag of If-None-Match."},
}
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The page.", "content": {"image/png": _BINARY}, "headers": _HEADERS},
    304: {"description": "The page still has the tag of If-None-Match."},
}
PartialRequest = Annotated[Request, MayRaise(RangeNotSatisfiable)]


@router.get(
    "/v1/documents/{document_id:path}/original",
    summary="Read a document's original",
    response_class=Response,
    responses=_BYTES,
)
@access(Scope.READ, "texts")
@in_thread(Texts)
def read_original(
    document_id: CurrentDocumentId,
    query: Annotated[OriginalQuery, Query()],
    request: PartialRequest,
    caller: Caller,
    collections: ReadyCollections,
) -> Response:
    """The bytes that a version was read from, whole or in part (`Range`), where they are kept."""
    read = partial(_read_original, collections, caller, query=query, given=request.headers)
    return collections.following(caller, query.collection, document_id, read)


def _read_original(
    collections: Collections,
    caller: Principal,
    document_id: str,
    query: OriginalQuery,
    given: Mapping[str, str],
) -> Response:
    archive = collections.open(caller, query.collection).archive
    version, file = archive.original(document_id, query.version)
    note_read(query.collection, document_id)
    etag = f'"{version.source_sha256.hex()}"'
    headers = {**_safe_headers(version), "ETag": etag, "Accept-Ranges": "bytes"}
    try:
        size = file.seek(0, os.SEEK_END)
        if is_known(etag, given.get("if-none-match", "")):
            file.close()
            return Response(status_code=304, headers=headers)
        part = requested_range(given, size, etag)
    except BaseException:
        file.close()
        raise
    start, end = part or (0, size)
    headers["Content-Length"] = str(end - start)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return StreamingResponse(_read_chunks(file, start, end), 200 if part is None else 206, headers)


def _safe_headers(version: VersionRecord) -> dict[str, str]:
    """Headers with which nothing in a document can run on the address of the service."""
    media_type = version.media_type or "application/octet-stream"
    is_harmless = media_type in _INLINE
    name = version.document_id.rpartition("/")[2]
    headers = {
        "Content-Type": media_type,
        "X-Loccit-Version": str(version.number),
        "Content-Disposition": f"{'inline' if is_harmless else 'attachment'}; "
        f"filename*=UTF-8''{quote(name, safe='')}",
    }
    if media_type != "application/pdf":  # browsers show no PDF file under a policy
        headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return headers


def _read_chunks(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while start < end and (part := file.read(min(_CHUNK, end - start))):
            start += len(part)
            yield part


@router.get(
    "/v1/documents/{document_id:path}/page.png",
    summary="Draw a page of a document",
    response_class=Response,
    responses=_PICTURE,
)
@access(Scope.READ, "texts")
@in_thread(Drawing)
def draw_page(
    document_id: CurrentDocumentId,
    query: Annotated[PageImageQuery, Query()],
    request: Request,
    caller: Caller,
    collections: ReadyCollections,
) -> Response:
    """A page of a PDF file as it is shown, drawn from its original where that is kept.

    With `figure`, only a picture on it: citations of its caption have the address among their `links`. The
    `rectangles` of citations lie on the page: multiply them by the picture's width over the page's width.
    """
    known = request.headers.get("if-none-match", "")
    read = partial(_draw_page, collections, caller, query=query, known=known)
    return collections.following(caller, query.collection, document_id, read)


def _draw_page(
    collections: Collections, caller: Principal, document_id: str, query: PageImageQuery, known: str
) -> Response:
    archive = collections.open(caller, query.collection).archive
    if known:
        version = archive.version(document_id, query.version)
        if is_known(_entity_tag(version, query), known):
            return Response(status_code=304, headers=_page_headers(version, query))
    version, drawn = archive.page_image(
        document_id, query.page, width=query.width, version=query.version, figure=query.figure
    )
    note_read(query.collection, document_id)
    return Response(drawn.png, headers=_page_headers(version, query), media_type="image/png")


def _page_headers(version: VersionRecord, query: PageImageQuery) -> dict[str, str]:
    return {
        "ETag": _entity_tag(version, query),
        "X-Loccit-Version": str(version.number),
    }


def _entity_tag(version: VersionRecord, query: PageImageQuery) -> str:
    figure = "" if query.figure is None else figure_in(version.figures, query.figure, query.figure + 1)
    drawn = f"{_DRAWN_BY} {version.source_sha256.hex()} {query.page} {query.width} {figure}"
    return f'"{hashlib.sha256(drawn.encode()).hexdigest()}"'
