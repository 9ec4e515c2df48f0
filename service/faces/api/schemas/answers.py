"""Response models: answers to questions."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from index import answers
from index.citations import Format, format_citation, locator_of, news_of_hit
from index.search.extraction import first_sentence, introduction_in_passage
from service.advice import describe_unasked, describe_unknown_language
from service.faces.api.schemas.citations import Cell, Citation, cells_json, citations_json
from service.faces.api.schemas.conflicts import DocumentConflict, found_conflicts_json
from service.faces.api.schemas.values import (
    DocumentMetadata,
    IndexState,
    Json,
    SaysOfItself,
    state_json,
)
from service.http.links import with_absolute_links, with_links


class Evidence(BaseModel):
    """A sentence of the passage that answers: ``text[start:end]`` of the document's text."""

    start: int
    end: int
    score: float = Field(
        description="Probability that a person would mark this sentence, if the passage is the right one."
    )
    cells: list[Cell] = Field(description="The cells of the row, if it is a row of a table; else empty.")
    answering: list[Cell] = Field(
        description="Of a table, the cells that answer, where the question tells which; else empty."
    )
    amended: bool = Field(
        description="A passage before this one, of a document that supersedes it, has the sentence that now "
        "holds. Never the first sentence of an answer."
    )


class ReadCell(Cell):
    """A cell that was read to compute a value: ``text[start:end]`` of the document's text is its `text`."""

    locator: str
    text: str
    is_value: bool = Field(description="Whether the value stands in it.")


class Computed(BaseModel):
    """A value computed of the cells of one column, or of one row, of a table. It is no quote."""

    operation: Literal["highest", "lowest", "total", "count", "first", "last", "higher", "lower"]
    value: str = Field(description="The value; empty if none could be computed.")
    reason: str = Field(description="Why no value could be computed, such as a cell that is no number.")
    of: str = Field(description="The name of the column that was read, or the label of the row.")
    document_id: str
    version: int
    collection: str = Field(description="The collection of the document.")
    cells: list[ReadCell] = Field(description="All cells that were read.")
    rows: list[str] = Field(
        description="Locators of the rows, and of the lines of column names, in which the value stands; of a "
        "total or a count, of the rows that were read."
    )


class DenseScore(BaseModel):
    """Rank and score of the passage in the search by meaning."""

    rank: int | None = Field(description="1 is the best; null if the passage was not found by meaning.")
    score: float | None


class LexicalScore(BaseModel):
    """Rank and score of the passage in the search by words (BM25)."""

    rank: int | None = Field(description="1 is the best; null if the passage was not found by words.")
    score: float | None
    terms: list[str] = Field(description="Words of the question that occur in the passage or its headings.")


class Explanation(BaseModel):
    """Why a passage has its rank."""

    dense: DenseScore
    lexical: LexicalScore
    sentence: float | None = Field(
        description="Share of the question's words, weighted by rarity, in the best sentence of the passage."
    )
    read: float | None = Field(
        description="What the cross-encoder says: the probability, not calibrated, that the passage answers; "
        "null if it did not read it."
    )


class Passage(BaseModel):
    """A passage that may answer the question, with its citation."""

    rank: int
    score: float = Field(description="Between 0 and 1; comparable only within one answer.")
    probability: float = Field(
        description="Calibrated probability that this passage answers the question; at most `answerability`."
    )
    text: str
    evidence: list[Evidence] = Field(
        description="The sentences that answer, best first, at most three; none if none probably does."
    )
    citation: Citation
    also_at: list[str] = Field(description="Locators of other passages with the same text.")
    also_in: list[str] = Field(
        description="Locators, at most ten, of places that say the same as this passage, or as a part of it, "
        "in nearly or exactly the same words."
    )
    superseded_by: list[str] = Field(
        description="The ids of documents that supersede this one, by `supersedes` in their metadata. What "
        "amends the passage stands before it. Not with `as_of`."
    )
    metadata: DocumentMetadata
    says_of_itself: SaysOfItself
    formats: dict[str, Any] = Field(description="The citation in the requested `formats`.")
    explain: Explanation


class Note(BaseModel):
    """Something to know of an answer beside it."""

    code: Literal["unknown_language", "no_documents", "filtered_out"]
    message: str = Field(description="The same in words, and what to do.")


class FirstSentence(BaseModel):
    """The sentence that most probably answers the whole question: it stands first on the page.

    So it does in `/v1/answer`, but for a question of several parts, which has a sentence for each in their
    order, and one for the date of a section, which has the heading that says it.
    """

    rank: int = Field(description="The rank of its passage.")
    locator: str = Field(description="Names its document, version and span.")
    start: int
    end: int
    text: str = Field(description="Its words: `text[start:end]` of the document's text.")
    introduction: str = Field(
        description="Of an item of a list that is not understood alone: the words above it in its passage or "
        "its heading, to be shown before it. Mostly empty."
    )
    answering: list[Cell] = Field(
        description="Of a row of a table: the cells that answer, with the names of their columns, where the "
        "question tells which. Mostly empty."
    )
    superseded_by: list[str] = Field(
        description="The ids of documents that supersede its own: nothing in them amends it. Mostly empty."
    )
    probability: float = Field(description="That its passage answers, and by this sentence.")


class SearchedCollection(BaseModel):
    """A collection that was searched."""

    name: str
    answerability: float = Field(
        description="Probability that its own passages answer; the largest is that of the answer."
    )
    index: IndexState


class AskResponse(BaseModel):
    """The passages that best answer a question, best first."""

    question: str
    answerability: float = Field(
        description="Calibrated probability that the passages answer the question; 0 if nothing was found."
    )
    withheld: str = Field(description="Why found passages are not returned; else empty.")
    mentioned: list[str] = Field(
        description="Names, numbers and dates of the question that the best sentence of a passage, its "
        "neighbours and its headings have: of the first three passages, the one that lacks least."
    )
    missing: list[str] = Field(
        description="Those that they lack, or of which the sentence has another one: the passage may be "
        "about something else of the same kind."
    )
    notes: list[Note] = Field(
        description="`unknown_language`: the collection's model does not know the language of the question. "
        "`no_documents`, `filtered_out`: there are no documents, or none that the filter admits."
    )
    first: FirstSentence | None = Field(
        description="The sentence that most probably answers; null if none probably does."
    )
    passages: list[Passage]
    computed: Computed | None = Field(
        description="What was computed of a table, such as the highest value of a column; null if the "
        "question asks for nothing of the kind, or the tables found do not have all that it names."
    )
    conflicts: list[DocumentConflict] | None = Field(
        description="What other documents say against the sentences that answer, those of the first three "
        "passages, as in `/v1/conflicts`, found within a second for a request; null unless it asks for them."
    )
    conflicts_complete: bool | None = Field(
        description="Whether all these sentences were compared: false if the second was over before. Null "
        "unless the request asks for conflicts."
    )
    read: int = Field(description="How many of the passages the cross-encoder read with the question.")
    read_by: str = Field(description="The cross-encoder: name, weights, precision; empty if it read none.")
    index: IndexState
    collections: list[SearchedCollection] = Field(
        description="The collections that were searched. `index` is the state of the one that answers best."
    )
    timings_ms: dict[str, float] = Field(description="Milliseconds per stage, and `total`.")


class BatchResponse(BaseModel):
    """The answers to a batch of questions, in the order of the questions."""

    results: list[AskResponse]


def answer_json(
    answer: answers.Answer, collection: str, formats: Sequence[Format] = (), *, base: str = ""
) -> Json:
    """An answer of a collection as :class:`AskResponse`. ``base`` is the address for links in ``formats``."""
    citations = citations_json([hit.citation for hit in answer.hits], collection)
    return {
        "question": answer.question,
        "answerability": answer.answerability,
        "withheld": answer.withheld,
        "mentioned": answer.mentioned,
        "missing": answer.missing,
        "notes": notes_json(answer, collection),
        "first": _first_json(answer),
        "passages": [
            _passage_json(
                hit, cited, {name: _format_citation(hit, name, collection, base) for name in formats}
            )
            for hit, cited in zip(answer.hits, citations, strict=True)
        ],
        "computed": computed_json(answer.reading, collection),
        **found_conflicts_json(None, collection),
        "read": answer.read,
        "read_by": answer.read_by,
        "index": state_json(answer.index),
        "collections": _searched_json(answer, collection),
        "timings_ms": answer.timings_ms,
    }


def _searched_json(answer: answers.Answer, collection: str) -> list[Json]:
    searched = answer.searched or (answers.Searched(collection, answer.answerability, answer.index),)
    return [
        {"name": one.collection, "answerability": one.answerability, "index": state_json(one.index)}
        for one in searched
    ]


def computed_json(reading: answers.Reading | None, collection: str) -> Json | None:
    """Return a value computed of a document of a collection as :class:`Computed`."""
    if reading is None:
        return None
    return {**asdict(reading), "collection": reading.collection or collection}


def notes_json(answer: answers.Answer, collection: str) -> list[Json]:
    """Return the notes on an answer."""
    if answer.unasked:
        names = [one.collection for one in answer.searched] or [collection]
        code = "filtered_out" if answer.unasked == "filtered_out" else "no_documents"
        return [{"code": code, "message": describe_unasked(answer.unasked, names)}]
    unknown = answer.unknown_language
    if unknown is None:
        return []
    return [
        {
            "code": "unknown_language",
            "message": describe_unknown_language(unknown, unknown.collection or collection),
        }
    ]


def _first_json(answer: answers.Answer) -> Json | None:
    one = first_sentence(answer)
    if one is None:
        return None
    return {
        "rank": one.hit.rank,
        "locator": locator_of(one.hit.version, one.start, one.end),
        "start": one.start,
        "end": one.end,
        "text": one.text,
        "introduction": introduction_in_passage(one),
        "answering": cells_json(one.answering),
        "superseded_by": one.hit.superseded_by,
        "probability": round(one.probability, 4),
    }


def _passage_json(hit: answers.Hit, cited: Json, formats: Json) -> Json:
    dense, lexical = hit.explain.dense, hit.explain.lexical
    provenance = hit.provenance
    return {
        "rank": hit.rank,
        "score": hit.score,
        "probability": hit.probability,
        "text": hit.text,
        "evidence": [
            {
                "start": one.start,
                "end": one.end,
                "score": one.score,
                "cells": cells_json(one.cells),
                "answering": cells_json(one.answering),
                "amended": one.is_amended,
            }
            for one in hit.evidence
        ],
        "citation": cited,
        "also_at": hit.also_at,
        "also_in": hit.also_in,
        "superseded_by": hit.superseded_by,
        "metadata": provenance.metadata,
        "says_of_itself": provenance.says_of_itself,
        "formats": formats,
        "explain": {
            "dense": {"rank": dense.rank, "score": dense.score},
            "lexical": {"rank": lexical.rank, "score": lexical.score, "terms": lexical.terms},
            "sentence": hit.explain.sentence,
            "read": hit.explain.read,
        },
    }


def _format_citation(hit: answers.Hit, name: Format, collection: str, base: str) -> object:
    return format_citation(
        with_absolute_links(with_links(hit.citation, collection), base),
        name,
        provenance=hit.provenance,
        label=str(hit.rank),
        index=hit.rank - 1,
        accessed=datetime.now(UTC).date(),
        news=news_of_hit(hit),
    )
