"""Anthropic's Messages API: an answer as a ready ``tool_result``, whose sentences Claude cites."""

from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from index.answers import Answer, Hit
from index.citations import block_spans, format_citation, news_of_hit
from service.advice import describe_unasked
from service.errors import MayRaise, NotReady, Overloaded
from service.faces.api.schemas.citations import Citation, citation_json
from service.faces.api.schemas.values import Json
from service.faces.client import HttpClient
from service.faces.dependencies import ready
from service.flows.ask.answering import Answers, answer_all
from service.flows.ask.asking import Asking
from service.flows.ask.planning import plan_request
from service.flows.ask.requests import AskRequest
from service.http.json_body import JsonBody
from service.http.links import base_url, with_absolute_links, with_links
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.state.identity import Scope, access, caller_of

PATH = "/v1/anthropic/tool_result"
router = APIRouter(tags=["anthropic"], route_class=ApiRoute)
_NOTHING = "Nothing in the documents was found to answer this."


class ToolResultRequest(AskRequest):
    """A question that Claude asks with a tool."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"tool_use_id": "toolu_01A", "question": "How long may a passage be?", "k": 3}]
        }
    )

    tool_use_id: str = Field(min_length=1, description="The id of the `tool_use` block.")

    @model_validator(mode="after")
    def _check_one_question(self) -> Self:
        if self.question is None or self.formats:
            raise ValueError("Ask one question, without formats: the results have a format already.")
        return self


class TextBlock(BaseModel):
    """A sentence of a passage: what Claude can cite."""

    type: Literal["text"]
    text: str


class SearchResultCitations(BaseModel):
    """Whether Claude is to cite the result."""

    enabled: Literal[True]


class SearchResultBlock(BaseModel):
    """A passage, in a block for each sentence."""

    type: Literal["search_result"]
    source: str
    title: str
    content: list[TextBlock]
    citations: SearchResultCitations


class ToolResultBlock(BaseModel):
    """A content block for the next message, as it is."""

    type: Literal["tool_result"]
    tool_use_id: str
    content: list[SearchResultBlock | TextBlock]


class CitedResult(BaseModel):
    """The citation of a search result.

    A ``search_result_location`` of Claude's answer names the result by ``search_result_index`` and sentences
    by block: ``text[blocks[start_block_index][0]:blocks[end_block_index - 1][1]]`` of the document's text.
    """

    citation: Citation
    probability: float
    blocks: list[tuple[int, int]] = Field(description="Offsets of each block in the document's text.")


class ToolResultResponse(BaseModel):
    """The block to send, and what its results cite, in their order."""

    tool_result: ToolResultBlock
    citations: list[CitedResult]
    answerability: float


_BODY = JsonBody(ToolResultRequest)


@router.post(PATH, summary="Answer a tool call of Claude", response_model=ToolResultResponse)
@access(Scope.ASK, "answers")
async def tool_result(request: Annotated[Request, _BODY, MayRaise(NotReady, Overloaded)]) -> Response:
    """Returns a `tool_result` with a `search_result` block for each passage, and their citations.

    Each sentence is a text block, so Claude cites sentences.
    """
    asking = ready(request, Asking)
    body = await _BODY(request)
    base = base_url(request.scope, asking.settings.public_url)

    def respond(answers: Answers) -> Response:
        (one,) = answers.each
        return json_reply(_response_json(body, one.answer, base))

    plan = plan_request(body, caller_of(request.scope), asking)
    return await answer_all(HttpClient(request), asking, plan, respond)


def _why_nothing(answer: Answer, collection: str) -> str:
    if answer.unasked:
        return describe_unasked(answer.unasked, [collection])
    return answer.withheld or _NOTHING


def _response_json(body: ToolResultRequest, answer: Answer, base: str) -> Json:
    blocks: list[Any] = [_search_result(hit, body.collection, base) for hit in answer.hits]
    return {
        "tool_result": {
            "type": "tool_result",
            "tool_use_id": body.tool_use_id,
            "content": blocks or [{"type": "text", "text": _why_nothing(answer, body.collection)}],
        },
        "citations": [_citation_json(hit, body.collection) for hit in answer.hits],
        "answerability": answer.answerability,
    }


def _search_result(hit: Hit, collection: str, base: str) -> object:
    citation = with_absolute_links(with_links(hit.citation, collection), base)
    return format_citation(
        citation, "anthropic_search_result", provenance=hit.provenance, news=news_of_hit(hit)
    )


def _citation_json(hit: Hit, collection: str) -> Json:
    start = hit.citation.start
    return {
        "citation": citation_json(hit.citation, collection),
        "probability": hit.probability,
        "blocks": [(start + one, start + end) for one, end in block_spans(hit.citation.quote)],
    }
