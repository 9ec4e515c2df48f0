"""Check a question, and represent it as the search needs it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from index.answers import Extent, NearDuplicates, Turn
from index.config import MAX_K
from index.embedding.cosine_scale import AS_THEY_ARE, CosineScale
from index.errors import EmptyQuestion, InvalidLimit
from index.filters import Filter
from index.patterns import lazy_pattern
from index.search.question.conversation import NO_CONTEXT, Context, ContextTurn, find_context, texts_to_embed
from index.types import Vectors

_LONGEST_BEFORE = 150
"""Code points that are read of the question before a follow-up; the question itself must not be cut."""
_LETTERS_PER_TOKEN = 1.8
"""Threshold between languages that the packaged model knows (at least 2.1) and others (at most 1.75)."""
_CHARACTERS_PER_TOKEN = 1.2
"""The same for scripts without spaces: 1 for a model that does not know them, at least 1.4 for others."""
_UNSPACED = lazy_pattern(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")


def normalize_question(question: str) -> str:
    """Return the question in NFC without outer white space.

    Raises :class:`EmptyQuestion` when it has no letter or digit to search by.
    """
    question = unicodedata.normalize("NFC", question).strip()
    if not any(map(str.isalnum, question)):
        raise EmptyQuestion("The question has no words in it. Ask something, for example: What is BM25?")
    return question


def validate_k(k: int, most: int = MAX_K) -> int:
    """Return ``k``, or raise :class:`InvalidLimit`."""
    if not 1 <= k <= most:
        raise InvalidLimit(f"k is {k}; it may be 1 to {most}.")
    return k


def validate_per_document(count: int | None, most: int = MAX_K) -> int | None:
    """Return the most passages of one document, None for any number, or raise :class:`InvalidLimit`."""
    if count is not None and not 1 <= count <= most:
        raise InvalidLimit(
            f"max_per_document is {count}; it may be 1 to {most}. Leave it out to allow any number."
        )
    return count


@dataclass(frozen=True, slots=True)
class Selection:
    """The selection of hits from ranked passages, and the extent of their quotes.

    At most ``max_per_document`` hits come from one document; None is any number.
    """

    extent: Extent = "passage"
    max_per_document: int | None = None
    near_duplicates: NearDuplicates = "fold"


@dataclass(frozen=True, slots=True)
class Question:
    """A checked question: its text in NFC, the number of passages to return, and a filter.

    ``turns`` are the conversation before it, oldest first. ``as_of`` searches as of that change; otherwise
    the answer has all changes up to ``at_least_change``. The three fields between them are those of its
    :class:`Selection`. ``read``: the cross-encoder may read the first passages. Use :meth:`validate` to
    create it, unless its parts are already checked.
    """

    text: str
    k: int = 5
    where: Filter | None = None
    turns: Sequence[Turn] = ()
    as_of: int | None = None
    extent: Extent = "passage"
    max_per_document: int | None = None
    near_duplicates: NearDuplicates = "fold"
    at_least_change: int = 0
    read: bool = True

    @staticmethod
    def validate(  # noqa: PLR0913 -- the parts of a question
        text: str,
        *,
        k: int = 5,
        where: Filter | None = None,
        turns: Sequence[Turn] = (),
        as_of: int | None = None,
        extent: Extent = "passage",
        max_per_document: int | None = None,
        near_duplicates: NearDuplicates = "fold",
    ) -> Question:
        """Check the parts. Raises :class:`EmptyQuestion`, :class:`InvalidLimit`."""
        most = validate_per_document(max_per_document)
        return Question(
            normalize_question(text), validate_k(k), where, turns, as_of, extent, most, near_duplicates
        )

    @property
    def selection(self) -> Selection:
        """The selection of hits."""
        return Selection(self.extent, self.max_per_document, self.near_duplicates)

    @property
    def context(self) -> Context:
        """The part of the conversation that may be used."""
        return find_context(self.turns) if self.turns else NO_CONTEXT

    @property
    def texts(self) -> list[str]:
        """The texts to embed: the question, then earlier ones that may be used."""
        return texts_to_embed(self.text, self.context)


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A question ready to search: its text, its vector of shape (dimension,), and its context.

    ``is_spelt``: the tokenizer splits it almost into letters. ``selection`` is that of the question.
    ``near`` is its cosine with its context; 0 without one. ``documents`` are the ids of those that it
    asks of, empty for all. ``read``: the cross-encoder may read the first passages. ``said`` is what was
    answered just before, where it has a context. ``new`` is what a follow-up asks about instead of what was
    answered: "Graz" of "And in Graz?". ``topic`` is the document that the last answer quotes,
    where the question needs that. ``scale`` is that of its vector's cosines.
    """

    question: str
    vector: Vectors
    context: Sequence[ContextTurn] = ()
    is_spelt: bool = False
    selection: Selection = Selection()
    near: float = 0.0
    documents: frozenset[str] = frozenset()
    read: bool = True
    said: str = ""
    new: str = ""
    topic: str = ""
    scale: CosineScale = AS_THEY_ARE

    @property
    def text_to_read(self) -> str:
        """The question as the cross-encoder reads it: a follow-up behind the question before it."""
        if not self.context:
            return self.question
        return f"{self.context[0].text[:_LONGEST_BEFORE]} {self.question}"

    @property
    def context_words(self) -> list[tuple[str, float]]:
        """The context texts with the weights of their words."""
        return [(turn.text, turn.words) for turn in self.context] if self.context else []


def is_spelt(question: str, starts: Sequence[int]) -> bool:
    """Whether the tokens, given by their start offsets, have hardly more than one letter each.

    A model that splits words into letters has not learned the language: its vectors are unreliable.
    """
    letters = sum(map(str.isalnum, question))
    if not question.isascii():
        unspaced = {match.start() for match in _UNSPACED.finditer(question)}
        if 2 * len(unspaced) > letters:
            return len(unspaced) < _CHARACTERS_PER_TOKEN * len(unspaced.intersection(starts))
    tokens = sum(map(str.isalnum, map(question.__getitem__, starts)))
    return letters < _LETTERS_PER_TOKEN * tokens
