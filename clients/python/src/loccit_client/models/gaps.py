"""Gaps: questions that documents do not answer well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from loccit_client.decoding import Reply
from loccit_client.models.citations import Citation

__all__ = ["AskedWords", "Gap", "Gaps", "StaleSource"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedWords(Reply):
    """A question of a gap, and how often it was asked."""

    question: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap(Reply):
    """Questions of a week that ask for the same, and what the documents say to it today.

    ``uncertain``: documents may answer it.
    """

    question: str
    count: int
    uncertain: bool
    disliked: int
    questions: list[AskedWords]
    reasons: list[str]
    answerability: float
    mended: bool
    missing: list[str]
    nearest: Citation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleSource(Reply):
    """A document that answers questions although it is superseded, out of force or old."""

    document_id: str
    title: str
    answers: int
    reason: Literal["superseded", "expired", "old"]
    day: date
    superseded_by: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps(Reply):
    """The gaps of a collection, the most asked first.

    ``kept``: questions are kept, each for so many ``days``; ``since`` an administrator has turned that on.
    """

    kept: bool
    since: datetime | None
    days: float
    gaps: list[Gap]
    stale: list[StaleSource]
