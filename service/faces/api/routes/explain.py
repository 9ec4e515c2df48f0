"""Explain why a document was found or not."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from index.filters import parse_filter
from index.naming import stored_id
from index.search import Question, validate_k
from service.errors import MayRaise, Overloaded
from service.faces.api.requests.explaining import ExplainRequest
from service.faces.api.schemas.explanations import ExplainResponse, explanation_json
from service.faces.client import HttpClient
from service.faces.dependencies import Caller, ReadyAsking
from service.flows.ask.explaining import explain
from service.flows.ask.planning import validate_question
from service.http.json_body import JsonBody
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.state.identity import Scope, access

router = APIRouter(tags=["ask"], route_class=ApiRoute)


@router.post("/v1/explain", summary="Explain why a document was found or not", response_model=ExplainResponse)
@access(Scope.READ, "answers", "documents")
async def explain_document(
    request: Request,
    caller: Caller,
    asking: Annotated[ReadyAsking, MayRaise(Overloaded)],
    body: Annotated[ExplainRequest, Depends(JsonBody(ExplainRequest))],
) -> Response:
    """Says what keeps a document from the answer to a question, and what to try.

    Its best passages come with their ranks and scores in both searches, beside the least scores that come
    forward. It costs as much as two questions, and counts as one.
    """
    question = Question(
        validate_question(body.question),
        validate_k(body.k),
        None if body.filter is None else parse_filter(body.filter),
    )
    where = (body.collection, stored_id(body.document_id))
    found = await explain(HttpClient(request), asking, body.narrow_caller(caller), where, question)
    return json_reply(explanation_json(question.text, found))
