"""Take what people say of answers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from service.faces.api.requests.feedback import FeedbackRequest
from service.faces.api.schemas.feedback import Feedback
from service.faces.dependencies import Caller, ReadyAsking, Texts
from service.flows.gaps import note_verdict
from service.http.json_body import JsonBody
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.state.identity import Scope, access

router = APIRouter(tags=["ask"], route_class=ApiRoute)


@router.post("/v1/feedback", summary="Judge an answer", response_model=Feedback)
@access(Scope.ASK)
async def judge(
    caller: Caller,
    asking: ReadyAsking,
    body: Annotated[FeedbackRequest, Depends(JsonBody(FeedbackRequest))],
    texts: Texts,
) -> Response:
    """Keeps a question with a verdict on its answer, where administrators of the collection turned that on.

    It is kept for 30 days, for administrators to see what the documents lack.
    """
    caller = body.narrow_caller(caller)
    await texts.run(asking.collections.open, caller, body.collection)
    said = (body.question.strip(), body.verdict, body.reason)
    return json_reply({"kept": note_verdict(asking, caller, body.collection, said)})
