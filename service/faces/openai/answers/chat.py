"""Chat completions: a collection as a model that answers from its documents."""

import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request as HttpRequest, Response
from pydantic import BaseModel, ConfigDict, Field

from index.errors import LoccitError
from service.errors import MayRaise, NotReady, Overloaded, WriterFailed, WriterTimeout
from service.faces.api.schemas.answering import sentence_json
from service.faces.api.schemas.answers import computed_json
from service.faces.api.schemas.citations import citation_json
from service.faces.api.schemas.values import Json
from service.faces.client import HttpClient
from service.faces.dependencies import ready
from service.faces.openai.answers.annotations import absolute_citation, url_citations
from service.faces.openai.answers.conversation import (
    ASKED,
    NOT_MODERATED,
    NOT_SAMPLED,
    Message,
    Options,
    collection_of,
    default_options,
    make_question,
    parse_conversation,
    refuse_fields,
    require_collections,
)
from service.faces.openai.answers.tasks import task_reply
from service.faces.openai.errors import error_body
from service.flows.answer.answering import Answering
from service.flows.answer.events import Delta, Event, Finished, Sentence, Usage
from service.flows.answer.finding import Found, find
from service.flows.answer.flow import Whole, events, task_events, until_error
from service.flows.ask.disconnection import unless_gone
from service.http.error_handlers import request_id_of, shown_error
from service.http.event_stream import EventStream, describe_event_stream, event
from service.http.json_body import JsonBody
from service.http.links import base_url
from service.http.parameters import CollectionName
from service.http.replies import json_reply
from service.http.request_models import Request
from service.http.route import ApiRoute
from service.state.identity import Scope, access, caller_of

router = APIRouter(tags=["openai"], route_class=ApiRoute)
_ABSENT: Json = dict.fromkeys(("metadata", "moderation", "service_tier", "system_fingerprint"))
_ABSENT_OF_MESSAGE: Json = dict.fromkeys(("audio", "function_call", "tool_calls"))
"""Fields of OpenAI's objects for what does not exist here."""
_FINISH = {"stop": "stop", "declined": "stop", "length": "length", "refusal": "content_filter"}
_MAY_RAISE = MayRaise(NotReady, Overloaded, WriterFailed, WriterTimeout)
_NO_TOOLS = "Loccit calls no tools: it answers from its documents. Leave it out."
_NO_CHOICE = (None, "none", "auto")
_TEXT_ONLY = "Loccit answers with text only. Leave it out."


class StreamOptions(BaseModel):
    """Options of a stream."""

    include_usage: bool | None = None


class ChatRequest(Request):
    """A conversation to answer, as OpenAI's chat completions have it.

    Fields that steer how a model samples (`temperature`, `top_p`, `max_tokens`, `stop`, `seed` and the like)
    have no effect, and neither have those that only mark a request (`user`, `metadata`, `service_tier`).
    """

    # Chat pages send further fields of their own with a question.
    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [
                {"model": "loccit", "messages": [{"role": "user", "content": "How long may a passage be?"}]},
                {
                    "model": "loccit:default",
                    "messages": [
                        {"role": "user", "content": "What is the treaty about?"},
                        {"role": "assistant", "content": "It is about fishing."},
                        {"role": "user", "content": "And who signed it?"},
                    ],
                    "loccit": {"k": 8},
                },
            ]
        },
    )

    model: CollectionName = Field(
        description="`loccit:COLLECTION`, or `loccit` for the collection `default`; `loccit:ONE,ANOTHER` "
        "for several, and `loccit:*` for all that the key may read."
    )
    messages: Annotated[list[Message], ASKED] = Field(
        description="The last one of the user is the question; those before it interpret a follow-up."
    )
    stream: bool | None = Field(None, description="Whether to answer with server-sent events.")
    stream_options: StreamOptions | None = None
    n: int | None = Field(None, description="Only 1: there is one answer.")
    tools: list[Any] | None = Field(
        None, description="Never called, as `tool_choice` `auto` allows: the documents answer."
    )
    functions: list[Any] | None = Field(None, description="Never called, like `tools`.")
    response_format: dict[str, Any] | None = Field(None, description="Only text.")
    modalities: list[str] | None = Field(None, description="Only text.")
    audio: dict[str, Any] | None = Field(None, description="Refused.")
    logprobs: bool | None = Field(None, description="Refused: sentences are not sampled.")
    top_logprobs: int | None = Field(None, description="Refused, for the same reason.")
    moderation: dict[str, Any] | None = Field(None, description="Refused.")
    tool_choice: str | dict[str, Any] | None = Field(None, description="Only `none` and `auto`.")
    function_call: str | dict[str, Any] | None = Field(None, description="Only `none` and `auto`.")
    store: bool | None = Field(None, description="Only false: nothing is kept.")
    web_search_options: dict[str, Any] | None = Field(None, description="Refused.")
    loccit: Options = Field(
        default_factory=default_options, description="What OpenAI's API has no field for."
    )

    def check(self) -> None:
        """Raise :class:`service.errors.InvalidRequest` for what has no meaning here."""
        one_format = (self.response_format or {}).get("type", "text")
        refuse_fields(
            [
                ("n", self.n not in (None, 1), "there is one answer. Leave it out."),
                ("response_format", one_format != "text", _TEXT_ONLY),
                ("modalities", set(self.modalities or ()) - {"text"}, _TEXT_ONLY),
                ("audio", self.audio, _TEXT_ONLY),
                ("logprobs", self.logprobs, NOT_SAMPLED),
                ("top_logprobs", self.top_logprobs, NOT_SAMPLED),
                ("moderation", self.moderation, NOT_MODERATED),
                ("tool_choice", self.tool_choice not in _NO_CHOICE, _NO_TOOLS),
                ("function_call", self.function_call not in _NO_CHOICE, _NO_TOOLS),
                ("store", self.store, "Loccit keeps no completions. Leave it out."),
                ("web_search_options", self.web_search_options, "Loccit searches its documents only."),
            ]
        )


class ChatCompletion(BaseModel):
    """A chat completion in OpenAI's shape, with `citations` and what Loccit knows of the answer."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[dict[str, Any]]
    usage: dict[str, Any]
    citations: list[dict[str, Any]] = Field(description="The citations of the marks; [1] is the first.")
    loccit: dict[str, Any] | None = Field(
        description="`mode`, `declined`, `answerability`, `sentences` with their verdicts, and `computed`, "
        "as in `/v1/answer`; null for a task of a chat page."
    )


@dataclass(frozen=True, slots=True)
class _Completion:
    """The fields that all objects of a completion share."""

    id: str
    created: int
    model: str
    base: str
    """The address of the service, for links."""
    request_id: str

    def head(self, kind: str) -> Json:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


@router.post(
    "/v1/chat/completions",
    summary="Answer a conversation in OpenAI's shape",
    response_model=ChatCompletion,
    responses=describe_event_stream("With `stream`, events of chunks in OpenAI's shape, and `data: [DONE]`."),
)
@access(Scope.ASK, "answers")
async def complete(
    request: Annotated[HttpRequest, JsonBody(ChatRequest), _MAY_RAISE],
) -> Response:
    """Answers the last message of the user from the documents of a collection, as `/v1/answer` does.

    The marks in the text, such as [1], are those of `citations`; `annotations` of the message say which part
    of the text each of them belongs to.
    """
    answering = ready(request, Answering)
    body = await JsonBody(ChatRequest)(request)
    body.check()
    asks = parse_conversation(body.messages, "messages")
    collection = collection_of(body.model)
    request_id = request_id_of(request.scope)
    about = _Completion(
        f"chatcmpl-{request_id}",
        int(time.time()),
        body.model,
        base_url(request.scope, answering.settings.public_url),
        request_id,
    )
    usage = body.stream_options is not None and bool(body.stream_options.include_usage)
    if (reply := task_reply(asks.question)) is not None:
        require_collections(answering, caller_of(request.scope), collection)
        steps = task_events(asks.question, reply)
        if body.stream:
            return EventStream(_stream_chunks(about, None, steps, usage=usage))
        return json_reply(await _make_completion(about, None, steps))
    question = make_question(asks, collection, body.loccit, answering)
    found = await find(HttpClient(request), answering, caller_of(request.scope), question)
    steps = events(found, answering, for_people=True)
    if body.stream:
        return EventStream(_stream_chunks(about, found, steps, usage=usage))
    return json_reply(await unless_gone(HttpClient(request), _make_completion(about, found, steps)))


async def _make_completion(about: _Completion, found: Found | None, steps: AsyncGenerator[Event]) -> Json:
    made = Whole()
    async for one in steps:
        made.add(one)
    is_refusal = made.finished is not None and made.finished.finish == "refusal"
    message = {
        "role": "assistant",
        "content": None if is_refusal else made.text,
        "refusal": made.text if is_refusal else None,
        "annotations": _annotations(about, found, made.sentences),
        **_ABSENT_OF_MESSAGE,
    }
    finish = "stop" if made.finished is None else _FINISH[made.finished.finish]
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
    usage = None if made.finished is None else _usage(made.finished.usage)
    return {
        **about.head("chat.completion"),
        **_ABSENT,
        "choices": [choice],
        "usage": usage,
        **_loccit_fields(about, found, made),
    }


async def _stream_chunks(
    about: _Completion, found: Found | None, steps: AsyncGenerator[Event], *, usage: bool
) -> AsyncGenerator[bytes]:
    """A completion as the events of a stream. Verdicts and citations come with empty text."""
    head = about.head("chat.completion.chunk")
    made = Whole()

    def chunk(delta: Json, finish: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return event({**head, "choices": [choice], **({"usage": None} if usage else {}), **more})

    yield chunk({"role": "assistant", "content": "", "refusal": None})
    async for one in until_error(steps):
        if isinstance(one, LoccitError):
            yield event(error_body(shown_error(one, about.request_id)))
            return
        made.add(one)
        if isinstance(one, Delta):
            yield chunk({"refusal" if one.is_refusal else "content": one.text})
        elif isinstance(one, Sentence) and found is not None:
            shown = {"sentence": sentence_json(one, found.collection)}
            yield chunk({"content": "", "annotations": _annotations(about, found, [one])}, loccit=shown)
        elif isinstance(one, Finished):
            yield chunk({}, _FINISH[one.finish], **_loccit_fields(about, found, made))
            if usage:
                yield event({**head, "choices": [], "usage": _usage(one.usage)})
    yield b"data: [DONE]\n\n"


def _annotations(about: _Completion, found: Found | None, sentences: list[Sentence]) -> list[Json]:
    if found is None:
        return []
    return [one for sentence in sentences for one in url_citations(sentence, found, about.base)]


def _loccit_fields(about: _Completion, found: Found | None, made: Whole) -> Json:
    """The fields that are Loccit's own."""
    if found is None:
        return {"citations": [], "loccit": None}
    own = {
        "mode": found.asked.mode,
        "declined": made.declines(found),
        "answerability": found.answer.answerability,
        "sentences": [sentence_json(one, found.collection) for one in made.sentences],
        "computed": computed_json(found.answer.reading, found.collection),
    }
    # Not the passages after the last that the text names: no mark of the text leads to them.
    named = found.sources[: max((mark for one in made.sentences for mark in one.marks), default=0)]
    citations = [citation_json(absolute_citation(one, found, about.base), found.collection) for one in named]
    return {"citations": citations, "loccit": own}


def _usage(usage: Usage) -> Json:
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.prompt + usage.completion,
        "prompt_tokens_details": None,
        "completion_tokens_details": None,
    }
