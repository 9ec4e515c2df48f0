"""Use the earlier turns of a conversation for a follow-up question, where it needs them.

Without a language model: the question's vector is moved towards those of earlier questions and of the
sentences that the last answer quotes, and their words are added to the query with a small weight. The
question is asked alone and with this context; fitted weights (``conversation.json``) decide which answer is
taken. Nothing else that was answered is context: that the documents do not say is no topic, and neither are
the passages that come nearest then. A question into which its words put what it refers to
(:mod:`index.search.question.follow_ups`) is asked in these words, without context.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from pathlib import Path

import numpy as np

from index.answers import DECLINED, NOT_CONFIRMED, Turn
from index.search.question.courtesies import is_courtesy
from index.search.question.follow_ups import FollowUpQuestion, resolve, resolve_all
from index.search.question.references import References, references
from index.search.regression import Numbers, Regression
from index.types import Vectors

_FITTED = Path(__file__).with_suffix(".json")
_LONGEST_QUESTION = 300
"""Code points used of an earlier question."""
_LONGEST_ANSWER = 1000
"""Code points of the last answer that are looked through for quotes."""
_MOST_QUESTIONS = 3
"""Earlier questions used."""
_MOST_RESOLVED = 8
"""Earlier questions in which what a follow-up refers to is looked for."""
_FIRST_MARK = "[1]"
"""Mark behind the first sentence of an answer."""
_MEANING, _WORDS, _DECAY = 0.5, 0.4, 0.5
"""Weights of the last question's vector and words, and what is left of them for each one before it."""
QUOTED_MEANING, QUOTED_WORDS = 0.1, 0.1
"""Weights of the vectors, and of the words of names, of what the last answer quotes: more leads back to what
was quoted. Chosen on MTRAG's development half, with answers of this service, and on made questions."""
_NEAR = 0.3
"""The cosine of a question with its context from which on both are surely on one topic."""
_CERTAIN = 4.0
"""The largest logit of an answer's probability that is expected: 98 %."""
FEATURES = ("gain", "asked", "near", "alone", "inside", "continues", "brief")
"""The features that decide: by how much the logit of the probability is larger with context than without, and
how large it is without; the cosine of the question with its context; what in the question refers
(:class:`index.search.question.references.References`), and how few words say what it is about."""


@dataclass(frozen=True, slots=True)
class ContextTurn:
    """An earlier turn, with the weights of its vector and its words relative to the question."""

    text: str
    meaning: float
    words: float


@dataclass(frozen=True, slots=True)
class Context:
    """The part of a conversation that may be used: earlier questions, newest first, and the last answer.

    Of ``said`` only what the documents say word for word is used. ``earlier`` are more of the earlier
    questions, oldest first, each with what it refers to.
    """

    questions: tuple[ContextTurn, ...] = ()
    said: str = ""
    earlier: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.questions or self.said)

    def resolve(self, question: str) -> FollowUpQuestion | None:
        """The question with what it refers to put in; None where that is not sure."""
        return resolve(question, self.earlier)

    def said_before(self, question: str) -> str:
        """The first sentence of the last answer, unless a question only asks the one before it again."""
        before = self.questions[0].text if self.questions else ""
        return "" if before.casefold() == question.casefold() else self.said.partition(_FIRST_MARK)[0]


NO_CONTEXT = Context()


def find_context(turns: Sequence[Turn]) -> Context:
    """Select what of a conversation may be used.

    Greetings and thanks are left out, and what was answered to them.
    """
    asked = [at for at, turn in enumerate(turns) if turn.role == "user" and not is_courtesy(turn.text)]
    used: list[ContextTurn] = []
    earlier = resolve_all([turns[at].text.strip()[:_LONGEST_QUESTION] for at in asked[-_MOST_RESOLVED:]])
    for text in reversed(earlier[-_MOST_QUESTIONS:]):
        weight = _DECAY ** len(used)
        used.append(ContextTurn(text, weight * _MEANING, weight * _WORDS))
    return Context(tuple(used), _said_after(turns, asked[-1] + 1 if asked else 0), tuple(earlier))


def _said_after(turns: Sequence[Turn], start: int) -> str:
    """The last answer to a question, up to where it declines or names what is not confirmed."""
    said = ""
    for turn in turns[start:]:
        if turn.role == "user":
            break
        said = turn.text
    for end in (DECLINED, NOT_CONFIRMED):
        said = said.partition(end)[0]
    return said.strip()[:_LONGEST_ANSWER]


def texts_to_embed(question: str, context: Context) -> list[str]:
    """Return the texts to embed: the question, the earlier ones, and the question with what it refers to."""
    resolved = context.resolve(question)
    own = [resolved.text] if resolved is not None and resolved.text else []
    return [question, *map(attrgetter("text"), context.questions), *own]


def add_context(vectors: Vectors, context: Sequence[ContextTurn]) -> Vectors:
    """Move the question's vector (the first row) towards those of the context; shape (dimension,)."""
    weights = np.array([1.0, *map(attrgetter("meaning"), context)], np.float32)
    moved = weights @ vectors
    unit: Vectors = (moved / np.linalg.norm(moved)).astype(np.float32)
    return unit


def nearness(vectors: Vectors, context: Sequence[ContextTurn]) -> float:
    """The cosine of the question (the first row) with its context; 0 if that has no vector."""
    if not context:
        return 0.0
    together = np.array([turn.meaning for turn in context], np.float32) @ vectors[1:]
    length = float(np.linalg.norm(together))
    return float(vectors[0] @ together) / length if length else 0.0


def share_of_context(found: References, near: float) -> float:
    """How much of the weights of its context a question gets, 0 to 1.

    Less where the context is on another topic; all where the question cannot stand alone, since it says too
    little to be near to anything.
    """
    return 1.0 if found.is_dependent else min(1.0, max(0.0, near) / _NEAR)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Decides whether a question is answered alone or with the conversation before it."""

    references: References
    weights: Regression

    @staticmethod
    def of(question: str) -> FollowUp:
        """A question with the fitted weights."""
        return FollowUp(references(question), fitted_weights())

    def may_need_context(self, alone: float, near: float = 1.0) -> bool:
        """Whether context could change the answer; ``near`` is 1 where it is not known yet."""
        return self.prefers_context(alone, _CERTAIN, near)

    def prefers_context(self, alone: float, with_context: float, near: float) -> bool:
        """Whether to answer with context.

        ``alone`` and ``with_context`` are the logits of the probability without it and with it, ``near`` is
        the cosine of the question with it.
        """
        row = features(self.references, alone, with_context, near)
        return float(self.weights.logits(row)[0]) > 0.0


def features(found: References, alone: float, with_context: float, near: float) -> Numbers:
    """The features of the decision as one row, in the order of :data:`FEATURES`."""
    brief = 1.0 / (1 + found.words)
    row = with_context - alone, alone, near, found.alone, found.inside, found.continues, brief
    return np.array([row], np.float64)


@cache
def fitted_weights() -> Regression:
    """The weights that come with the package."""
    return Regression.of_json(json.loads(_FITTED.read_text(encoding="utf-8"))["weights"])
