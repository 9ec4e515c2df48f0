"""Citations, looked up by their locators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from index import errors
from service.errors import InvalidRequest, NotReady
from service.openapi import responses
from service.replies import json_reply
from service.requests import CollectionQuery
from service.runtime import ReadyRuntime, Runtime
from service.schemas import Citation, citation_json

router = APIRouter(tags=["citations"])

_ERRORS = (
    InvalidRequest,
    errors.InvalidLocator,
    errors.InvalidCollectionName,
    errors.CollectionNotFound,
    errors.CitationNotFound,
    errors.CollectionMismatch,
    errors.StoreDamaged,
    NotReady,
)


@router.get(
    "/v1/citations/{locator:path}",
    summary="Look a citation up",
    response_model=Citation,
    responses=responses(*_ERRORS),
)
async def get_citation(
    locator: Annotated[
        str,
        Path(
            description="As an answer gave it, or made by hand: "
            "document_id@{12 hex digits of the text's SHA-256}:{start}-{end}.",
            examples=["bth.txt@9f2c41aab3de:1024-1311"],
        ),
    ],
    query: Annotated[CollectionQuery, Query()],
    runtime: ReadyRuntime,
) -> Response:
    """The quote is read from the stored text of the version that the locator names, newest or older."""
    return await runtime.read(_citation, runtime, locator, query.collection)


def _citation(runtime: Runtime, locator: str, collection: str) -> Response:
    found = runtime.library.open(collection).cite(locator)
    return json_reply(citation_json(found))
