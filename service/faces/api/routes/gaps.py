"""Take what people say of answers, and tell what documents lack."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from service.faces.api.requests.feedback import FeedbackRequest
from service.faces.api.schemas.gaps import Feedback, Gaps, gaps_json
from service.faces.client import HttpClient
from service.faces.dependencies import Caller, ReadyAsking, Texts, in_thread
from service.flows.gaps import find_gaps, note_verdict
from service.http.json_body import JsonBody
from service.http.replies import json_reply
from service.http.request_models import CollectionQuery
from service.http.route import ApiRoute
from service.state.identity import Scope, access

MOST_WEEKS = 520
router = APIRouter(tags=["ask"], route_class=ApiRoute)


@router.post("/v1/feedback", summary="Judge an answer", response_model=Feedback)
@access(Scope.ASK)
@in_thread(Texts)
def judge(
    caller: Caller,
    asking: ReadyAsking,
    body: Annotated[FeedbackRequest, Depends(JsonBody(FeedbackRequest))],
) -> Response:
    """Keeps a question with a verdict on its answer, where administrators of the collection turned that on.

    It is kept for 30 days, for administrators to see what the documents lack.
    """
    caller = body.narrow_caller(caller)
    asking.collections.open(caller, body.collection)
    said = (body.question.strip(), body.verdict, body.reason)
    return json_reply({"kept": note_verdict(asking, caller, body.collection, said)})


class GapsQuery(CollectionQuery):
    """The week that is told."""

    week: int = Field(0, ge=0, le=MOST_WEEKS, description="The week, counted backwards from now.")


@router.get("/v1/gaps", summary="List gaps", response_model=Gaps)
@access(Scope.ADMIN, "answers", "citations", "documents", "collections")
async def list_gaps(
    request: Request, query: Annotated[GapsQuery, Query()], caller: Caller, asking: ReadyAsking
) -> Response:
    """What people asked in a week that the documents do not answer well, and stale sources of answers.

    Questions that ask for the same are one gap. They are of people whose groups are among those of the
    caller. Nothing is told unless questions of the collection are kept.
    """
    name = query.collection
    kept, gaps = await find_gaps(HttpClient(request), asking, caller, name, query.week)
    is_kept = asking.kept.is_for_all or kept.since is not None
    return json_reply(gaps_json(kept, gaps, name, asking.kept.days, is_kept=is_kept))
