"""Cohere's Rerank API: rank given texts for a query, as the passages of a collection are ranked."""

import uuid
from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Request as HttpRequest, Response
from pydantic import BaseModel, Field

from index import errors
from index.errors import InvalidLimit
from index.text_ranking import TextRanker
from index.types import Vectors
from service.errors import MayRaise, NotReady, Overloaded
from service.faces.client import HttpClient
from service.faces.dependencies import ready
from service.flows.ask.asking import Asking
from service.flows.ask.disconnection import unless_gone
from service.flows.ask.planning import validate_question
from service.http.error_shapes import ErrorShape
from service.http.json_body import JsonBody
from service.http.parameters import LIMITED, Question
from service.http.replies import json_reply
from service.http.request_models import Request
from service.http.route import ApiRoute
from service.state.identity import Scope, access, caller_of
from service.state.limits.pools import Place

PATH = "/v2/rerank"
router = APIRouter(tags=["cohere"], route_class=ApiRoute)
MAX_DOCUMENTS = 1000
"""Most texts in one request, as at Cohere."""
MAX_CHARACTERS = 200_000
"""Most characters of all texts in one request. The model reads each of them, which takes about a second for
50,000 characters on two processors, as an ingest does."""
_DECIMALS = 6
_WARNING = "The embedding model of this service ranked the documents, whatever `model` names."


class TextDocument(BaseModel):
    """A document as an object, of which ``text`` is ranked."""

    text: str


class RerankRequest(Request):
    """A query, and texts to rank."""

    model: str = Field(description="Any name: the service ranks with its own model.")
    query: Question
    documents: Annotated[list[str | TextDocument], LIMITED]
    top_n: int | None = Field(None, ge=1, strict=True, description="Most results; by default all.")
    max_tokens_per_doc: int = Field(
        4096, ge=1, strict=True, description="Tokens of a document that are read; what follows is cut off."
    )
    priority: Literal[0] | None = Field(None, description="Requests are answered in their order.")


class RerankResult(BaseModel):
    """The place of a document in the request, and its score."""

    index: int
    relevance_score: float = Field(description="Calibrated probability that the document answers the query.")


class ApiVersion(BaseModel):
    """The version of Cohere's API."""

    version: str


class RerankMeta(BaseModel):
    """Notes on the request."""

    api_version: ApiVersion
    warnings: list[str]


class RerankResponse(BaseModel):
    """The documents, most relevant first."""

    id: str
    results: list[RerankResult]
    meta: RerankMeta


_BODY = JsonBody(RerankRequest)


@router.post(PATH, summary="Rank texts for a query", response_model=RerankResponse)
@access(Scope.ASK)
async def rerank(
    request: Annotated[HttpRequest, _BODY, MayRaise(NotReady, Overloaded, errors.ModelError)],
) -> Response:
    """Cohere's Rerank API, version 2. The texts are ranked by meaning and words, and are not stored.

    `relevance_score` is the probability that a document answers the query, by its best passage. Errors have a
    `message`.
    """
    asking = ready(request, Asking)
    body = await _BODY(request)
    query = validate_question(body.query)
    _check_count(body)
    request.scope["state"]["audit"] = {"count": len(body.documents)}
    holder = caller_of(request.scope).holder
    with asking.pools.ranking.admit(holder) as place:
        return await unless_gone(HttpClient(request), _rank_in_turn(asking, place, body, query, holder))


async def _rank_in_turn(
    asking: Asking, place: Place, body: RerankRequest, query: str, holder: str
) -> Response:
    queue = asking.questions.of()
    (encoded,) = queue.find_cached([query]) or await queue.encode([query], holder=holder)
    return await place.run(_rank, asking, body, query, encoded.vector, stop=lambda: place.is_left)


def _check_count(body: RerankRequest) -> None:
    if not 1 <= len(body.documents) <= MAX_DOCUMENTS:
        raise InvalidLimit(
            f"documents: there are {len(body.documents)}; 1 to {MAX_DOCUMENTS} are ranked at once. Send the "
            "likeliest."
        )


def _rank(
    asking: Asking, body: RerankRequest, query: str, vector: Vectors, *, stop: Callable[[], bool]
) -> Response:
    library = asking.collections.library
    ranker = TextRanker(library.embedder, library.config, library.reranker)
    given = [one if isinstance(one, str) else one.text for one in body.documents]
    texts = ranker.truncate(given, body.max_tokens_per_doc)
    if (length := sum(map(len, texts))) > MAX_CHARACTERS:
        raise InvalidLimit(
            f"documents: they have {length:,} characters together; at most {MAX_CHARACTERS:,} are ranked at "
            "once. Lower max_tokens_per_doc, or send fewer."
        )
    scores = ranker.probabilities(query, texts, vector=vector, stop=stop)
    order = sorted(range(len(scores)), key=lambda at: -scores[at])
    results = [{"index": at, "relevance_score": round(scores[at], _DECIMALS)} for at in order[: body.top_n]]
    return json_reply(
        {
            "id": str(uuid.uuid4()),
            "results": results,
            "meta": {"api_version": {"version": "2"}, "warnings": [_WARNING]},
        }
    )


# The errors of Cohere's API.


ADDRESSES = ("/v2",)


SHAPE = ErrorShape(
    lambda error: {"message": error.message, "id": error.request_id},
    {
        "type": "object",
        "properties": {"message": {"type": "string"}, "id": {"type": "string"}},
        "required": ["message", "id"],
    },
)
