"""Dify's external knowledge: a knowledge base is a collection, a record a passage with its citation."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Request as HttpRequest, Response
from pydantic import BaseModel, Field

from index import filters
from index.answers import Hit
from index.errors import InvalidFilter
from service.errors import MayRaise, NotReady, Overloaded
from service.faces.api.schemas.values import Json
from service.faces.client import HttpClient
from service.faces.dependencies import ready
from service.flows.ask.answering import Answers, answer_all
from service.flows.ask.asking import Asking
from service.flows.ask.planning import plan_request
from service.flows.ask.requests import AskRequest
from service.http.error_shapes import ErrorShape
from service.http.json_body import JsonBody
from service.http.links import base_url, with_absolute_links, with_links
from service.http.parameters import LIMITED, CollectionName, Question
from service.http.replies import json_reply
from service.http.request_models import Request
from service.http.route import ApiRoute
from service.state.identity import Scope, access, caller_of

PATHS = ("/retrieval", "/dify/retrieval")
"""Dify appends ``/retrieval`` to the address that is configured."""
router = APIRouter(tags=["dify"], route_class=ApiRoute)

Operator = Literal[
    "contains", "not contains", "start with", "end with", "is", "is not", "in", "not in", "empty",
    "not empty", "=", "≠", ">", "<", "≥", "≤", "before", "after",
]  # fmt: skip
_COMPARISONS: Mapping[str, filters.Operator] = {
    written: filters.SPELLINGS[written] for written in get_args(Operator) if written in filters.SPELLINGS
}
"""Operators that filters have, by Dify's names."""
_NUMERIC = frozenset("=≠><≥≤")
"""Operators that Dify uses for numbers, which it may send as text."""


class RetrievalSetting(Request):
    """How many records to return, and the least score of one."""

    top_k: Annotated[int, LIMITED] = Field(strict=True, description="Most records.")
    score_threshold: float | None = Field(
        0.0, ge=0.0, le=1.0, description="Least probability that a record answers the query."
    )


class Condition(Request):
    """A comparison of one metadata field."""

    name: str | Annotated[list[str], Field(min_length=1, max_length=1)]
    comparison_operator: Operator
    value: str | float | int | list[str] | None = None


class MetadataCondition(Request):
    """Conditions on the metadata of documents."""

    logical_operator: Literal["and", "or"] | None = "and"
    conditions: list[Condition] | None = None


class RetrievalRequest(Request):
    """A query to a knowledge base."""

    knowledge_id: CollectionName = Field(description="The collection.")
    query: Question
    retrieval_setting: RetrievalSetting
    metadata_condition: Annotated[MetadataCondition, MayRaise(InvalidFilter)] | None = Field(
        None, description="Which documents to search."
    )


class Record(BaseModel):
    """A passage; ``metadata`` has that of its document and the passage's citation.

    ``says_of_itself`` in it has what only the document says.
    """

    content: str
    score: float = Field(description="Calibrated probability that the passage answers the query.")
    title: str
    metadata: dict[str, Any]


class RetrievalResponse(BaseModel):
    """The passages that best answer, most probable first."""

    records: list[Record]


_BODY = JsonBody(RetrievalRequest)


@router.post(PATHS[1], summary="Retrieve passages for Dify", response_model=RetrievalResponse)
@router.post(PATHS[0], summary="Retrieve passages for Dify", response_model=RetrievalResponse)
@access(Scope.ASK, "answers")
async def retrieve(request: Annotated[HttpRequest, _BODY, MayRaise(NotReady, Overloaded)]) -> Response:
    """Dify's External Knowledge API. `knowledge_id` is the collection, `score` a probability.

    The `metadata` of a record is that of its document, with `document_id`, `locator`, `url`, `section` and
    `pages` of the passage, and `says_of_itself`: what only the document says of itself. Errors have
    `error_code` and `error_msg`.
    """
    asking = ready(request, Asking)
    body = await _BODY(request)
    asked = AskRequest.model_validate(
        {
            "question": body.query,
            "collection": body.knowledge_id,
            "k": body.retrieval_setting.top_k,
            "filter": filter_of(body.metadata_condition),
        }
    )
    least = body.retrieval_setting.score_threshold or 0.0
    base = base_url(request.scope, asking.settings.public_url)

    def respond(answers: Answers) -> Response:
        (one,) = answers.each
        hits = sorted(one.answer.hits, key=lambda hit: -hit.probability)
        likely = [hit for hit in hits if hit.probability >= least]
        return json_reply({"records": [record_json(hit, body.knowledge_id, base) for hit in likely]})

    plan = plan_request(asked, caller_of(request.scope), asking)
    return await answer_all(HttpClient(request), asking, plan, respond)


def record_json(hit: Hit, collection: str, base: str) -> Json:
    """A hit as :class:`Record`."""
    citation = with_absolute_links(with_links(hit.citation, collection), base)
    own: dict[str, Any] = {
        "document_id": citation.document_id,
        "locator": citation.locator,
        "url": citation.links.get("source") or citation.links["view"],
        "section": " › ".join(citation.section),
    }
    if citation.pages is not None:
        own["pages"] = list(citation.pages)
    if citation.printed_pages is not None:
        own["printed_pages"] = list(citation.printed_pages)
    return {
        "content": hit.text,
        "score": hit.probability,
        "title": citation.title,
        "metadata": {**hit.metadata, **own, "says_of_itself": hit.provenance.says_of_itself},
    }


def filter_of(condition: MetadataCondition | None) -> Json | None:
    """The filter that selects what the conditions do.

    Raises :class:`InvalidFilter` for an operator that filters do not have.
    """
    if condition is None or not condition.conditions:
        return None
    comparisons = [_comparison(one) for one in condition.conditions]
    if len(comparisons) == 1:
        return comparisons[0]
    return {"type": condition.logical_operator or "and", "filters": comparisons}


def _comparison(one: Condition) -> Json:
    operator = one.comparison_operator
    if operator not in _COMPARISONS:
        raise InvalidFilter(
            f"metadata_condition: documents cannot be selected by {operator!r}. Use one of "
            f"{', '.join(_COMPARISONS)}."
        )
    key = one.name if isinstance(one.name, str) else one.name[0]
    return {"type": _COMPARISONS[operator].name, "key": key, "value": _comparison_value(operator, one.value)}


def _comparison_value(operator: str, value: str | float | list[str] | None) -> object:
    if _COMPARISONS[operator].takes_list:
        return [part.strip() for part in value.split(",")] if isinstance(value, str) else value
    if operator in _NUMERIC and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            raise InvalidFilter(
                f"metadata_condition: {operator!r} compares numbers, not {value[:100]!r}. Use 'is' or "
                "'is not' for words, 'before' or 'after' for dates."
            ) from None
    return value


# The errors of Dify's external knowledge API.


ADDRESSES = ("/retrieval", "/dify")
_CODES = {
    "unauthorized": 1002,
    "forbidden": 1002,
    "collection_not_found": 2001,
    "invalid_collection_name": 2001,
}
"""The codes that Dify's documentation suggests; other errors have the status of the response."""


SHAPE = ErrorShape(
    lambda error: {"error_code": _CODES.get(error.code, error.status), "error_msg": error.message},
    {
        "type": "object",
        "properties": {"error_code": {"type": "integer"}, "error_msg": {"type": "string"}},
        "required": ["error_code", "error_msg"],
    },
)
