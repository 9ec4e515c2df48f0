"""Questions whose answers are known: BEIR folders, and plain lists in JSON lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from index.answers import Turn
from index.collection import Collection
from index.errors import InvalidInput
from index.ingest import Source

_PAGE = 1000


class InvalidQuestions(InvalidInput):
    """A file of questions is not of the documented form."""

    code = "invalid_questions"


@dataclass(frozen=True, slots=True)
class Span:
    """Where an answer stands: ``[start, end)`` in code points of the document's text."""

    document_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Question:
    """A question with what is known of its answer.

    ``relevant`` are documents with their gains. ``answers`` are the ways to answer, each a set of places
    that are needed together; ``quotes`` are words that answer wherever they stand. ``answerable`` is
    None where nobody said so.
    """

    id: str
    text: str
    relevant: Mapping[str, int] = field(default_factory=dict)
    answers: tuple[tuple[Span, ...], ...] = ()
    quotes: tuple[str, ...] = ()
    answerable: bool | None = None
    turns: tuple[Turn, ...] = ()


def load(path: Path, *, split: str = "test") -> list[Question]:
    """The questions of a BEIR folder (those of ``qrels/{split}.tsv``, and its unanswerable ones) or a file.

    Raises :class:`InvalidQuestions` with the file and line that is wrong.
    """
    questions = list(_beir(path, split) if path.is_dir() else _lines(path))
    if not questions:
        raise InvalidQuestions(f"There are no questions in {path}.")
    return questions


def sources(folder: Path) -> Iterator[Source]:
    """The documents of a BEIR folder, each with its title."""
    for row in _jsonl(folder / "corpus.jsonl"):
        text = str(row["text"]).encode()
        yield Source(str(row["_id"]), text, media_type="text/plain", title=row.get("title", ""))


def _beir(folder: Path, split: str) -> Iterator[Question]:
    relevant = _relevant(folder / "qrels" / f"{split}.tsv")
    spans: dict[str, list[Span]] = {}
    if (path := folder / "spans.jsonl").exists():
        for row in _jsonl(path):
            span = Span(str(row["corpus-id"]), row["start"], row["end"])
            spans.setdefault(str(row["query-id"]), []).append(span)
    own = folder / split / "queries.jsonl"
    for row in _jsonl(own if own.exists() else folder / "queries.jsonl"):
        id_, metadata = str(row["_id"]), row.get("metadata", {})
        unanswerable = metadata.get("unanswerable")
        if id_ in relevant or unanswerable:
            yield Question(
                id_,
                row["text"],
                relevant=relevant.get(id_, {}),
                answers=(tuple(spans[id_]),) if id_ in spans else (),
                answerable=None if unanswerable is None else not unanswerable,
                turns=_before(row["text"], metadata.get("conversation", ())),
            )


def _relevant(path: Path) -> dict[str, dict[str, int]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InvalidQuestions(f"{path} cannot be read: {error.strerror}.") from error
    relevant: dict[str, dict[str, int]] = {}
    for row in csv.DictReader(lines, delimiter="\t"):
        if (gain := int(row["score"])) > 0:
            relevant.setdefault(row["query-id"], {})[row["corpus-id"]] = gain
    return relevant


def _before(question: str, conversation: Sequence[str]) -> tuple[Turn, ...]:
    """The turns of a conversation, ``"user: ..."`` and ``"agent: ..."``, without the question itself."""
    turns = []
    for said in conversation:
        role, _, text = said.partition(": ")
        turns.append(Turn("user" if role == "user" else "assistant", text))
    if turns and turns[-1] == Turn("user", question):
        turns.pop()
    return tuple(turns)


def _lines(path: Path) -> Iterator[Question]:
    for number, row in enumerate(_jsonl(path), 1):
        if not isinstance(row.get("question"), str):
            raise InvalidQuestions(f"{path}: question {number} has no field 'question' with its words.")
        quote, document = row.get("quote"), row.get("document")
        answerable = row.get("answerable")
        yield Question(
            str(row.get("id", number)),
            row["question"],
            relevant={str(document): 1} if document else {},
            quotes=(quote,) if quote else (),
            answerable=bool(quote or document) if answerable is None else bool(answerable),
            turns=tuple(Turn(one["role"], one["text"]) for one in row.get("turns", ())),
        )


def _jsonl(path: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = path.open(encoding="utf-8")
    except OSError as error:
        raise InvalidQuestions(f"{path} cannot be read: {error.strerror}.") from error
    with lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise InvalidQuestions(f"{path}, line {number} is not JSON: {error}.") from error
            if not isinstance(row, dict):
                raise InvalidQuestions(f"{path}, line {number} is not a JSON object.")
            yield row


def located(questions: list[Question], collection: Collection) -> list[Question]:
    """The questions with places for their quotes, wherever in the collection these stand.

    A quote that stands nowhere stays without a place, and its question counts as missed.
    """
    wanted = {quote for question in questions for quote in question.quotes}
    places: dict[str, list[Span]] = {quote: [] for quote in wanted}
    for document_id, text in _texts(collection) if wanted else ():
        for quote in wanted:
            at = text.find(quote)
            while at >= 0:
                places[quote].append(Span(document_id, at, at + len(quote)))
                at = text.find(quote, at + 1)
    return [_placed(question, places) for question in questions]


def _placed(question: Question, places: Mapping[str, list[Span]]) -> Question:
    found = [span for quote in question.quotes for span in places[quote]]
    if question.relevant:
        found = [span for span in found if span.document_id in question.relevant]
    documents = {span.document_id: 1 for span in found}
    return replace(
        question,
        answers=(*question.answers, *((span,) for span in found)),
        relevant={**documents, **question.relevant},
    )


def _texts(collection: Collection) -> Iterator[tuple[str, str]]:
    last = ""
    while page := collection.documents(after=last, limit=_PAGE):
        for record in page:
            yield record.id, collection.text(record.id)[1]
        last = page[-1].id
