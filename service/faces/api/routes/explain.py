"""Explain why a document was found or not."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from index.errors import DocumentNotFound
from index.filters import parse_filter
from index.naming import stored_id
from index.search import Question as Asked, explaining, validate_k
from service.errors import MayRaise, Overloaded
from service.faces.api.schemas.values import Json, PassageCounts
from service.faces.client import HttpClient
from service.faces.dependencies import Caller, ReadyAsking
from service.flows.ask.explaining import explain
from service.flows.ask.planning import validate_question
from service.http.json_body import JsonBody
from service.http.parameters import LIMITED, FilterJson, Question
from service.http.replies import json_reply
from service.http.request_models import CollectionBody
from service.http.route import ApiRoute
from service.state.identity import Scope, access

# Response models: why a document was found or not.


ADVICE: dict[explaining.Reason, str] = {
    "found": "The answer has a passage of this document.",
    "folded": "A passage of another document says the same in nearly the same words and stands for it: its "
    "also_at or also_in names this document. near_duplicates set to keep shows both.",
    "retired": "The document is retired: it is no longer where it came from. Put it again to find it.",
    "no_text": "No text was found in it. If its pages are pictures, run OCR on it and put it again.",
    "filtered": "The filter of the question leaves the document out: compare it with its metadata.",
    "waiting": "Some passages are not embedded yet and can be found by their words only. Ask again later.",
    "no_words": "Its best passages have no word of the question. Ask with words that the document uses.",
    "outranked": "Passages of it are candidates, but others rank higher. Ask for more passages (k), "
    "narrow the question by a filter, or name what only this document has.",
    "not_candidate": "Neither the search by meaning nor that by words brings the document forward. Ask with "
    "its own words, or in a more specific way.",
}
"""Meaning of each reason, and advice."""


class ExplanationReason(BaseModel):
    """Why the document is in the answer or not."""

    code: explaining.Reason
    message: str = Field(description="The same in words, with what to try.")


class ExplainedPlace(BaseModel):
    """Rank and score of a passage in one search."""

    rank: int | None = Field(description="Rank among all passages; null behind the last candidate.")
    score: float | None = Field(description="Raw score; null if the search does not know the passage.")


class ExplainedPassage(BaseModel):
    """A passage of the document, and where it ranks."""

    locator: str
    section: list[str]
    text: str
    rank: int | None = Field(description="Final rank among the candidates; null if it is none.")
    score: float | None
    meaning: ExplainedPlace
    words: ExplainedPlace
    matched: list[str] = Field(description="Words of the question that it has.")


class CutOff(BaseModel):
    """The least scores that come forward; null where nothing is cut off."""

    score: float | None = Field(description="Score of the last passage of the answer.")
    meaning: float | None = Field(description="Score of the last candidate by meaning.")
    words: float | None = Field(description="Score of the last candidate by words.")


class ExplainResponse(BaseModel):
    """Why an answer has a document or not."""

    question: str
    document_id: str
    groups: list[str] = Field(
        description="Groups that may read it: other callers do not find it. Everyone if there are none."
    )
    index: PassageCounts = Field(description="Passages of the document.")
    reasons: list[ExplanationReason] = Field(description="The decisive one first.")
    rank: int | None = Field(description="Rank of its passage, or of the one that stands for it.")
    hits: int = Field(description="Number of passages of the answer.")
    candidates: int = Field(description="Number of passages that were ranked.")
    passages: list[ExplainedPassage] = Field(description="The best passages of the document.")
    cut_off: CutOff
    unmatched: list[str] = Field(description="Words of the question that none of these passages has.")


def explanation_json(question: str, found: explaining.DocumentExplanation) -> Json:
    """An explanation as :class:`ExplainResponse`."""
    document, cut = found.document, found.cut_off
    return {
        "question": question,
        "document_id": document.id,
        "groups": document.groups,
        "index": {"total": document.passages, "embedded": document.embedded},
        "reasons": [{"code": one, "message": ADVICE[one]} for one in found.reasons],
        "rank": found.rank,
        "hits": found.hits,
        "candidates": found.candidates,
        "passages": [_passage_json(one) for one in found.passages],
        "cut_off": {"score": cut.score, "meaning": cut.meaning, "words": cut.words},
        "unmatched": found.unmatched,
    }


def _passage_json(one: explaining.ExplainedPassage) -> Json:
    def place(found: explaining.Place) -> Json:
        return {"rank": found.rank, "score": found.score}

    return {
        "locator": one.locator,
        "section": one.passage.section,
        "text": one.text,
        "rank": one.rank,
        "score": one.score,
        "meaning": place(one.meaning),
        "words": place(one.words),
        "matched": one.matched,
    }


# Requests for an explanation of why a document was found or not.


class ExplainRequest(CollectionBody):
    """A question, and the document that was expected in its answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"question": "When was the lamp lit?", "document_id": "manuals/lamps.md"}]
        }
    )

    question: Question = Field(description="The question in natural language.")
    document_id: Annotated[str, MayRaise(DocumentNotFound)] = Field(description="The document's id.")
    k: Annotated[int, LIMITED] = Field(
        5, strict=True, description="Number of passages that the question asks for."
    )
    filter: FilterJson | None = Field(None, description="The filter of the question.")


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
    question = Asked(
        validate_question(body.question),
        validate_k(body.k),
        None if body.filter is None else parse_filter(body.filter),
    )
    where = (body.collection, stored_id(body.document_id))
    found = await explain(HttpClient(request), asking, body.narrow_caller(caller), where, question)
    return json_reply(explanation_json(question.text, found))
