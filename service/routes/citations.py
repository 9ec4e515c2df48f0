"""Citations, looked up by their locators."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from index import errors
from index.citation_formats import Format, formatted
from service.cited_spans import check_locator
from service.errors import InvalidRequest, NotReady, Overloaded
from service.openapi import responses
from service.replies import json_reply
from service.requests.citations import CitationQuery
from service.runtime import ReadyRuntime, Runtime
from service.schemas.citations import CitationResponse, linked, resolved_json

router = APIRouter(tags=["citations"])

LocatorPath = Annotated[
    str,
    Path(
        description="As an answer gave it, or made by hand: "
        "document_id@{12 to 64 hex digits of the text's SHA-256}:{start}-{end}.",
        examples=["bth.txt@9f2c41aab3de:1024-1311"],
    ),
]
_ERRORS = (
    InvalidRequest,
    errors.InvalidLocator,
    errors.InvalidCollectionName,
    errors.CollectionNotFound,
    errors.CitationNotFound,
    errors.CollectionMismatch,
    errors.StoreDamaged,
    errors.InvalidLimit,
    Overloaded,
    NotReady,
)
_MEDIA_TYPES: dict[Format, str] = {
    "bibtex": "application/x-bibtex; charset=utf-8",
    "csl_json": "application/vnd.citationstyles.csl+json",
    "markdown_footnote": "text/markdown; charset=utf-8",
    "plain": "text/plain; charset=utf-8",
    "w3c_annotation": 'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"',
}
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The citation; with `format`, in that shape alone.",
        "content": {
            kind.partition(";")[0]: {"schema": {"type": "string" if kind.startswith("text/") else "object"}}
            for kind in _MEDIA_TYPES.values()
        },
    }
}


@router.get(
    "/v1/citations/{locator:path}",
    summary="Look a citation up",
    response_model=CitationResponse,
    responses={**_ANSWER, **responses(*_ERRORS)},
)
async def get_citation(
    locator: LocatorPath, query: Annotated[CitationQuery, Query()], runtime: ReadyRuntime
) -> Response:
    """The quote exactly as it was cited, the text around it, and what became of it in the document of today.

    It is read from the stored text of the version that the locator names, newest or older.
    """
    check_locator(locator, runtime.settings)
    return await runtime.examine(_citation, runtime, locator, query)


def _citation(runtime: Runtime, locator: str, query: CitationQuery) -> Response:
    collection = runtime.library.open(query.collection)
    found = collection.resolution().resolve(locator, around=query.around)
    if query.format is None:
        return json_reply(resolved_json(found, collection.state, query.collection))
    shape = formatted(linked(found.citation, query.collection), query.format, metadata=found.version.metadata)
    media_type = _MEDIA_TYPES.get(query.format, "application/json")
    if isinstance(shape, str):
        return Response(shape, media_type=media_type, headers={"X-Content-Type-Options": "nosniff"})
    return json_reply(shape, media_type=media_type)
