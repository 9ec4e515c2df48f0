"""Check a question, and represent it as the search needs it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from index.answers import Extent, Turn
from index.errors import EmptyQuestion, InvalidLimit
from index.filters import Filter
from index.search.conversation import ContextTurn, context_turns, texts_to_embed
from index.types import Vectors

MAX_K = 100
_LETTERS_PER_TOKEN = 1.8
"""Threshold between languages that the packaged model knows (at least 2.1) and others (at most 1.75)."""


def checked_question(question: str) -> str:
    """Return the question in NFC without outer white space.

    Raises :class:`EmptyQuestion` when it has no letter or digit to search by.
    """
    question = unicodedata.normalize("NFC", question).strip()
    if not any(character.isalnum() for character in question):
        raise EmptyQuestion("The question has no words in it. Ask something, for example: What is BM25?")
    return question


def checked_k(k: int, most: int = MAX_K) -> int:
    """Return ``k``, or raise :class:`InvalidLimit`."""
    if not 1 <= k <= most:
        raise InvalidLimit(f"k is {k}; it may be 1 to {most}.")
    return k


@dataclass(frozen=True, slots=True)
class Question:
    """A checked question: its text in NFC, the number of passages to return, and a filter.

    ``turns`` are the conversation before it, oldest first. ``as_of`` searches as of that change;
    ``extent`` says how much each hit quotes. Use :meth:`checked` to create it, unless its parts are already
    checked.
    """

    text: str
    k: int = 5
    where: Filter | None = None
    turns: Sequence[Turn] = ()
    as_of: int | None = None
    extent: Extent = "passage"

    @staticmethod
    def checked(
        text: str,
        *,
        k: int = 5,
        where: Filter | None = None,
        turns: Sequence[Turn] = (),
        as_of: int | None = None,
        extent: Extent = "passage",
    ) -> Question:
        """Check the parts. Raises :class:`EmptyQuestion`, :class:`InvalidLimit`."""
        return Question(checked_question(text), checked_k(k), where, turns, as_of, extent)

    @property
    def context(self) -> tuple[ContextTurn, ...]:
        """The turns used as context."""
        return context_turns(self.turns)

    @property
    def texts(self) -> list[str]:
        """The texts to embed: the question, then the turns used as context."""
        return texts_to_embed(self.text, self.context)


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A question ready to search: its text, its vector of shape (dimension,), and its context.

    ``is_spelt``: the tokenizer splits it almost into letters. ``extent`` is that of the question.
    """

    question: str
    vector: Vectors
    context: Sequence[ContextTurn] = ()
    is_spelt: bool = False
    extent: Extent = "passage"

    @property
    def context_words(self) -> list[tuple[str, float]]:
        """The context texts with the weights of their words."""
        return [(turn.text, turn.words) for turn in self.context]


def is_spelt(question: str, starts: Sequence[int]) -> bool:
    """Whether the tokens, given by their starts, have hardly more than one letter each.

    A model that splits words into letters has not learned the language: its vectors are unreliable.
    """
    letters = sum(map(str.isalnum, question))
    tokens = sum(question[start].isalnum() for start in starts)
    return letters < _LETTERS_PER_TOKEN * tokens
