"""The Responses API: a collection as a model that searches its files and answers from them."""

import time
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request as HttpRequest, Response as HttpResponse
from pydantic import BaseModel, Field

from index.errors import LoccitError
from service.advice import message_with_advice
from service.errors import MayRaise, NotReady, Overloaded, WriterFailed, WriterTimeout
from service.faces.api.schemas.answering import sentence_json
from service.faces.api.schemas.answers import computed_json
from service.faces.api.schemas.values import Json
from service.faces.client import HttpClient
from service.faces.dependencies import ready
from service.faces.openai.answers.annotations import file_citations
from service.faces.openai.answers.conversation import make_question, parse_conversation, require_collections
from service.faces.openai.answers.response_requests import RESULTS, ResponseRequest
from service.faces.openai.answers.tasks import task_reply
from service.faces.openai.replies import attributes_json
from service.flows.answer.answering import Answering
from service.flows.answer.events import Delta, Event, Finished, Sentence
from service.flows.answer.finding import Found, find
from service.flows.answer.flow import Whole, collect_answer, events, task_events, until_error
from service.flows.ask.disconnection import unless_gone
from service.http.error_handlers import request_id_of
from service.http.event_stream import EventStream, describe_event_stream, event
from service.http.json_body import JsonBody
from service.http.links import base_url
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.state.files import ids as file_ids
from service.state.identity import Scope, access, caller_of

# The objects of the Responses API: a response, its items and their parts.


_ABSENT: Json = dict.fromkeys(
    (
        "access_programs", "conversation", "image", "input_transformations", "max_tool_calls", "moderation",
        "prompt", "prompt_cache_diagnostics", "prompt_cache_key", "prompt_cache_options",
        "prompt_cache_retention", "safety_identifier", "service_tier", "tool_usage", "top_logprobs",
    )
)  # fmt: skip
"""Fields of OpenAI's responses for what does not exist here."""
_REASONING: Json = dict.fromkeys(("context", "effort", "generate_summary", "mode", "summary"))


@dataclass(slots=True)
class Response:
    """A response under construction. ``found`` is None for a task of a chat page, which searches nothing."""

    number: str
    """The end of all ids in it."""
    created: int
    request: ResponseRequest
    found: Found | None
    base: str
    """The address of the service, for links."""
    made: Whole = field(default_factory=Whole)
    completed: int | None = None
    failure: str = ""

    def shown(self, status: str) -> Json:
        """The response itself. Its output is empty until it is complete."""
        asked, finished = self.request, self.made.finished
        is_done = status != "in_progress"
        is_cut = finished is not None and finished.finish == "length"
        return {
            **_ABSENT,
            "id": f"resp_{self.number}",
            "object": "response",
            "created_at": self.created,
            "completed_at": self.completed,
            "status": "incomplete" if is_done and is_cut else status,
            "error": self._error() if self.failure else None,
            "incomplete_details": {"reason": "max_output_tokens"} if is_done and is_cut else None,
            "instructions": asked.instructions if isinstance(asked.instructions, str) else None,
            "max_output_tokens": asked.max_output_tokens,
            "metadata": asked.metadata or {},
            "model": asked.model,
            "output": self.output() if is_done and not self.failure else [],
            "parallel_tool_calls": asked.parallel_tool_calls is not False,
            "previous_response_id": None,
            "reasoning": _REASONING,
            "store": False,
            "temperature": asked.temperature,
            "text": {"format": {"type": "text"}, "verbosity": None},
            "tool_choice": asked.tool_choice or "auto",
            "tools": [{"filters": None, **one} for one in asked.tools or ()],
            "top_p": asked.top_p,
            "truncation": "disabled",
            "usage": None if finished is None else _usage(finished),
            "user": asked.user,
            "background": False,
            "loccit": self.own(),
        }

    def _error(self) -> Json:
        told = {"code": "server_error", "type": "server_error", "message": self.failure}
        return {**told, "param": None, "misalignment": None}

    def own(self) -> Json | None:
        """Loccit's own fields of the answer; None for a task of a chat page."""
        if self.found is None:
            return None
        return {
            "mode": self.found.asked.mode,
            "declined": self.made.declines(self.found),
            "answerability": self.found.answer.answerability,
            "sentences": [sentence_json(one, self.found.collection) for one in self.made.sentences],
            "computed": computed_json(self.found.answer.reading, self.found.collection),
        }

    def output(self) -> list[Json]:
        """The items: the search, if there was one, and the message."""
        search = [] if self.found is None else [self.search("completed")]
        return [*search, self.message("completed")]

    def search(self, status: str) -> Json:
        """The call of the tool; with its results if they are asked for."""
        found = self.found
        is_included = found is not None and status == "completed" and RESULTS in (self.request.include or ())
        return {
            "id": f"fs_{self.number}",
            "type": "file_search_call",
            "status": status,
            "queries": [] if found is None else [found.answer.question],
            "results": _search_results(found) if found is not None and is_included else None,
        }

    def message(self, status: str) -> Json:
        """The message with the answer."""
        content = [] if status == "in_progress" else [self.part()]
        return {
            "id": f"msg_{self.number}",
            "type": "message",
            "role": "assistant",
            "phase": None,
            "status": status,
            "content": content,
        }

    def part(self) -> Json:
        """The text of the message with its annotations, or the refusal of a model."""
        finished = self.made.finished
        if finished is not None and finished.finish == "refusal":
            return {"type": "refusal", "refusal": self.made.text}
        return {
            "type": "output_text",
            "text": self.made.text,
            "annotations": [one for of in self.made.sentences for one in self.annotations(of)],
            "logprobs": [],
        }

    def annotations(self, sentence: Sentence) -> list[Json]:
        """The citations of a sentence."""
        return [] if self.found is None else list(file_citations(sentence, self.found, self.base))


def _search_results(found: Found) -> list[Json]:
    """The passages as results of the tool; ``score`` is the probability."""
    hits = sorted(found.answer.hits, key=lambda hit: -hit.probability)
    return [
        {
            "file_id": file_ids.file_id(
                hit.citation.collection or found.collection, hit.citation.document_id
            ),
            "filename": file_ids.filename(hit.citation.document_id),
            "score": hit.probability,
            "attributes": attributes_json(hit.metadata),
            "text": hit.text,
        }
        for hit in hits
    ]


def _usage(finished: Finished) -> Json:
    usage = finished.usage
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {
            "cached_tokens": 0,
            "cache_write_tokens": 0,
            "cache_write_tokens_details": None,
        },
        "output_tokens": usage.completion,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage.prompt + usage.completion,
    }


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
) -> HttpResponse:
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
        require_collections(answering, caller, collection)
        found, steps = None, task_events(asks.question, reply)
    else:
        question = make_question(asks, collection, body.options(search), answering)
        found = await find(HttpClient(request), answering, caller, question)
        steps = events(found, answering, for_people=True)
    base = base_url(request.scope, answering.settings.public_url)
    response = Response(request_id_of(request.scope), int(time.time()), body, found, base)
    if body.stream:
        return EventStream(ResponseEvents(response).of(steps))
    response.made = await unless_gone(HttpClient(request), collect_answer(steps))
    response.completed = int(time.time())
    return json_reply(response.shown("completed"))


# A response of the Responses API as the events of a stream.


_EMPTY: dict[str, Json] = {
    "output_text": {"type": "output_text", "text": "", "annotations": [], "logprobs": []},
    "refusal": {"type": "refusal", "refusal": ""},
}


class ResponseEvents:
    """Writes the events of one response, numbered from 0."""

    def __init__(self, response: Response) -> None:
        self._response = response
        self._number = 0
        self._annotations = 0
        self._kind = ""
        """The kind of the message's part, once it has begun."""
        self._at = 0 if response.found is None else 1
        """The index of the message among the items."""

    async def of(self, steps: AsyncGenerator[Event]) -> AsyncGenerator[bytes]:
        """The events of an answer. Verdicts on sentences come with empty text, in ``loccit``."""
        for one in self._opening_events():
            yield one
        async for step in until_error(steps):
            if isinstance(step, LoccitError):
                self._response.failure = message_with_advice(step)
                yield self._event("response.failed", response=self._response.shown("failed"))
                return
            self._response.made.add(step)
            if isinstance(step, Delta):
                for one in self._delta(step):
                    yield one
            elif isinstance(step, Sentence):
                for one in self._sentence(step):
                    yield one
            elif isinstance(step, Finished):
                self._response.completed = int(time.time())
                for one in self._end():
                    yield one

    def _opening_events(self) -> Iterator[bytes]:
        response = self._response
        yield self._event("response.created", response=response.shown("in_progress"))
        yield self._event("response.in_progress", response=response.shown("in_progress"))
        if response.found is not None:
            search = {"output_index": 0, "item_id": response.search("in_progress")["id"]}
            yield self._item("added", 0, response.search("in_progress"))
            for stage in ("in_progress", "searching", "completed"):
                yield self._event(f"response.file_search_call.{stage}", **search)
            yield self._item("done", 0, response.search("completed"))
        yield self._item("added", self._at, response.message("in_progress"))

    def _delta(self, delta: Delta) -> Iterator[bytes]:
        if not self._kind:
            self._kind = "refusal" if delta.is_refusal else "output_text"
            yield self._text("response.content_part.added", part=_EMPTY[self._kind])
        if self._kind == "refusal":
            yield self._text("response.refusal.delta", delta=delta.text)
        else:
            yield self._text("response.output_text.delta", delta=delta.text, logprobs=[])

    def _sentence(self, sentence: Sentence) -> Iterator[bytes]:
        found = self._response.found
        if found is None:
            return
        for annotation in self._response.annotations(sentence):
            yield self._text(
                "response.output_text.annotation.added",
                annotation=annotation,
                annotation_index=self._annotations,
            )
            self._annotations += 1
        shown = {"sentence": sentence_json(sentence, found.collection)}
        yield self._text("response.output_text.delta", delta="", logprobs=[], loccit=shown)

    def _end(self) -> Iterator[bytes]:
        response = self._response
        part = response.part()
        if not self._kind:
            yield self._text("response.content_part.added", part=_EMPTY[part["type"]])
        if part["type"] == "refusal":
            yield self._text("response.refusal.done", refusal=part["refusal"])
        else:
            yield self._text("response.output_text.done", text=part["text"], logprobs=[])
        yield self._text("response.content_part.done", part=part)
        yield self._item("done", self._at, response.message("completed"))
        shown = response.shown("completed")
        yield self._event(f"response.{shown['status']}", response=shown)

    def _item(self, what: str, at: int, item: Json) -> bytes:
        return self._event(f"response.output_item.{what}", output_index=at, item=item)

    def _text(self, kind: str, **more: object) -> bytes:
        item = f"msg_{self._response.number}"
        return self._event(kind, item_id=item, output_index=self._at, content_index=0, **more)

    def _event(self, kind: str, **more: object) -> bytes:
        content = {"type": kind, "sequence_number": self._number, **more}
        self._number += 1
        return event(content, kind)
