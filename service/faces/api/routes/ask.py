"""Answer questions."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Request, Response

from service.errors import MayRaise, NotReady, Overloaded
from service.faces.api.schemas.answers import AskResponse, BatchResponse, answer_json
from service.faces.api.schemas.conflicts import found_conflicts_json
from service.faces.api.schemas.values import Json
from service.faces.client import HttpClient
from service.faces.dependencies import ready
from service.flows.ask.answering import Answers, answer_all
from service.flows.ask.asking import Asking
from service.flows.ask.batching import Encoded
from service.flows.ask.disagreeing import CONFLICT_SECONDS, evidence_of, find_conflicts
from service.flows.ask.planning import Plan, plan_request
from service.flows.ask.requests import AskRequest
from service.http.json_body import JsonBody
from service.http.links import base_url
from service.http.middleware.telemetry import server_timing
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.state.identity import Scope, access, caller_of

PATH = "/v1/ask"
router = APIRouter(tags=["ask"], route_class=ApiRoute)
_BODY = JsonBody(AskRequest)


@dataclass(frozen=True, slots=True)
class _Started:
    """When a request arrived and when it was validated, by :func:`time.perf_counter`; at which address."""

    arrived: float
    validated: float
    base: str = ""


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
    asking = ready(request, Asking)  # not a dependency, which would take the framework longer
    caller = caller_of(request.scope)
    body = await _BODY(request)
    plan = plan_request(body, caller, asking)
    client = HttpClient(request)
    base = base_url(request.scope, asking.settings.public_url) if body.formats else ""
    started = _Started(arrived, time.perf_counter(), base)
    response, stages = await answer_all(
        client, asking, plan, lambda answers: _respond(asking, plan, answers, started)
    )
    client.record_stages(stages)
    return response


def _respond(
    asking: Asking, plan: Plan, answers: Answers, started: _Started
) -> tuple[Response, list[Mapping[str, float]]]:
    """Make the response; returns it with the stage times of each question in milliseconds."""
    shown: list[Json] = []
    ends = time.monotonic() + CONFLICT_SECONDS
    for one in answers.each:
        began = time.perf_counter()
        content = answer_json(one.answer, plan.body.collection, plan.body.formats, base=started.base)
        if plan.body.conflicts:
            collection = answers.collections[plan.body.collection]
            as_of = None if plan.body.as_of is None else one.answer.index.change
            page = find_conflicts(collection, evidence_of(one.answer), as_of=as_of, ends=ends)
            content |= found_conflicts_json(page, plan.body.collection)
        stages = {**one.answer.timings_ms, "json": _milliseconds(began)}
        _trace_stages(asking, stages, time.perf_counter())
        shown.append({**content, "timings_ms": _question_stages(one.encoded, stages)})
    total = _milliseconds(started.arrived)
    before = _stages_before_search(answers.each[0].encoded, started, answers.began)
    _trace_stages(asking, before, answers.began)
    if plan.body.questions is not None:
        return _timed_reply({"results": shown}, {"total": total}), [one["timings_ms"] for one in shown]
    (result,) = shown
    result["timings_ms"] = {**result["timings_ms"], **before, "total": total}
    return _timed_reply(result, result["timings_ms"]), [result["timings_ms"]]


def _stages_before_search(encoded: Encoded, started: _Started, began: float) -> dict[str, float]:
    """Stage times until the search began: ``queue`` is the time spent waiting for the model and a thread."""
    encode, since = round(encoded.encode_ms, 3), _milliseconds(started.validated, began)
    request, queue = _milliseconds(started.arrived, started.validated), round(max(0.0, since - encode), 3)
    return {"request": request, "queue": queue, "encode": encode}


def _trace_stages(asking: Asking, timings_ms: Mapping[str, float], ended: float) -> None:
    if asking.tracing is not None:
        stages = {stage: spent for stage, spent in timings_ms.items() if stage != "total"}
        asking.tracing.stages(stages, ended=ended)


def _question_stages(encoded: Encoded, answered: Mapping[str, float]) -> dict[str, float]:
    """Stage times of one question; ``total`` is its own time, without the rest of the batch."""
    queue, encode = round(encoded.queue_ms, 3), round(encoded.encode_ms, 3)
    total = round(queue + encode + answered["total"] + answered["json"], 3)
    return {"queue": queue, "encode": encode, **answered, "total": total}


def _milliseconds(since: float, until: float | None = None) -> float:
    return round(((time.perf_counter() if until is None else until) - since) * 1000, 3)


def _timed_reply(content: Json, timings_ms: Mapping[str, float]) -> Response:
    return json_reply(content, headers={"Server-Timing": server_timing(timings_ms)})
