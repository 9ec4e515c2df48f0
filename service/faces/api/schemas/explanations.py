"""Response models: why a document was found or not."""

from __future__ import annotations

from pydantic import BaseModel, Field

from index.search import explaining
from service.faces.api.schemas.values import Json, PassageCounts

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
