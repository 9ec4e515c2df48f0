"""Search in a vector store: the hits of an answer, the most probable first."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from index.answers import Hit
from service.errors import Forbidden, MayRaise, NotReady, Overloaded
from service.faces.api.schemas.citations import citation_json
from service.faces.api.schemas.values import Json
from service.faces.client import HttpClient
from service.faces.dependencies import Caller, ReadyAsking
from service.faces.openai import ids
from service.faces.openai.replies import SearchPage, attributes_json
from service.faces.openai.requests import SearchRequest, VectorStoreId
from service.flows.ask.answering import Answers, answer_all
from service.flows.ask.planning import most_passages, plan_request
from service.flows.ask.requests import AskRequest
from service.http.json_body import JsonBody
from service.http.links import base_url, with_absolute_links, with_links
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.state.files import ids as file_ids
from service.state.identity import Principal, Scope, access

router = APIRouter(tags=["openai"], route_class=ApiRoute)
_BODY = JsonBody(SearchRequest)


@router.post(
    "/v1/vector_stores/{vector_store_id}/search", summary="Search a vector store", response_model=SearchPage
)
@access(Scope.ASK, "answers")
async def search(
    vector_store_id: VectorStoreId,
    request: Annotated[Request, _BODY, MayRaise(NotReady, Overloaded, Forbidden)],
    caller: Caller,
    asking: ReadyAsking,
) -> Response:
    """Passages that may answer. `score` is the probability that one does; `citation` says where it stands.

    The hits of several queries are merged: a passage has the highest of its scores.
    """
    body = await _BODY(request)
    collection = ids.collection_of(vector_store_id)
    plan = plan_request(_ask_request(caller, collection, body), caller, asking)
    options = body.ranking_options
    threshold = (options.score_threshold if options else None) or 0.0

    def respond(answers: Answers) -> Response:
        hits = merge_hits(
            [one.answer.hits for one in answers.each], most=body.max_num_results, threshold=threshold
        )
        base = base_url(request.scope, asking.settings.public_url)
        return json_reply(
            {
                "object": "vector_store.search_results.page",
                "search_query": [body.query] if isinstance(body.query, str) else body.query,
                "data": [hit_json(hit, collection, base) for hit in hits],
                "has_more": False,
                "next_page": None,
            }
        )

    return await answer_all(HttpClient(request), asking, plan, respond)


def _ask_request(caller: Principal, collection: str, body: SearchRequest) -> AskRequest:
    several = not isinstance(body.query, str)
    given: dict[str, Any] = {"questions" if several else "question": body.query, "filter": body.filters}
    if "max_num_results" in body.model_fields_set:
        given["k"] = body.max_num_results
    else:
        given["k"] = min(body.max_num_results, most_passages(caller))
    return AskRequest(collection=collection, **given)


def merge_hits(answers: Iterable[Sequence[Hit]], *, most: int, threshold: float) -> list[Hit]:
    """The hits of several answers with at least this probability, the most probable first, each once."""
    found: dict[str, Hit] = {}
    for hit in (hit for hits in answers for hit in hits if hit.probability >= threshold):
        known = found.get(hit.citation.locator)
        if known is None or known.probability < hit.probability:
            found[hit.citation.locator] = hit
    return sorted(found.values(), key=lambda hit: -hit.probability)[:most]


def hit_json(hit: Hit, collection: str, base: str) -> Json:
    """A hit as :class:`service.faces.openai.replies.SearchHit`. ``base`` is the address of the service."""
    document_id = hit.citation.document_id
    return {
        "file_id": file_ids.file_id(collection, document_id),
        "filename": file_ids.filename(document_id),
        "score": hit.probability,
        "attributes": attributes_json(hit.metadata),
        "content": [{"type": "text", "text": hit.text}],
        "citation": citation_json(
            with_absolute_links(with_links(hit.citation, collection), base), collection
        ),
    }
