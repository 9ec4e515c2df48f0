"""Gaps: what people asked that the documents do not answer well, week by week, for administrators."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from starlette.responses import RedirectResponse

from index.answers import Answer
from index.types import Vectors
from service.faces.client import HttpClient
from service.faces.dependencies import Caller, ReadyAsking
from service.faces.pages import page
from service.faces.pages.context import context_of
from service.faces.pages.existing import choose_collection
from service.faces.pages.forms import form_fields, local_address
from service.faces.pages.listing import day_and_time
from service.faces.pages.routes.library import PATH as LIBRARY
from service.flows.ask.answering import answer_all, encode
from service.flows.ask.asking import Asking
from service.flows.ask.planning import MAX_QUESTION_CHARACTERS, validate_request
from service.flows.ask.requests import AskRequest
from service.flows.gaps import QuestionGroup, group_questions, note_verdict
from service.http.links import in_collection, view_address
from service.http.request_models import PageQuery
from service.http.route import GuardedRoute
from service.state.gaps import KEEP_DAYS, AskedQuestion
from service.state.identity import Principal, Scope, access

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

PATH = f"{LIBRARY}/gaps"
_WEEK = 7 * 86_400.0
_WEEKS = 1 + KEEP_DAYS // 7
_MOST_READ, _MOST_GROUPS = 1_000, 20
_AT_ONCE = 32
_MOST_BYTES = 16_384
_MENDED = 0.65
"""Probability above which a question counts as answered today."""


class GapsQuery(PageQuery):
    """The week that is shown."""

    week: int = Field(0, ge=0, lt=_WEEKS, description="How many weeks ago it was.")


@dataclass(frozen=True, slots=True)
class ShownGap:
    """A group of questions, and what the documents say to it today."""

    group: QuestionGroup
    is_mended: bool
    probability: int
    nearest: str
    address: str
    missing: Sequence[str]


@router.get(PATH)
@access(Scope.ADMIN, "answers", "documents", "collections")
async def gaps(
    request: Request, query: Annotated[GapsQuery, Query()], caller: Caller, asking: ReadyAsking
) -> Response:
    """The questions of a week in groups: how often each was asked, what is nearest, and what is missing."""
    await choose_collection(request, query, asking.collections, asking.pools, caller)
    asking.collections.require(caller, query.collection)
    name, now = query.collection, time.time()
    since = await asking.pools.lookups.run(asking.gaps.since, name)
    shown: list[ShownGap] = []
    if since is not None:
        until = now - query.week * _WEEK
        asked = await asking.pools.lookups.run(
            lambda: asking.gaps.asked(name, until - _WEEK, until, limit=_MOST_READ)
        )
        seen = [one for one in asked if one.is_visible_to(caller.groups) and one.verdict != "up"]
        shown = await _show(HttpClient(request), asking, caller, name, seen)
    return await asking.pools.lookups.run(
        lambda: page(
            request.scope,
            "gaps",
            collection=name,
            since=since,
            days=KEEP_DAYS,
            week=query.week,
            weeks=range(_WEEKS),
            gaps=shown,
            home_query=in_collection("", name),
            in_collection=in_collection,
            day=day_and_time,
        )
    )


async def _show(
    client: HttpClient, asking: Asking, caller: Principal, name: str, asked: Sequence[AskedQuestion]
) -> list[ShownGap]:
    """Group questions, and ask what the documents say to the largest groups today."""
    groups = group_questions(asked, await _vectors_of(asking, caller, name, asked))[:_MOST_GROUPS]
    if not groups:
        return []
    body = AskRequest.model_validate(
        {"questions": [one.name for one in groups], "collection": name, "k": 1, "read": True}
    )
    plan = replace(validate_request(body, caller), is_kept=False)
    answers = await answer_all(client, asking, plan, lambda answers: [one.answer for one in answers.each])
    return [_shown(group, answer, name) for group, answer in zip(groups, answers, strict=True)]


async def _vectors_of(
    asking: Asking, caller: Principal, name: str, asked: Sequence[AskedQuestion]
) -> Vectors:
    """The vectors of questions, of length 1."""
    different = list(dict.fromkeys(one.question for one in asked))
    found = []
    for at in range(0, len(different), _AT_ONCE):
        texts = [[one] for one in different[at : at + _AT_ONCE]]
        encoded = await encode(asking, caller, name, texts)
        found += [one.vector for one in chain.from_iterable(encoded.each)]
    by_text = dict(zip(different, found, strict=True))
    if not asked:
        return np.zeros((0, 1), dtype=np.float32)
    vectors: Vectors = np.stack([by_text[one.question] for one in asked]).astype(np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return vectors


def _shown(group: QuestionGroup, answer: Answer, name: str) -> ShownGap:
    first = answer.hits[0].citation if answer.hits else None
    return ShownGap(
        group,
        answer.answerability >= _MENDED,
        round(100 * answer.answerability),
        first.title or first.document_id if first else "",
        view_address(first.locator, (), name) if first else "",
        answer.missing,
    )


@router.post(f"{PATH}/keep")
@access(Scope.ADMIN, "collections")
async def keep(
    request: Request, query: Annotated[PageQuery, Query()], caller: Caller, asking: ReadyAsking
) -> Response:
    """Keeps the questions of a collection from now on."""
    await asking.pools.writes.run(asking.collections.open, caller, query.collection)
    await asking.pools.writes.run(asking.gaps.keep, query.collection)
    return _to_page(request, query.collection)


@router.post(f"{PATH}/stop")
@access(Scope.ADMIN, "collections")
async def stop(
    request: Request, query: Annotated[PageQuery, Query()], caller: Caller, asking: ReadyAsking
) -> Response:
    """Keeps no more questions of a collection, and erases those that were kept."""
    asking.collections.require(caller, query.collection)
    await asking.pools.writes.run(asking.gaps.stop, query.collection)
    return _to_page(request, query.collection)


def _to_page(request: Request, collection: str) -> Response:
    return RedirectResponse(context_of(request.scope).at(in_collection(PATH, collection)), status_code=303)


@router.post("/judge")
@access(Scope.ASK)
async def judge(
    request: Request, query: Annotated[PageQuery, Query()], caller: Caller, asking: ReadyAsking
) -> Response:
    """Keeps what somebody says of an answer, and leads back to it."""
    fields = await form_fields(request, most_bytes=_MOST_BYTES)
    asking.collections.require(caller, query.collection)
    question = fields.get("q", "").strip()[:MAX_QUESTION_CHARACTERS]
    if question and (verdict := fields.get("verdict", "")) in {"up", "down"}:
        note_verdict(asking, caller, query.collection, (question, verdict, fields.get("reason", "")))
    here = context_of(request.scope)
    back = fields.get("next", "/")
    return RedirectResponse(here.at(local_address(back)), status_code=303)
