"""A response of the Responses API as the events of a stream."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterator

from index.errors import LoccitError
from service.advice import message_with_advice
from service.faces.api.schemas.answering import sentence_json
from service.faces.api.schemas.values import Json
from service.faces.openai.answers.response_objects import Response
from service.flows.answer.events import Delta, Event, Finished, Sentence
from service.flows.answer.flow import until_error
from service.http.event_stream import event

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
