"""Questions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from fastapi import APIRouter, Request, Response

from index.answers import Turn
from index.conversation import context, spoken
from index.errors import (
    ChangeNotFound,
    ChangeNotKept,
    CollectionBusy,
    CollectionMismatch,
    CollectionNotFound,
    EmptyQuestion,
    InvalidCollectionName,
    InvalidFilter,
    InvalidLimit,
    ModelFailed,
    MomentTooLarge,
    QuestionTooLong,
    StoreDamaged,
)
from index.filters import Filter, parse_filter
from index.search import checked_k, checked_question, withheld
from service.batching import Encoded
from service.errors import BodyTooLarge, ClientGone, InvalidRequest, NotReady, Overloaded
from service.openapi import json_body, responses
from service.replies import json_reply
from service.requests import asking
from service.requests.asking import AskRequest
from service.requests.base import read_json
from service.runtime import Runtime, ready_runtime
from service.schemas.answers import AskResponse, BatchResponse, answer_json
from service.schemas.values import Json
from service.settings import Settings
from service.telemetry import server_timing

PATH = "/v1/ask"
router = APIRouter(tags=["ask"])
T = TypeVar("T")

_ERRORS = (
    InvalidRequest,
    EmptyQuestion,
    QuestionTooLong,
    InvalidLimit,
    InvalidFilter,
    MomentTooLarge,
    ChangeNotFound,
    ChangeNotKept,
    InvalidCollectionName,
    CollectionNotFound,
    CollectionMismatch,
    CollectionBusy,
    BodyTooLarge,
    Overloaded,
    NotReady,
    ModelFailed,
    StoreDamaged,
)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A request in which everything that can be checked beforehand is in order."""

    questions: Sequence[str]
    k: int
    where: Filter | None
    batch: bool
    turns: Sequence[Turn]
    body: AskRequest

    @property
    def texts(self) -> list[list[str]]:
        """For each question what has to be embedded: itself, and what was said before."""
        return [spoken(question, context(self.turns)) for question in self.questions]


@dataclass(frozen=True, slots=True)
class _Begun:
    """When a request came, and when it was read and found in order; as :func:`time.perf_counter` says."""

    at: float
    checked: float


@router.post(
    PATH,
    summary="Find the passages that answer a question",
    response_model=AskResponse | BatchResponse,
    responses=responses(*_ERRORS),
    openapi_extra=json_body(AskRequest),
)
async def ask(request: Request) -> Response:
    """With `question`, the answer itself; with `questions`, `results` with the answer to each.

    In a batch every question is checked before any is answered. Stage times are also in the
    `Server-Timing` header.
    """
    begun = time.perf_counter()
    runtime = await ready_runtime(request)  # by hand: the framework takes a while to find out
    plan = _checked(read_json(AskRequest, await request.body()), runtime.settings)
    began = _Begun(begun, time.perf_counter())
    as_of = plan.body.as_of is not None
    # Those that ask earlier moments may take long, and are not to hold the places of the others.
    permits = runtime.recalling if as_of else runtime.asking
    with permits.one():
        flat = [text for texts in plan.texts for text in texts]
        with permits.waiting():
            encoded = await encoded_unless_gone(request, runtime, flat)
        answering = runtime.recall if as_of else runtime.answer
        return await answering(_answer, runtime, plan, encoded, began)


def _checked(body: AskRequest, settings: Settings) -> _Plan:
    # The default is no request: it gives way to a lower limit, which is for those who ask for more.
    k = checked_k(body.k, settings.max_k) if "k" in body.model_fields_set else min(body.k, settings.max_k)
    where = None if body.filter is None else parse_filter(body.filter)
    if body.question is not None:
        questions = [checked_length(body.question, settings)]
        turns = [Turn(turn.role, turn.text) for turn in _checked_turns(body, settings)]
        return _Plan(questions, k, where, batch=False, turns=turns, body=body)
    asked = body.questions or []
    if not 1 <= len(asked) <= settings.max_questions:
        raise InvalidLimit(
            f"There are {len(asked)} questions; a batch has 1 to {settings.max_questions}. "
            "Send several batches."
        )
    questions = [_checked_member(at, question, settings) for at, question in enumerate(asked)]
    return _Plan(questions, k, where, batch=True, turns=(), body=body)


def _checked_turns(body: AskRequest, settings: Settings) -> Sequence[asking.Turn]:
    if len(body.turns) > settings.max_turns:
        raise InvalidLimit(
            f"There are {len(body.turns)} turns; at most {settings.max_turns} are taken. Send the last ones."
        )
    return body.turns


def checked_length(question: str, settings: Settings) -> str:
    """The question as it is asked. Raises :class:`QuestionTooLong`, :class:`EmptyQuestion`."""
    if len(question) > settings.max_question_characters:
        raise QuestionTooLong(
            f"The question has {len(question)} characters; at most {settings.max_question_characters} are "
            "taken. Ask in one or two sentences."
        )
    return checked_question(question)


def _checked_member(at: int, question: str, settings: Settings) -> str:
    try:
        return checked_length(question, settings)
    except (EmptyQuestion, QuestionTooLong) as error:
        raise type(error)(f"questions.{at}: {error.message}") from None


async def encoded_unless_gone(
    request: Request, runtime: Runtime, questions: Sequence[str]
) -> Sequence[Encoded]:
    """The vectors of questions. Raises :class:`ClientGone`, and what the queue raises."""
    if (known := runtime.questions.known(questions)) is not None:
        return known
    return await unless_gone(request, runtime.questions.encode(questions))


async def unless_gone(request: Request, work: Awaitable[T]) -> T:
    """The result of work that is dropped when the caller hangs up. Raises :class:`ClientGone`."""
    asking, gone, over = asyncio.current_task(), False, False
    watching = asyncio.ensure_future(_hung_up(request))

    def drop(_: object) -> None:
        nonlocal gone
        # It may have been due already when the work ended: what comes after that is not dropped.
        if asking is not None and not over:
            gone = asking.cancel()

    watching.add_done_callback(drop)
    try:
        return await work
    except asyncio.CancelledError:
        # Someone else may have cancelled it too: that one is told.
        if gone and asking is not None and asking.uncancel() == 0:
            raise ClientGone("The caller hung up.") from None
        raise
    finally:
        over = True
        watching.cancel()


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _answer(runtime: Runtime, plan: _Plan, encoded: Sequence[Encoded], began: _Begun) -> Response:
    taken = time.perf_counter()
    body = plan.body
    collection = runtime.library.open(body.collection)
    results: list[Json] = []
    rest = iter(encoded)
    for question, texts in zip(plan.questions, plan.texts, strict=True):
        own = [next(rest) for _ in texts]
        vectors = np.stack([one.vector for one in own])
        answer = collection.ask(
            question, k=plan.k, where=plan.where, turns=plan.turns, vectors=vectors, as_of=body.as_of
        )
        answered = time.perf_counter()
        shown = answer_json(withheld(answer, body.min_answerability), body.collection, body.formats)
        timings = _timings(own[0], {**answer.timings_ms, "json": _milliseconds(answered)})
        results.append({**shown, "timings_ms": timings})
    total = _milliseconds(began.at)
    if plan.batch:
        return _reply({"results": results}, {"total": total})
    (result,) = results
    request, queue = _milliseconds(began.at, began.checked), _milliseconds(began.checked, taken)
    # Whatever it waited for is queueing: the model, and a thread.
    waited = {"queue": round(max(0.0, queue - encoded[0].encode_ms), 3)}
    result["timings_ms"] = {"request": request, **result["timings_ms"], **waited, "total": total}
    return _reply(result, result["timings_ms"])


def _timings(encoded: Encoded, answered: Mapping[str, float]) -> dict[str, float]:
    """Stage times of one question; ``total`` is what it took by itself."""
    queue, encode = round(encoded.queue_ms, 3), round(encoded.encode_ms, 3)
    total = round(queue + encode + answered["total"] + answered["json"], 3)
    return {"queue": queue, "encode": encode, **answered, "total": total}


def _milliseconds(since: float, until: float | None = None) -> float:
    return round(((time.perf_counter() if until is None else until) - since) * 1000, 3)


def _reply(content: Json, timings_ms: Mapping[str, float]) -> Response:
    return json_reply(content, headers={"Server-Timing": server_timing(timings_ms)})
