"""Answers: sentences, each with its citation or a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from loccit_client.decoding import Reply
from loccit_client.models.asking import Computed, Note, Passage, SearchedCollection
from loccit_client.models.citations import Cell, Citation
from loccit_client.models.conflicts import DocumentConflict
from loccit_client.models.state import IndexState
from loccit_client.models.verdicts import QuoteVerdict, StatementVerdict

__all__ = [
    "Answer",
    "AnsweredSentence",
    "WordCount",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredSentence(Reply):
    """A sentence of an answer: ``answer[start:end] == text``, with the marks of its sources.

    ``verbatim``: it stands in a document, exactly where ``citation`` says. The other statuses are verdicts on
    what a model wrote, with ``reason``; ``unchecked`` claims nothing that can be checked. ``part`` is the
    part of the question that it answers. Of a verbatim row of a table, ``names`` is the line of column names,
    which the answer has above the row; ``cells`` are its cells, and ``answering`` those that answer. If it
    ``introduces``, it is no answer by itself: the next sentence, an item of a list, is not understood without
    it. ``superseded_by`` are the documents that supersede its own.
    """

    start: int
    end: int
    text: str
    marks: list[int]
    status: Literal["verbatim", "supported", "contradicted", "unsupported", "unchecked"]
    reason: str
    probability: float | None
    part: int | None
    introduces: bool
    citation: Citation | None
    verdict: StatementVerdict | None
    quotes: list[QuoteVerdict]
    names: Citation | None = None
    cells: list[Cell] = field(default_factory=list)
    answering: list[Cell] = field(default_factory=list)
    superseded_by: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class WordCount(Reply):
    """Tokens as the model counted them; words where none was asked."""

    prompt: int
    completion: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Reply):
    """An answer, its sentences, and the passages that it was made from.

    It is ``declined`` if the documents do not say: ``passages`` are then near. ``sources`` are what the marks
    in ``answer`` refer to; [1] is the first. ``unanswered`` are indexes of ``parts``. ``mentioned`` and
    ``missing`` are those of :class:`AskResult`.
    """

    question: str
    mode: Literal["extractive", "written"]
    answer: str
    declined: bool
    finish: Literal["stop", "declined", "length", "refusal"]
    answerability: float
    min_answerability: float
    mentioned: list[str]
    missing: list[str]
    parts: list[str]
    unanswered: list[int]
    sentences: list[AnsweredSentence]
    notes: list[Note] = field(default_factory=list)
    sources: list[Citation]
    passages: list[Passage]
    computed: Computed | None = None
    conflicts: list[DocumentConflict] | None = None
    conflicts_complete: bool | None = None
    usage: WordCount
    index: IndexState
    collections: list[SearchedCollection] = field(default_factory=list)
    timings_ms: Mapping[str, float]
