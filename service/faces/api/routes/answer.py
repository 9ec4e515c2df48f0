"""Answer questions with sentences."""

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import APIRouter, Request, Response

from index.errors import LoccitError
from service.advice import message_with_advice
from service.errors import MayRaise, NotReady, Overloaded, WriterFailed, WriterTimeout, error_json
from service.faces.api.requests.answering import AnswerOptions, AnswerRequest
from service.faces.api.schemas.answering import AnswerResponse, answered_json, found_json, sentence_json
from service.faces.api.schemas.values import Json
from service.faces.client import HttpClient
from service.faces.dependencies import ready
from service.flows.answer.answering import Answering
from service.flows.answer.events import Delta, Event, Finished, Sentence
from service.flows.answer.finding import Asked, Found, choose_mode, find
from service.flows.answer.flow import Whole, collect_answer, events, until_error
from service.flows.ask.disconnection import unless_gone
from service.http.error_handlers import request_id_of
from service.http.event_stream import EventStream, describe_event_stream, event
from service.http.json_body import JsonBody
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.state.identity import Scope, access, caller_of

router = APIRouter(tags=["ask"], route_class=ApiRoute)
_BODY = JsonBody(AnswerRequest)
_MAY_RAISE = MayRaise(NotReady, Overloaded, WriterFailed, WriterTimeout)
_EVENTS = describe_event_stream(
    "With `stream`, events: `found` with the passages; `delta` with `text` to append to the answer; "
    "`sentence` with a sentence and its citation or verdict; `finished` with the whole answer, or `error`."
)


@router.post(
    "/v1/answer",
    summary="Answer a question with sentences of the documents",
    response_model=AnswerResponse,
    responses=_EVENTS,
)
@access(Scope.ASK, "answers")
async def answer(request: Annotated[Request, _BODY, _MAY_RAISE]) -> Response:
    """Returns sentences that answer, word for word, each with a citation of exactly it; no model writes them.

    Where the operator has configured a model, it writes the answer, and each sentence has a verdict. If the
    passages probably do not answer, the answer declines and names them as what is near.
    """
    answering = ready(request, Answering)
    body = await _BODY(request)
    if not body.stream:
        return json_reply(await answer_whole(request, answering, body))
    found = await _find(request, answering, body)
    return EventStream(_stream_events(found, events(found, answering), request_id_of(request.scope)))


async def answer_whole(request: Request, answering: Answering, body: AnswerOptions) -> Json:
    """Answer a question, as :class:`AnswerResponse`."""
    found = await _find(request, answering, body)
    steps = events(found, answering)
    return answered_json(found, await unless_gone(HttpClient(request), collect_answer(steps)))


async def _find(request: Request, answering: Answering, body: AnswerOptions) -> Found:
    least = answering.settings.min_answerability if body.min_answerability is None else body.min_answerability
    question = body.ask_request()
    mode = choose_mode(body.mode, answering, several=question.collections is not None)
    asked = Asked(question, mode, least, body.sentences)
    return await find(HttpClient(request), answering, caller_of(request.scope), asked)


async def _stream_events(
    found: Found, steps: AsyncGenerator[Event], request_id: str
) -> AsyncGenerator[bytes]:
    """Stream the answer as server-sent events."""
    yield event(found_json(found), "found")
    made = Whole()
    async for one in until_error(steps):
        if isinstance(one, LoccitError):
            yield event(error_json(one.code, message_with_advice(one), request_id), "error")
            return
        made.add(one)
        if isinstance(one, Delta):
            yield event({"text": one.text}, "delta")
        elif isinstance(one, Sentence):
            yield event(sentence_json(one, found.collection), "sentence")
        elif isinstance(one, Finished):
            yield event(answered_json(found, made), "finished")
