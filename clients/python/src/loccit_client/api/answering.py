"""Questions answered with sentences: whole, or as they are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, Unpack

from loccit_client.api.asking import Turn
from loccit_client.calls import Call, Events, data_of, nothing, one, several_collections, without_defaults
from loccit_client.decoding import Json, decode
from loccit_client.errors import InvalidReply
from loccit_client.models import Answer, AnsweredSentence, EvidencePack
from loccit_client.sse import ServerEvent


class AnswerOptions(TypedDict, total=False):
    """Options of an answer; those left out have the service's default.

    ``mode``: ``extractive``, sentences of the documents word for word, or ``written`` by a model.
    ``sentences``: most sentences of an extractive answer (3). ``min_answerability``: below it the answer
    declines. The others are those of :class:`loccit_client.AskOptions`.
    """

    mode: Literal["extractive", "written"] | None
    sentences: int
    min_answerability: float | None
    k: int
    turns: Sequence[Turn]
    filter: Mapping[str, Any] | None
    in_force: str | None
    as_of: int | str | None
    at_least_change: int | None
    max_per_document: int | None
    near_duplicates: Literal["fold", "keep"]
    read: bool
    conflicts: bool
    collection: str | None
    collections: Sequence[str] | Literal["*"] | None


@dataclass(frozen=True, slots=True)
class AnswerEvent:
    """An event while an answer is made: ``found``, ``delta``, ``sentence`` and ``finished``.

    ``data`` is the JSON of the event. ``text`` is what a ``delta`` adds to the answer, ``sentence`` one with
    its citation or verdict, ``answer`` the whole answer at the end.
    """

    name: str
    data: Json
    text: str = ""
    sentence: AnsweredSentence | None = None
    answer: Answer | None = None


def answer(question: str, **options: Unpack[AnswerOptions]) -> Call[Answer]:
    """The sentences that answer a question, each with its citation; see :class:`AnswerOptions`."""
    return Call(
        method="POST",
        path="/v1/answer",
        read=one(Answer),
        json={"question": question, **_body(options)},
        collection=options.get("collection"),
        has_collection=options.get("collections") is None,
    )


def answer_events(question: str, **options: Unpack[AnswerOptions]) -> Events[AnswerEvent]:
    """The answer to a question as it is made: text, then each sentence with its citation or verdict."""
    call = Call(
        method="POST",
        path="/v1/answer",
        read=nothing,
        json={"question": question, "stream": True, **_body(options)},
        collection=options.get("collection"),
        has_collection=options.get("collections") is None,
    )
    return Events(call=call, read=_event)


def answer_evidence(question: str, **options: Unpack[AnswerOptions]) -> Call[EvidencePack]:
    """The answer to a question as evidence: signed, and to be kept as it is; ``raw`` is the whole pack."""
    return Call(
        method="POST",
        path="/v1/evidence",
        read=one(EvidencePack),
        json={"question": question, **_body(options)},
        collection=options.get("collection"),
    )


def _body(options: AnswerOptions) -> Json:
    given: Any = {name: value for name, value in options.items() if name not in ("collection", "collections")}
    return {
        **without_defaults(**given),
        **several_collections(options.get("collection"), options.get("collections")),
    }


def _event(event: ServerEvent) -> AnswerEvent:
    data = data_of(event)
    return AnswerEvent(
        event.name,
        data,
        text=_text(data) if event.name == "delta" else "",
        sentence=decode(AnsweredSentence, data) if event.name == "sentence" else None,
        answer=decode(Answer, data) if event.name == "finished" else None,
    )


def _text(delta: Json) -> str:
    if not isinstance(text := delta.get("text"), str):
        raise InvalidReply("An event of an answer has no text. Is this a Loccit service?")
    return text
