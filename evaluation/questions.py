"""Read questions whose answers are known, from BEIR folders and JSON Lines files."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from index.answers import Turn
from index.collection import Collection
from index.errors import InvalidInput
from index.ingest import Source

_NAMED = 5
"""Questions with missing quotes that an error names; more are counted."""
_SHOWN = 60
"""Characters of a missing quote that an error shows."""


class InvalidQuestions(InvalidInput):
    """A file of questions does not have the documented format."""


class MissingQuotes(InvalidQuestions):
    """Questions have quotes that no document contains, or not the document they name.

    ``is_total``: these are all questions, so that none would be left without them.
    """

    def __init__(self, questions: Sequence[Question], *, of: int) -> None:
        named = _listed(questions, _with_quote)
        self.is_total = len(questions) == of
        self.summary = f"{len(questions)} of {of} questions, whose quote was not found: {named}."
        super().__init__(
            f"The quotes of {len(questions)} of {of} questions were not found in the collection: "
            f"{named}. Correct them, or ingest the documents that contain them."
        )


class MissingDocuments(InvalidQuestions):
    """Questions name documents as their answers, and the collection has none of them.

    ``is_total``: these are all questions, so that none would be left without them.
    """

    def __init__(self, questions: Sequence[Question], *, of: int) -> None:
        named = _listed(questions, _with_documents)
        self.is_total = len(questions) == of
        self.summary = f"{len(questions)} of {of} questions, whose documents are missing: {named}."
        super().__init__(
            f"{len(questions)} of {of} questions name documents that the collection does not have: "
            f"{named}. Correct the ids, or ingest these documents."
        )


def _listed(questions: Sequence[Question], said: Callable[[Question], str]) -> str:
    more = f"; and {len(questions) - _NAMED} more" if len(questions) > _NAMED else ""
    return "; ".join(map(said, questions[:_NAMED])) + more


def _with_documents(question: Question) -> str:
    return f"question {question.id} ({_few([repr(id_) for id_ in question.relevant])})"


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _with_quote(question: Question) -> str:
    quote = question.quotes[0]
    short = quote if len(quote) <= _SHOWN else f"{quote[:_SHOWN]}…"
    within = f" in {next(iter(question.relevant))!r}" if question.relevant else ""
    return f"question {question.id} ({short!r}{within})"


@dataclass(frozen=True, slots=True)
class Span:
    """Position of an answer: ``[start, end)`` in code points of the document's text."""

    document_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Question:
    """A question and its known answers.

    ``relevant`` maps document ids to gains. Each of ``answers`` is one way to answer, a set of spans that are
    needed together; ``quotes`` are words that answer the question in whatever document contains them.
    ``answerable`` is None where it is not known. ``is_draft``: a program drafted it, and nobody has reworded
    it yet.
    """

    id: str
    text: str
    relevant: Mapping[str, int] = field(default_factory=dict)
    answers: tuple[tuple[Span, ...], ...] = ()
    quotes: tuple[str, ...] = ()
    answerable: bool | None = None
    turns: tuple[Turn, ...] = ()
    is_draft: bool = False


def load(path: Path, *, split: str = "test") -> list[Question]:
    """Read the questions of a file or BEIR folder (those of ``qrels/{split}.tsv``, and unanswerable ones).

    Raises :class:`InvalidQuestions`, which names the invalid file and line.
    """
    questions = list(_beir(path, split) if path.is_dir() else _lines(path))
    if not questions:
        raise InvalidQuestions(f"There are no questions in {path}.")
    return questions


def sources(folder: Path) -> Iterator[Source]:
    """Yield the documents of a BEIR folder with their titles."""
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
                turns=_earlier_turns(row["text"], metadata.get("conversation", ())),
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


def _earlier_turns(question: str, conversation: Sequence[str]) -> tuple[Turn, ...]:
    """Parse the turns of a conversation, ``"user: ..."`` or ``"agent: ..."``, without the question itself."""
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
            is_draft=bool(row.get("draft")),
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


def locate_quotes(questions: list[Question], collection: Collection) -> list[Question]:
    """Add the positions of the questions' quotes in the collection to their answers.

    A quote that no document contains adds none: see :func:`missing_quotes`.
    """
    wanted = {quote for question in questions for quote in question.quotes}
    places: dict[str, list[Span]] = {quote: [] for quote in wanted}
    for document_id, text in texts(collection) if wanted else ():
        for quote in wanted:
            at = text.find(quote)
            while at >= 0:
                places[quote].append(Span(document_id, at, at + len(quote)))
                at = text.find(quote, at + 1)
    return [_with_spans(question, places) for question in questions]


def missing_quotes(questions: Sequence[Question]) -> list[Question]:
    """The questions, after :func:`locate_quotes`, whose quote was not found."""
    return [question for question in questions if question.quotes and not question.answers]


def missing_documents(
    questions: Sequence[Question], collection: Collection
) -> tuple[list[Question], list[str]]:
    """The questions of whose documents the collection has none, and the ids missing for the others."""
    ids = {id_ for question in questions for id_ in question.relevant}
    absent = ids.difference(record.id for record in collection.archive.all_documents()) if ids else ids
    lost = [one for one in questions if one.relevant and absent.issuperset(one.relevant)]
    partly = {id_ for one in questions for id_ in absent.intersection(one.relevant)}
    return lost, sorted(partly.difference(id_ for one in lost for id_ in one.relevant))


def _with_spans(question: Question, places: Mapping[str, list[Span]]) -> Question:
    found = [span for quote in question.quotes for span in places[quote]]
    if question.relevant:
        found = [span for span in found if span.document_id in question.relevant]
    documents = {span.document_id: 1 for span in found}
    return replace(
        question,
        answers=(*question.answers, *((span,) for span in found)),
        relevant={**documents, **question.relevant},
    )


def texts(collection: Collection) -> Iterator[tuple[str, str]]:
    """Yield the id and the newest text of each document."""
    for record in collection.archive.all_documents():
        yield record.id, collection.archive.text(record.id)[1]
