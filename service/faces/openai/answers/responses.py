"""The Responses API: a collection as a model that searches its files and answers from them."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from fastapi import Request as HttpRequest
from pydantic import BaseModel, Field

from service.errors import MayRaise, NotReady, Overloaded, WriterFailed, WriterTimeout
from service.faces.client import HttpClient
from service.faces.dependencies import ready
from service.faces.openai.answers import response_objects
from service.faces.openai.answers.conversation import make_question, parse_conversation
from service.faces.openai.answers.response_events import ResponseEvents
from service.faces.openai.answers.response_requests import ResponseRequest
from service.faces.openai.answers.tasks import task_reply
from service.flows.answer.answering import Answering
from service.flows.answer.finding import find
from service.flows.answer.flow import collect_answer, events, task_events
from service.flows.ask.disconnection import unless_gone
from service.http.error_handlers import request_id_of
from service.http.event_stream import EventStream, describe_event_stream
from service.http.json_body import JsonBody
from service.http.links import base_url
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.state.identity import Scope, access, caller_of

router = APIRouter(tags=["openai"], route_class=ApiRoute)
_MAY_RAISE = MayRaise(NotReady, Overloaded, WriterFailed, WriterTimeout)


class ResponseReply(BaseModel):
    """A response in OpenAI's shape; `loccit` is as in a chat completion."""

    id: str
    object: Literal["response"]
    created_at: int
    status: Literal["completed", "incomplete"]
    model: str
    output: list[dict[str, Any]] = Field(
        description="A `file_search_call`, and a message whose annotations are `file_citation`s, each with "
        "Loccit's `citation`."
    )
    usage: dict[str, Any]
    loccit: dict[str, Any] | None


@router.post(
    "/v1/responses",
    summary="Answer a question in the shape of OpenAI's Responses API",
    response_model=ResponseReply,
    responses=describe_event_stream("With `stream`, the events of OpenAI's Responses API."),
)
@access(Scope.ASK, "answers")
async def respond(
    request: Annotated[HttpRequest, JsonBody(ResponseRequest), _MAY_RAISE],
) -> Response:
    """Answers from the documents of a collection, as `/v1/answer` does.

    The collection is that of the model, or the vector store of the tool `file_search`.
    """
    answering = ready(request, Answering)
    body = await JsonBody(ResponseRequest)(request)
    body.check()
    asks = parse_conversation(body.messages, "input")
    search = body.file_search()
    collection = body.collection(search)
    caller = caller_of(request.scope)
    if (reply := task_reply(asks.question)) is not None:
        answering.collections.require(caller, collection)
        found, steps = None, task_events(asks.question, reply)
    else:
        question = make_question(asks, collection, body.options(search), answering)
        found = await find(HttpClient(request), answering, caller, question)
        steps = events(found, answering, for_people=True)
    base = base_url(request.scope, answering.settings.public_url)
    response = response_objects.Response(request_id_of(request.scope), int(time.time()), body, found, base)
    if body.stream:
        return EventStream(ResponseEvents(response).of(steps))
    response.made = await unless_gone(HttpClient(request), collect_answer(steps))
    response.completed = int(time.time())
    return json_reply(response.shown("completed"))
