"""Follow-up questions: what was said before lends its meaning and its words to the question.

No language model rewrites anything. The question's vector is moved towards those of the last exchange, and
the words of that exchange join the search with a small weight. The weights are justified by the conditions
``mtrag-last-turn`` and ``mtrag-conversation`` in benchmarks/.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.answers import Turn
from index.types import Vectors

_LONGEST = 1000
"""Code points of a turn that count: an answer says first what it is about."""
_QUESTION_MEANING, _QUESTION_WORDS = 0.2, 0.2
_ANSWER_MEANING, _ANSWER_WORDS = 0.5, 0.1


@dataclass(frozen=True, slots=True)
class Said:
    """Something said before, and how much it weighs beside the question itself."""

    text: str
    meaning: float
    words: float


def context(turns: Sequence[Turn]) -> tuple[Said, ...]:
    """What counts of earlier turns, oldest first: the last question, and the last answer."""
    said = []
    for role, meaning, words in (
        ("user", _QUESTION_MEANING, _QUESTION_WORDS),
        ("assistant", _ANSWER_MEANING, _ANSWER_WORDS),
    ):
        last = next((turn.text for turn in reversed(turns) if turn.role == role), "")
        if last.strip():
            said.append(Said(last[:_LONGEST], meaning, words))
    return tuple(said)


def spoken(question: str, said: Sequence[Said]) -> list[str]:
    """The texts to embed: the question, then what was said."""
    return [question, *(one.text for one in said)]


def combined(vectors: Vectors, said: Sequence[Said]) -> Vectors:
    """The question's vector, the first row, moved towards those of what was said; shape (dimension,)."""
    weights = np.array([1.0, *(one.meaning for one in said)], np.float32)
    moved = weights @ vectors
    unit: Vectors = (moved / np.linalg.norm(moved)).astype(np.float32)
    return unit
