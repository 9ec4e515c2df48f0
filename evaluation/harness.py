"""Ask a collection questions, and record the outcome of each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from evaluation import measures, reliability
from evaluation.questions import InvalidQuestions, Question
from index.answers import Answer, Extent
from index.collection import Collection

FORMAT = 1
MAX_LOCATORS = 3
"""Locators recorded for each question, for inspection."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one question: its measures, and the answerability that the collection stated."""

    id: str
    question: str
    values: Mapping[str, float]
    answerability: float
    features: Mapping[str, float]
    answerable: bool | None
    milliseconds: float
    locators: Sequence[str]


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
        )
        for question, answer, of_question in zip(questions, answers, values, strict=True)
    ]
    return Evaluation(name, collection.fingerprint, settings or {}, outcomes)


def save(evaluation: Evaluation, path: Path) -> None:
    """Write an evaluation as JSON, for later comparison."""
    path.write_text(json.dumps({"format": FORMAT, **asdict(evaluation)}, ensure_ascii=False, indent=1) + "\n")


def load(path: Path) -> Evaluation:
    """Read an evaluation that :func:`save` wrote. Raises :class:`InvalidQuestions` for any other file."""
    try:
        found = json.loads(path.read_text())
        if found.pop("format") != FORMAT:
            raise InvalidQuestions(f"{path} was saved by another version. Run the evaluation again.")
        outcomes = [Outcome(**one) for one in found.pop("outcomes")]
        return Evaluation(**found, outcomes=outcomes)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidQuestions(
            f"{path} is not a saved evaluation. Make one with loccit eval --save."
        ) from error
