"""Embeddings by the models of the collections."""

import base64
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from index.errors import InvalidLimit
from index.protocols import Embedder
from index.types import Vectors
from service.errors import InvalidRequest, MayRaise, NoSuchModel, Overloaded
from service.faces.client import HttpClient
from service.faces.dependencies import Caller, ReadyAsking
from service.faces.openai.models import Embedding, embedding_of
from service.faces.openai.replies import Embeddings
from service.faces.openai.requests import EmbeddingsRequest
from service.flows.ask.asking import Asking
from service.flows.ask.batching import MAX_BATCH
from service.flows.ask.disconnection import unless_gone
from service.http.json_body import JsonBody
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.state.identity import Principal, Scope, access
from service.state.limits.pools import Place

router = APIRouter(tags=["openai"], route_class=ApiRoute)


@router.post("/v1/embeddings", summary="Embed texts", response_model=Embeddings)
@access(Scope.ASK, "collections")
async def create(
    request: Annotated[Request, MayRaise(Overloaded, NoSuchModel)],
    caller: Caller,
    asking: ReadyAsking,
    body: Annotated[EmbeddingsRequest, Depends(JsonBody(EmbeddingsRequest))],
) -> Response:
    """Embeds texts as the model embeds questions; the vectors have unit length.

    Each text counts as a request for the rate limit of the key.
    """
    texts = [body.input] if isinstance(body.input, str) else body.input
    model = await asking.pools.lookups.run(embedding_of, asking.collections, caller, body.model)
    _require_dimension(body, model.embedder)
    with asking.pools.questions.admit(caller.holder) as place:
        embedding = _embed(asking, caller, place, model, texts)
        tokens, vectors = await unless_gone(HttpClient(request), embedding)
    return json_reply(
        {
            "object": "list",
            "data": [
                {
                    "object": "embedding",
                    "index": at,
                    "embedding": _encode_vector(vector, body.encoding_format),
                }
                for at, vector in enumerate(vectors)
            ],
            "model": body.model,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }
    )


async def _embed(
    asking: Asking, caller: Principal, place: Place, model: Embedding, texts: Sequence[str]
) -> tuple[int, list[Vectors]]:
    """The number of tokens of texts, and their vectors."""
    tokens = await place.run(_count_tokens, texts, model.embedder)
    asking.rates.charge(caller, len(texts) - 1, charged=1)  # the middleware has counted one
    queue = asking.questions.of(model.queue)
    parts = [texts[at : at + MAX_BATCH] for at in range(0, len(texts), MAX_BATCH)]
    place.plan(len(parts))
    vectors: list[Vectors] = []
    for part in parts:  # questions of others are embedded in between
        with place.waiting():
            vectors += [one.vector for one in await queue.encode(part, holder=caller.holder)]
        place.advance()
    return tokens, vectors


def _require_dimension(body: EmbeddingsRequest, embedder: Embedder) -> None:
    if body.dimensions not in (None, embedder.dimension):
        raise InvalidRequest(
            f"dimensions: the vectors of this model have {embedder.dimension}, and cannot be shortened. "
            "Leave it out.",
            param="dimensions",
        )


def _count_tokens(texts: Sequence[str], embedder: Embedder) -> int:
    """Count the tokens of texts. Raises :class:`InvalidLimit` for one that is empty or would be cut off."""
    counts = [len(starts) + embedder.special_tokens for starts in embedder.token_starts(texts)]
    for at, (text, count) in enumerate(zip(texts, counts, strict=True)):
        if not text.strip():
            raise InvalidLimit(f"input.{at}: the text is empty. Leave it out.")
        if count > embedder.max_tokens:
            raise InvalidLimit(
                f"input.{at}: the text has {count} tokens, and the model reads {embedder.max_tokens}. Split "
                "it."
            )
    return sum(counts)


def _encode_vector(vector: Vectors, encoding: str) -> list[float] | str:
    if encoding == "base64":
        return base64.b64encode(vector.astype("<f4").tobytes()).decode()
    return vector.tolist()  # type: ignore[no-any-return]
