"""Response models: what documents lack, and what became of a verdict on an answer."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from service.faces.api.schemas.citations import Citation, citation_json
from service.faces.api.schemas.values import Json, moment
from service.flows import gaps as flows


class Feedback(BaseModel):
    """A verdict that was taken."""

    kept: bool = Field(description="Whether it is kept: administrators turn that on for each collection.")


class AskedWords(BaseModel):
    """A question of a gap, and how often it was asked."""

    question: str
    count: int


class Gap(BaseModel):
    """Questions of a week that ask for the same, and what the documents say to it today."""

    question: str = Field(description="The one that is most like the others.")
    count: int = Field(description="How often all of them were asked.")
    uncertain: bool = Field(
        description="Whether documents may answer it: passages did with a mean of 25 % or more."
    )
    disliked: int = Field(description="How many answers to them were judged to be bad.")
    questions: list[AskedWords]
    reasons: list[str] = Field(
        description="What people gave as reasons for their verdicts, the newest first."
    )
    answerability: float = Field(description="Probability that the documents answer it today.")
    mended: bool = Field(description="Whether that is enough to call it answered.")
    missing: list[str] = Field(description="Names of it that the nearest passages do not mention.")
    nearest: Citation | None


class StaleSource(BaseModel):
    """A document that answers questions although it is superseded, out of force or old."""

    document_id: str
    title: str
    answers: int = Field(description="How many questions it answered best, in the days that are kept.")
    reason: Literal["superseded", "expired", "old"]
    day: date = Field(description="The day that it is of: `valid_from`, `date`, or when its text changed.")
    superseded_by: list[str] = Field(description="Ids of the documents that supersede it.")


class Gaps(BaseModel):
    """What the documents of a collection lack: what none answers first, and of that the most asked."""

    kept: bool = Field(description="Whether questions are kept.")
    since: datetime | None = Field(description="When an administrator turned that on; null where none has.")
    days: float = Field(description="For how many days each is kept.")
    gaps: list[Gap]
    stale: list[StaleSource]


def gaps_json(
    kept: flows.Kept, gaps: Sequence[flows.Gap], collection: str, days: float, *, is_kept: bool
) -> Json:
    """What was found as :class:`Gaps`."""
    return {
        "kept": is_kept,
        "since": None if kept.since is None else moment(kept.since),
        "days": days,
        "gaps": [_gap_json(one, collection) for one in gaps],
        "stale": [
            {
                "document_id": one.document.id,
                "title": one.document.title,
                "answers": one.answers,
                "reason": one.reason,
                "day": one.day.isoformat(),
                "superseded_by": list(one.superseded_by),
            }
            for one in kept.stale
        ],
    }


def _gap_json(one: flows.Gap, collection: str) -> Json:
    return {
        "question": one.group.name,
        "count": one.group.count,
        "uncertain": one.group.is_uncertain,
        "disliked": one.group.disliked,
        "questions": [{"question": text, "count": count} for text, count in one.group.words],
        "reasons": one.group.reasons,
        "answerability": one.answerability,
        "mended": one.is_mended,
        "missing": list(one.missing),
        "nearest": None if one.nearest is None else citation_json(one.nearest, collection),
    }
