"""The answer of the page to ask on as a file: an evidence pack."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from service.errors import InvalidRequest
from service.faces.api.schemas.answering import answered_json
from service.faces.api.schemas.evidence import answer_content
from service.faces.client import HttpClient
from service.faces.dependencies import Caller, ReadyAnswering, ReadySigner
from service.faces.pages.asking import HomeQuery
from service.faces.pages.routes.ask import parse_question
from service.flows.answer.finding import find
from service.flows.answer.flow import collect_answer, events
from service.http.replies import json_reply
from service.http.route import GuardedRoute
from service.state.identity import Scope, access

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)
_ATTACHED = {"Content-Disposition": 'attachment; filename="evidence.json"'}


@router.get("/evidence")
@access(Scope.ASK, "answers")
async def download_evidence(
    request: Request,
    query: Annotated[HomeQuery, Query()],
    caller: Caller,
    answering: ReadyAnswering,
    signer: ReadySigner,
) -> Response:
    """The sentences that answer the question of the page, signed, as a file to download."""
    if query.several is not None:
        raise InvalidRequest("also: signed evidence is of one collection. Ask the one that answers best.")
    asked = parse_question(query.model_copy(update={"mode": ""}), caller, answering)
    found = await find(HttpClient(request), answering, caller, asked)
    told = answered_json(found, await collect_answer(events(found, answering)))
    body = asked.body.model_dump(include={"turns", "filter", "as_of"})
    content = answer_content(told, found.collection, body)
    return json_reply(await answering.pools.lookups.run(signer.sign, content), headers=_ATTACHED)
