"""Use earlier turns of the conversation as context for a follow-up question.

Without a language model: the question's vector is moved towards those of the last exchange, and the words of
that exchange are added to the query with a small weight. The conditions ``mtrag-last-turn`` and
``mtrag-conversation`` in benchmarks/ measure these weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.answers import Turn
from index.types import Vectors

_LONGEST = 1000
"""Code points used of a turn: an answer begins with what it is about."""
_QUESTION_MEANING, _QUESTION_WORDS = 0.2, 0.2
_ANSWER_MEANING, _ANSWER_WORDS = 0.5, 0.1


@dataclass(frozen=True, slots=True)
class ContextTurn:
    """An earlier turn, with the weights of its vector and its words relative to the question."""

    text: str
    meaning: float
    words: float


def context_turns(turns: Sequence[Turn]) -> tuple[ContextTurn, ...]:
    """Select the turns used as context: the last question, then the last answer."""
    context = []
    for role, meaning, words in (
        ("user", _QUESTION_MEANING, _QUESTION_WORDS),
        ("assistant", _ANSWER_MEANING, _ANSWER_WORDS),
    ):
        last = next((turn.text for turn in reversed(turns) if turn.role == role), "")
        if last.strip():
            context.append(ContextTurn(last[:_LONGEST], meaning, words))
    return tuple(context)


def texts_to_embed(question: str, context: Sequence[ContextTurn]) -> list[str]:
    """Return the texts to embed: the question, then the context."""
    return [question, *(turn.text for turn in context)]


def add_context(vectors: Vectors, context: Sequence[ContextTurn]) -> Vectors:
    """Move the question's vector (the first row) towards those of the context; shape (dimension,)."""
    weights = np.array([1.0, *(turn.meaning for turn in context)], np.float32)
    moved = weights @ vectors
    unit: Vectors = (moved / np.linalg.norm(moved)).astype(np.float32)
    return unit
