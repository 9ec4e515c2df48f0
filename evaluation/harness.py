"""Asks a collection the questions, and keeps what came of each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from evaluation import measures, reliability
from evaluation.questions import InvalidQuestions, Question
from index.answers import Answer
from index.collection import Collection

FORMAT = 1
SHOWN = 3
"""Locators kept for each question, for people to look at."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question. ``values`` are its measures; ``answerability`` what the service said."""

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
    """What came of a set of questions, and of what they were asked."""

    name: str
    fingerprint: str
    settings: Mapping[str, Any]
    outcomes: Sequence[Outcome] = field(default_factory=tuple)

    def names(self) -> list[str]:
        """The measures that some question has, in order of first occurrence."""
        return list(dict.fromkeys(name for outcome in self.outcomes for name in outcome.values))

    def by_question(self, measure: str) -> dict[str, float]:
        """Question id -> value, for the questions that have this measure."""
        return {one.id: one.values[measure] for one in self.outcomes if measure in one.values}

    def estimates(self) -> dict[str, measures.Estimate]:
        """All means with their intervals."""
        return {name: measures.mean(list(self.by_question(name).values())) for name in self.names()}

    def reliability(self) -> reliability.Reliability | None:
        """How far ``answerability`` can be trusted; None without both kinds of questions."""
        known = [one for one in self.outcomes if one.answerable is not None]
        return reliability.of(
            np.array([one.answerability for one in known]), np.array([bool(one.answerable) for one in known])
        )

    def latency(self) -> dict[str, float]:
        """Milliseconds for one question: half of all took no longer than ``p50``, and so on."""
        times = [one.milliseconds for one in self.outcomes]
        return {f"p{share}": float(np.percentile(times, share)) for share in (50, 95, 99)}


def evaluate(
    collection: Collection,
    questions: Sequence[Question],
    *,
    name: str,
    settings: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Ask all questions, one at a time, as a client would."""
    answers: list[Answer] = []
    for done, question in enumerate(questions, 1):
        answers.append(collection.ask(question.text, k=measures.DEPTH, turns=question.turns))
        if progress:
            progress(done, len(questions))
    values = measures.measured(questions, [answer.hits for answer in answers])
    outcomes = [
        Outcome(
            id=question.id,
            question=question.text,
            values=of_question,
            answerability=answer.answerability,
            features=answer.features,
            answerable=question.answerable,
            milliseconds=answer.timings_ms["total"],
            locators=[hit.citation.locator for hit in answer.hits[:SHOWN]],
        )
        for question, answer, of_question in zip(questions, answers, values, strict=True)
    ]
    return Evaluation(name, collection.fingerprint, settings or {}, outcomes)


def save(evaluation: Evaluation, path: Path) -> None:
    """Write an evaluation as JSON, to be compared with another later."""
    path.write_text(json.dumps({"format": FORMAT, **asdict(evaluation)}, ensure_ascii=False, indent=1) + "\n")


def load(path: Path) -> Evaluation:
    """Read what :func:`save` wrote. Raises :class:`InvalidQuestions` if it is something else."""
    try:
        found = json.loads(path.read_text())
        if found.pop("format") != FORMAT:
            raise InvalidQuestions(f"{path} was saved by another version. Run the evaluation again.")
        outcomes = [Outcome(**one) for one in found.pop("outcomes")]
        return Evaluation(**found, outcomes=outcomes)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidQuestions(f"{path} is no saved evaluation. Make one with loccit eval --save.") from error
