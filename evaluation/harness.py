"""Ask a collection questions, and record the outcome of each."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from evaluation import by_kind, measures, reliability, verdicts
from evaluation.by_kind import Figures
from evaluation.questions import InvalidQuestions, Question
from evaluation.verdicts import Verdict
from index.answers import Answer, Extent, Hit
from index.collection import Collection

FORMAT = 4
_READABLE = {1, 2, 3, 4}
"""Formats that can be read. In format 1 questions have no kinds, before 3 no words, before 4 no places."""
MAX_LOCATORS = 3
"""Locators recorded for each question, for inspection."""
_MOST_EXPECTED, _MOST_WORDS = 3, 300
"""Answers whose words are recorded, and characters of each."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one question: its measures, and the answerability that the collection stated.

    ``kinds`` are those of the documents that answer it, without repetition; ``is_draft`` as in
    :class:`evaluation.questions.Question`. ``expected`` are words that answer, one entry for each way, or the
    ids of documents where no words are known; ``found`` is what the passages of ``locators`` light or quote.
    ``place`` is the rank of the first passage with the answer, 0 if none has it, None where the answer is not
    known; ``is_lit``: a lit sentence of that passage has it.
    """

    id: str
    question: str
    values: Mapping[str, float]
    answerability: float
    features: Mapping[str, float]
    answerable: bool | None
    milliseconds: float
    locators: Sequence[str]
    kinds: Sequence[str] = ()
    is_draft: bool = False
    expected: Sequence[str] = ()
    found: Sequence[str] = ()
    place: int | None = None
    is_lit: bool = False


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The outcomes of a set of questions, and the collection and settings they were asked with."""

    name: str
    fingerprint: str
    settings: Mapping[str, Any]
    outcomes: Sequence[Outcome] = field(default_factory=tuple)

    def names(self) -> list[str]:
        """Names of the measures of any question, in order of first occurrence."""
        return list(dict.fromkeys(name for outcome in self.outcomes for name in outcome.values))

    def by_question(self, measure: str) -> dict[str, float]:
        """Values of a measure by question id, for the questions that have it."""
        return {one.id: one.values[measure] for one in self.outcomes if measure in one.values}

    def estimates(self) -> dict[str, measures.Estimate]:
        """Means of all measures with their intervals."""
        return {name: measures.mean(list(self.by_question(name).values())) for name in self.names()}

    def reliability(self) -> reliability.Reliability | None:
        """Reliability of ``answerability``; None without both answerable and unanswerable questions."""
        known = [one for one in self.outcomes if one.answerable is not None]
        return reliability.measure(
            np.array([one.answerability for one in known]), np.array([bool(one.answerable) for one in known])
        )

    def verdicts(self) -> dict[str, Verdict]:
        """The verdicts by question id, for the questions whose answers are known."""
        least = self.settings.get("min_answerability", verdicts.LEAST)
        judged = {
            one.id: verdicts.judge(one.answerable, one.place, one.answerability, least, is_lit=one.is_lit)
            for one in self.outcomes
        }
        return {id_: verdict for id_, verdict in judged.items() if verdict is not None}

    def by_kind(self) -> dict[str, Figures]:
        """Figures by the kind of the documents that answer a question, kinds with most questions first.

        A question that documents of several kinds answer counts in each of them.
        """
        unanswerable = [one.answerability for one in self.outcomes if one.answerable is False]
        of_kind: dict[str, list[Outcome]] = {}
        for one in self.outcomes:
            for kind in one.kinds:
                of_kind.setdefault(kind, []).append(one)
        found = {}
        for kind, some in sorted(of_kind.items(), key=lambda item: (-len(item[1]), item[0])):
            values = {name: [one.values[name] for one in some if name in one.values] for name in self.names()}
            answerable = [one.answerability for one in some if one.answerable]
            found[kind] = Figures(
                len(some), by_kind.estimates(values), by_kind.auroc(answerable, unanswerable)
            )
        return found

    def of_several_kinds(self) -> int:
        """Count the questions that documents of several kinds answer."""
        return sum(len(one.kinds) > 1 for one in self.outcomes)

    def drafts(self) -> int:
        """Count the questions that are drafts."""
        return sum(one.is_draft for one in self.outcomes)

    def latency(self) -> dict[str, float]:
        """Percentiles of the time per question in milliseconds: ``p50``, ``p95`` and ``p99``."""
        times = [one.milliseconds for one in self.outcomes]
        return {f"p{share}": float(np.percentile(times, share)) for share in (50, 95, 99)}


def evaluate(
    collection: Collection,
    questions: Sequence[Question],
    *,
    name: str,
    settings: Mapping[str, Any] | None = None,
    extent: Extent = "passage",
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Ask all questions one at a time, as a single client would."""
    answers: list[Answer] = []
    for done, question in enumerate(questions, 1):
        answers.append(collection.ask(question.text, k=measures.DEPTH, turns=question.turns, extent=extent))
        if progress:
            progress(done, len(questions))
    kinds = _kinds(collection, questions)
    values = measures.measure(questions, [answer.hits for answer in answers])
    outcomes = [
        Outcome(
            id=question.id,
            question=question.text,
            values=of_question,
            answerability=answer.answerability,
            features=answer.features,
            answerable=question.answerable,
            milliseconds=answer.timings_ms["total"],
            locators=[hit.citation.locator for hit in answer.hits[:MAX_LOCATORS]],
            kinds=of_documents,
            is_draft=question.is_draft,
            expected=_expected(collection, question),
            found=[_found(hit) for hit in answer.hits[:MAX_LOCATORS]],
            place=(where := measures.find_answer(question, answer.hits))[0],
            is_lit=where[1],
        )
        for question, answer, of_question, of_documents in zip(questions, answers, values, kinds, strict=True)
    ]
    return Evaluation(name, collection.fingerprint, settings or {}, outcomes)


def _expected(collection: Collection, question: Question) -> list[str]:
    """Words that answer a question, or the ids of documents that do."""
    if question.answerable is False:
        return []
    ways = []
    for spans in question.answers[:_MOST_EXPECTED]:
        texts = {one.document_id: collection.archive.text(one.document_id)[1] for one in spans}
        ways.append(_short(" … ".join(texts[one.document_id][one.start : one.end] for one in spans)))
    return ways or [_short(quote) for quote in question.quotes[:_MOST_EXPECTED]] or list(question.relevant)


def _found(hit: Hit) -> str:
    """The sentences that a passage lights, or its first words."""
    start = hit.citation.start
    return _short(
        " … ".join(hit.text[one.start - start : one.end - start] for one in hit.evidence) or hit.text
    )


def _short(text: str) -> str:
    return text if len(text) <= _MOST_WORDS else f"{text[:_MOST_WORDS]}…"


def _kinds(collection: Collection, questions: Sequence[Question]) -> list[list[str]]:
    """For each question the kinds of the documents that answer it; none for unanswerable questions."""
    relevant = [[] if one.answerable is False else list(one.relevant) for one in questions]
    named = {id_ for ids in relevant for id_ in ids}
    records = {id_: collection.archive.find_document(id_) for id_ in named}
    kinds = {id_: kind_of(record.media_type) for id_, record in records.items() if record}
    return [sorted({kinds[id_] for id_ in ids if id_ in kinds}) for ids in relevant]


def save(evaluation: Evaluation, path: Path) -> None:
    """Write an evaluation as JSON, for later comparison, with the figures by kind for other programs."""
    found = {kind: asdict(figures) for kind, figures in evaluation.by_kind().items()}
    value = {"format": FORMAT, **asdict(evaluation), "by_kind": found}
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> Evaluation:
    """Read an evaluation that :func:`save` wrote. Raises :class:`InvalidQuestions` for any other file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        found.pop("by_kind", None)  # computed from the outcomes
        if found.pop("format") not in _READABLE:
            raise InvalidQuestions(f"{path} was saved by another version. Run the evaluation again.")
        outcomes = [Outcome(**one) for one in found.pop("outcomes")]
        return Evaluation(**found, outcomes=outcomes)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidQuestions(
            f"{path} is not a saved evaluation. Make one with loccit eval --save."
        ) from error


# Kinds of documents as people call them.


_OOXML = "application/vnd.openxmlformats-officedocument"
_OPENDOCUMENT = "application/vnd.oasis.opendocument"
_KINDS: Mapping[str, str] = {
    "application/pdf": "PDF",
    f"{_OOXML}.wordprocessingml.document": "Word",
    "application/msword": "Word",
    f"{_OPENDOCUMENT}.text": "OpenDocument text",
    "application/rtf": "Rich Text",
    f"{_OOXML}.spreadsheetml.sheet": "spreadsheet",
    "application/vnd.ms-excel": "spreadsheet",
    f"{_OPENDOCUMENT}.spreadsheet": "spreadsheet",
    "text/csv": "CSV",
    f"{_OOXML}.presentationml.presentation": "presentation",
    "application/vnd.ms-powerpoint": "presentation",
    f"{_OPENDOCUMENT}.presentation": "presentation",
    "text/html": "HTML",
    "text/markdown": "Markdown",
    "text/x-rst": "reStructuredText",
    "text/plain": "plain text",
    "application/epub+zip": "book",
    "message/rfc822": "mail",
    "application/vnd.ms-outlook": "mail",
    "application/mbox": "mail",
    "application/json": "JSON",
    "application/jsonl": "JSON",
    "application/x-subrip": "subtitles",
    "text/vtt": "subtitles",
    "text/x-source-code": "source code",
}
"""Media types that readers store -> kinds. Formats of one sort that people do not tell apart share a kind."""


def kind_of(media_type: str) -> str:
    """The kind of a document by its stored media type; the media type itself where it has no other name."""
    return _KINDS.get(media_type, media_type)
