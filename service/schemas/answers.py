"""Answers to questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, Field

from index import answers
from index.citation_formats import Format, formatted
from service.schemas.citations import Citation, citation_json, linked
from service.schemas.values import IndexState, Json, Metadata, state_json


class Evidence(BaseModel):
    """A sentence of the passage that answers: ``text[start:end]`` of the document, as for citations."""

    start: int
    end: int
    score: float = Field(description="In [0, 1]; comparable within one answer only.")


class DenseScore(BaseModel):
    """How near the passage is by meaning."""

    rank: int | None = Field(description="1 is nearest; null when it was not among the candidates.")
    score: float | None


class LexicalScore(BaseModel):
    """How well the passage matches by words (BM25)."""

    rank: int | None = Field(description="1 is best; null when it was not among the candidates.")
    score: float | None
    terms: list[str] = Field(description="Words of the question that the passage or its headings have.")


class Explanation(BaseModel):
    """Why a passage stands where it does."""

    dense: DenseScore
    lexical: LexicalScore
    sentence: float | None = Field(
        description="Share of the question's words, by their rarity, in the passage's best sentence."
    )


class Passage(BaseModel):
    """A passage that may answer the question, with its citation."""

    rank: int
    score: float = Field(description="In [0, 1]; comparable within one answer only.")
    text: str
    evidence: list[Evidence] = Field(description="The sentences that answer best, best first.")
    citation: Citation
    also_at: list[str] = Field(description="Locators of passages with the same text.")
    metadata: Metadata
    formats: dict[str, Any] = Field(description="The citation in the `formats` that were asked for.")
    explain: Explanation


class AskResponse(BaseModel):
    """The passages that best answer a question, best first."""

    question: str
    answerability: float = Field(
        description="Calibrated probability that the passages answer the question; 0 when nothing was found."
    )
    withheld: str = Field(description="Why passages were found but not returned; empty otherwise.")
    passages: list[Passage]
    index: IndexState
    timings_ms: dict[str, float] = Field(description="Milliseconds by stage, and `total`.")


class BatchResponse(BaseModel):
    """The answers to several questions, in their order."""

    results: list[AskResponse]


def answer_json(answer: answers.Answer, collection: str, formats: Sequence[Format] = ()) -> Json:
    """An answer of a collection as :class:`AskResponse`."""
    return {
        "question": answer.question,
        "answerability": answer.answerability,
        "withheld": answer.withheld,
        "passages": [_passage(hit, collection, formats) for hit in answer.hits],
        "index": state_json(answer.index),
        "timings_ms": answer.timings_ms,
    }


def _passage(hit: answers.Hit, collection: str, formats: Sequence[Format]) -> Json:
    dense, lexical = hit.explain.dense, hit.explain.lexical
    return {
        "rank": hit.rank,
        "score": hit.score,
        "text": hit.text,
        "evidence": [{"start": one.start, "end": one.end, "score": one.score} for one in hit.evidence],
        "citation": citation_json(hit.citation, collection),
        "also_at": hit.also_at,
        "metadata": hit.metadata,
        "formats": {
            name: formatted(
                linked(hit.citation, collection),
                name,
                metadata=hit.metadata,
                label=str(hit.rank),
                index=hit.rank - 1,
            )
            for name in formats
        },
        "explain": {
            "dense": {"rank": dense.rank, "score": dense.score},
            "lexical": {"rank": lexical.rank, "score": lexical.score, "terms": lexical.terms},
            "sentence": hit.explain.sentence,
        },
    }
