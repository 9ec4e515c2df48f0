"""Answer questions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, TypeVar

import numpy as np
from fastapi import APIRouter, Request, Response

from index.answers import Answer, Turn
from index.errors import (
    EmptyQuestion,
    InvalidLimit,
    QuestionTooLong,
)
from index.filters import parse_filter
from index.search import Question, checked_k, checked_per_document, checked_question, withheld
from service.api.links import proven
from service.api.replies import json_reply
from service.api.route import ApiRoute
from service.asking.batching import Encoded
from service.errors import ClientGone, Forbidden, MayRaise, NotReady, Overloaded
from service.identity import Principal, Prover, Scope, access, caller_of
from service.middleware.telemetry import STAGES, server_timing
from service.requests import asking
from service.requests.asking import AskRequest
from service.requests.json_body import JsonBody
from service.runtime import Runtime, ready_runtime
from service.schemas.answers import AskResponse, BatchResponse, answer_json
from service.schemas.values import Json
from service.settings import Settings

PATH = "/v1/ask"
router = APIRouter(tags=["ask"], route_class=ApiRoute)
T = TypeVar("T")
_BODY = JsonBody(AskRequest)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A validated request."""

    questions: Sequence[Question]
    batch: bool
    body: AskRequest
    caller: Principal


@dataclass(frozen=True, slots=True)
class EncodedQuestions:
    """The vectors of questions, and the fingerprint of the model that made them."""

    each: Sequence[Encoded]
    model: str


@dataclass(frozen=True, slots=True)
class _Started:
    """When a request arrived and when it was validated, by :func:`time.perf_counter`."""

    arrived: float
    validated: float


@router.post(
    PATH,
    summary="Find the passages that answer a question",
    response_model=AskResponse | BatchResponse,
)
@access(Scope.ASK, "answers")
async def ask(request: Annotated[Request, _BODY, MayRaise(NotReady, Overloaded)]) -> Response:
    """Returns the answer to `question`, or `results` with the answers to `questions`.

    All questions of a batch are validated before any is answered. Stage times are also in the
    `Server-Timing` header.
    """
    arrived = time.perf_counter()
    runtime = await ready_runtime(request)  # not a dependency, which would take the framework longer
    caller = caller_of(request.scope)
    body = await _BODY(request)
    plan = _checked(body, body.narrowed(caller), runtime.settings)
    runtime.rates.charge(caller, len(plan.questions) - 1)  # the middleware has counted one
    request.scope["state"]["audit"] = _audited(body, runtime.settings)
    started = _Started(arrived, time.perf_counter())
    as_of = plan.body.as_of is not None
    # Questions as of an earlier change may take long, and must not hold the permits of the others.
    pool = runtime.pools.history if as_of else runtime.pools.questions
    with pool.permits.acquire():
        flat = [text for question in plan.questions for text in question.texts]
        with pool.permits.waiting():
            encoded = await encoded_unless_gone(request, runtime, plan.body.collection, flat)
        response, stages = await pool.run(_answer, runtime, plan, encoded, started)
    request.scope["state"][STAGES] = stages
    return response


def _audited(body: AskRequest, settings: Settings) -> dict[str, object]:
    """What the audit log has of a question beside its address."""
    questions = [body.question] if body.question is not None else body.questions or []
    asked: dict[str, object] = {"collection": body.collection, "count": len(questions)}
    if body.on_behalf_of is not None:
        asked["on_behalf_of"] = body.on_behalf_of
    return {**asked, "questions": questions} if settings.audit_questions else asked


def _checked(body: AskRequest, caller: Principal, settings: Settings) -> _Plan:
    most = settings.max_k
    if caller.scope is Scope.ASK:
        most = min(most, settings.ask_max_k)
        if body.as_of is not None:
            raise Forbidden("as_of: a key with the scope ask may ask the collection as it is. Leave it out.")
        if body.extent == "section":
            raise Forbidden(
                "extent: a key with the scope ask may ask for sentences and passages. Leave it out."
            )
    # A default above the limit is lowered to it; only an explicit k above the limit is an error.
    k = checked_k(body.k, most) if "k" in body.model_fields_set else min(body.k, most)
    per_document = checked_per_document(body.max_per_document, most)
    where = None if body.filter is None else parse_filter(body.filter)

    def plan(questions: Sequence[str], turns: Sequence[Turn], *, batch: bool) -> _Plan:
        asked = [
            Question(one, k, where, turns, body.as_of, body.extent, per_document, body.near_duplicates)
            for one in questions
        ]
        return _Plan(asked, batch, body, caller)

    if body.question is not None:
        questions = [checked_length(body.question, settings)]
        turns = [Turn(turn.role, turn.text) for turn in _checked_turns(body, settings)]
        return plan(questions, turns, batch=False)
    asked = body.questions or []
    if not 1 <= len(asked) <= settings.max_questions:
        raise InvalidLimit(
            f"There are {len(asked)} questions; a batch has 1 to {settings.max_questions}. "
            "Send several batches."
        )
    questions = [_checked_member(at, question, settings) for at, question in enumerate(asked)]
    return plan(questions, (), batch=True)


def _checked_turns(body: AskRequest, settings: Settings) -> Sequence[asking.Turn]:
    if len(body.turns) > settings.max_turns:
        raise InvalidLimit(
            f"There are {len(body.turns)} turns; at most {settings.max_turns} are accepted. "
            "Send the last ones."
        )
    return body.turns


def checked_length(question: str, settings: Settings) -> str:
    """The normalized question. Raises :class:`QuestionTooLong`, :class:`EmptyQuestion`."""
    if len(question) > settings.max_question_characters:
        raise QuestionTooLong(
            f"The question has {len(question)} characters; at most {settings.max_question_characters} are "
            "accepted. Ask in one or two sentences."
        )
    return checked_question(question)


def _checked_member(at: int, question: str, settings: Settings) -> str:
    try:
        return checked_length(question, settings)
    except (EmptyQuestion, QuestionTooLong) as error:
        raise type(error)(f"questions.{at}: {error.message}") from None


async def encoded_unless_gone(
    request: Request, runtime: Runtime, collection: str, questions: Sequence[str]
) -> EncodedQuestions:
    """The vectors of questions to a collection, by its model.

    Raises :class:`ClientGone` and the errors of the question queue.
    """
    model = runtime.model_of(caller_of(request.scope), collection)
    queue = runtime.questions.of(model)
    known = queue.cached(questions)
    if known is None:
        known = await unless_gone(request, queue.encode(questions))
    return EncodedQuestions(known, model or runtime.library.models.default_fingerprint)


async def unless_gone(request: Request, work: Awaitable[T]) -> T:
    """Await work; cancel it when the client disconnects. Raises :class:`ClientGone`."""
    task, gone, over = asyncio.current_task(), False, False
    watching = asyncio.ensure_future(_disconnect(request))

    def drop(_: object) -> None:
        nonlocal gone
        # The disconnect may be noticed after the work has ended: later work must not be cancelled.
        if task is not None and not over:
            gone = task.cancel()

    watching.add_done_callback(drop)
    try:
        return await work
    except asyncio.CancelledError:
        # Cancelled by someone else, too: let that cancellation through.
        if gone and task is not None and task.uncancel() == 0:
            raise ClientGone("The client disconnected.") from None
        raise
    finally:
        over = True
        watching.cancel()


async def _disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _answer(
    runtime: Runtime, plan: _Plan, encoded: EncodedQuestions, started: _Started
) -> tuple[Response, list[Mapping[str, float]]]:
    """The response, and the stage times of each question in milliseconds."""
    began = time.perf_counter()
    body = plan.body
    collection = runtime.collection(plan.caller, body.collection)
    results: list[Json] = []
    rest = iter(encoded.each)
    for question in plan.questions:
        own = [next(rest) for _ in question.texts]
        vectors = np.stack([one.vector for one in own])
        answer = collection.answer(question, vectors=vectors, model=encoded.model)
        answered = time.perf_counter()
        answer = withheld(answer, body.min_answerability)
        if plan.caller.scope is Scope.ASK:
            answer = _with_proofs(answer, body.collection, runtime.prover)
        shown = answer_json(answer, body.collection, body.formats)
        stages = {**answer.timings_ms, "json": _milliseconds(answered)}
        _trace(runtime, stages, time.perf_counter())
        results.append({**shown, "timings_ms": _timings(own[0], stages)})
    total = _milliseconds(started.arrived)
    before = _before(encoded.each[0], started, began)
    _trace(runtime, before, began)
    if plan.batch:
        return _reply({"results": results}, {"total": total}), [one["timings_ms"] for one in results]
    (result,) = results
    result["timings_ms"] = {**result["timings_ms"], **before, "total": total}
    return _reply(result, result["timings_ms"]), [result["timings_ms"]]


def _before(encoded: Encoded, started: _Started, began: float) -> dict[str, float]:
    """Stage times until the search began: ``queue`` is the time spent waiting for the model and a thread."""
    encode, since = round(encoded.encode_ms, 3), _milliseconds(started.validated, began)
    request, queue = _milliseconds(started.arrived, started.validated), round(max(0.0, since - encode), 3)
    return {"request": request, "queue": queue, "encode": encode}


def _trace(runtime: Runtime, timings_ms: Mapping[str, float], ended: float) -> None:
    if runtime.tracing is not None:
        stages = {stage: spent for stage, spent in timings_ms.items() if stage != "total"}
        runtime.tracing.stages(stages, ended=ended)


def _with_proofs(answer: Answer, collection: str, prover: Prover) -> Answer:
    """The answer with links by which a key with the scope ask may look its citations up."""
    hits = [replace(hit, citation=proven(hit.citation, collection, prover)) for hit in answer.hits]
    return replace(answer, hits=tuple(hits))


def _timings(encoded: Encoded, answered: Mapping[str, float]) -> dict[str, float]:
    """Stage times of one question; ``total`` is its own time, without the rest of the batch."""
    queue, encode = round(encoded.queue_ms, 3), round(encoded.encode_ms, 3)
    total = round(queue + encode + answered["total"] + answered["json"], 3)
    return {"queue": queue, "encode": encode, **answered, "total": total}


def _milliseconds(since: float, until: float | None = None) -> float:
    return round(((time.perf_counter() if until is None else until) - since) * 1000, 3)


def _reply(content: Json, timings_ms: Mapping[str, float]) -> Response:
    return json_reply(content, headers={"Server-Timing": server_timing(timings_ms)})
