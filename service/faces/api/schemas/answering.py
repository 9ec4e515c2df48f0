"""Response models: questions answered with sentences."""

from typing import Literal

from pydantic import BaseModel, Field

from service.faces.api.schemas.answers import Computed, Note, Passage, SearchedCollection, answer_json
from service.faces.api.schemas.citations import Cell, Citation, cells_json, citation_json, citations_json
from service.faces.api.schemas.conflicts import DocumentConflict, found_conflicts_json
from service.faces.api.schemas.values import IndexState, Json
from service.faces.api.schemas.verdicts import QuoteVerdict, StatementVerdict, statement_json, verdict_json
from service.flows.answer.events import Finished, Mode, Sentence
from service.flows.answer.finding import Found
from service.flows.answer.flow import Whole


class AnsweredSentence(BaseModel):
    """A sentence of the answer: ``answer[start:end] == text``, in code points.

    `verbatim`: it stands in a document; `citation` names exactly it. The others are verdicts on what a model
    wrote, as `/v1/verify` gives them: `supported`, `contradicted`, `unsupported`, and `unchecked` for a
    sentence that claims nothing that can be checked.
    """

    start: int
    end: int
    text: str
    marks: list[int] = Field(description="Its citation marks. Of `sources`, [1] is the first.")
    status: Literal["verbatim", "supported", "contradicted", "unsupported", "unchecked"]
    reason: str = Field(description="Why it is contradicted or unsupported; else empty.")
    probability: float | None = Field(
        description="That a verbatim sentence answers, or that the passages say what a written one claims."
    )
    part: int | None = Field(description="The part of the question that it answers: an index of `parts`.")
    introduces: bool = Field(
        description="It is no answer by itself: the next sentence, an item of a list, is not understood "
        "without it. It is the sentence or heading above the list, or the item that the list is below."
    )
    citation: Citation | None = Field(
        description="Of a verbatim sentence, its place; else the sentences that speak for or against it."
    )
    verdict: StatementVerdict | None = Field(description="On what a written sentence claims.")
    quotes: list[QuoteVerdict] = Field(description="Verdicts on the quotes in a written sentence.")
    names: Citation | None = Field(
        description="Of a verbatim row of a table, the line of column names, which `answer` has above the "
        "row; null where the row has the names itself."
    )
    cells: list[Cell] = Field(description="Of a verbatim row of a table, its cells; else empty.")
    answering: list[Cell] = Field(
        description="Of a table, the cells that answer, where the question tells which; else empty."
    )
    superseded_by: list[str] = Field(
        description="Of a verbatim sentence, the ids of documents that supersede its own, by `supersedes` in "
        "their metadata: nothing in them amends this sentence. Mostly empty."
    )


class WordCount(BaseModel):
    """Tokens as the model counted them; words and punctuation marks where none was asked."""

    prompt: int
    completion: int


class AnswerResponse(BaseModel):
    """An answer, its sentences, and the passages that it was made from."""

    question: str
    mode: Mode
    answer: str = Field(description="The text: sentences with the marks of their `sources`.")
    declined: bool = Field(
        description="The documents do not say. `answer` is the service's own sentence; `passages` are near."
    )
    finish: Literal["stop", "declined", "length", "refusal"] = Field(
        description="Why it ends: `length` if it was cut off, `refusal` if the model refused."
    )
    answerability: float = Field(description="Probability that the passages answer; 0 if there are none.")
    min_answerability: float = Field(description="Below this the answer declines.")
    mentioned: list[str] = Field(
        description="Names, numbers and dates of the question that the nearest sentences have."
    )
    missing: list[str] = Field(description="Those that it lacks there.")
    parts: list[str] = Field(description="What the question asks: itself, or its parts in its own words.")
    unanswered: list[int] = Field(description="Indexes of `parts` that an extractive answer does not answer.")
    sentences: list[AnsweredSentence]
    notes: list[Note] = Field(
        description="`unknown_language`: the collection's model does not know the language of the question. "
        "`no_documents`, `filtered_out`: there are no documents, or none that the filter admits."
    )
    sources: list[Citation] = Field(description="What the marks in `answer` refer to; [1] is the first.")
    passages: list[Passage]
    computed: Computed | None = Field(
        description="What was computed of a table, with all cells that were read; null if nothing was asked "
        "for that can be."
    )
    conflicts: list[DocumentConflict] | None = Field(
        description="What other documents say against the sentences of an extractive answer, or against the "
        "best ones of the first three passages that a model was given, as in `/v1/conflicts`, found within a "
        "second; null unless the request asks for them."
    )
    conflicts_complete: bool | None = Field(
        description="Whether all these sentences were compared: false if the second was over before."
    )
    usage: WordCount
    index: IndexState
    collections: list[SearchedCollection] = Field(description="The collections that were searched.")
    timings_ms: dict[str, float] = Field(description="Milliseconds of the stages of the search.")


def found_json(found: Found) -> Json:
    """The fields that are known before the answer is made."""
    shown = answer_json(found.answer, found.collection)
    return {
        "question": shown["question"],
        "mode": found.asked.mode,
        "declined": found.declines,
        "answerability": shown["answerability"],
        "min_answerability": found.asked.least,
        "mentioned": shown["mentioned"],
        "missing": shown["missing"],
        "parts": [part.text for part in found.parts],
        "unanswered": found.extract.unanswered,
        "notes": shown["notes"],
        "sources": citations_json(found.sources, found.collection),
        "passages": shown["passages"],
        "computed": shown["computed"],
        **found_conflicts_json(found.conflicts, found.collection),
        "index": shown["index"],
        "collections": shown["collections"],
        "timings_ms": shown["timings_ms"],
    }


def sentence_json(one: Sentence, collection: str) -> Json:
    """A sentence as :class:`AnsweredSentence`."""
    verdict = one.statement
    return {
        "start": one.start,
        "end": one.end,
        "text": one.text,
        "marks": one.marks,
        "status": one.status,
        "reason": one.reason,
        "probability": one.probability,
        "part": one.part,
        "introduces": one.introduces,
        "citation": None if one.citation is None else citation_json(one.citation, collection),
        "verdict": None if verdict is None else statement_json(verdict, collection),
        "quotes": [
            {
                **verdict_json(found, collection),
                "start": quoted.start,
                "end": quoted.end,
                "marks": quoted.marks,
            }
            for quoted, found in one.quotes
        ],
        "names": None if one.names is None else citation_json(one.names, collection),
        "cells": cells_json(one.cells),
        "answering": cells_json(one.answering),
        "superseded_by": one.superseded_by,
    }


def finished_json(finished: Finished) -> Json:
    """The end of an answer."""
    usage = {"prompt": finished.usage.prompt, "completion": finished.usage.completion}
    return {"finish": finished.finish, "usage": usage}


def answered_json(found: Found, made: Whole) -> Json:
    """An answer as :class:`AnswerResponse`."""
    sentences = [sentence_json(one, found.collection) for one in made.sentences]
    finished = {} if made.finished is None else finished_json(made.finished)
    told = {"answer": made.text, "declined": made.declines(found), "sentences": sentences}
    return {**found_json(found), **told, **finished}
