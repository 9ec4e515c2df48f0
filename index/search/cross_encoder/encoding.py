"""Turn a question and a window into the tokens that the cross-encoder reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.text import Span

if TYPE_CHECKING:
    from tokenizers import Tokenizer

QUESTION_TOKENS = 48
"""Longer questions are cut."""
WINDOW_TOKENS = 192
"""Most tokens of a question and a window together."""
WIDTH_STEP = 16
"""Batches are padded to a multiple of this: kernels are compiled for each shape."""
_CACHED_QUESTIONS = 64
_SPECIAL = 3
_LONGEST_TITLE, _LONGEST_SECTION = 100, 60
"""Characters of a head."""
_HEAD_END = ": "
OUTSIDE = -1
"""The number of the sentence of a token that is in none."""

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Window:
    """Some sentences of a passage, in order, as one text. ``sentences`` are their spans in ``text``.

    ``head`` names what it is from, such as the title of its document; it may be empty.
    """

    text: str
    sentences: tuple[Span, ...]
    head: str = ""


@dataclass(frozen=True, slots=True)
class Encoded:
    """The tokens of a question and a window, with the types that tell one from the other.

    ``sentence_of`` has the number of the sentence of each token, or :data:`OUTSIDE`. ``offsets`` are the
    spans in the window's text of the tokens from ``first`` on; those of its head are negative.
    """

    ids: list[int]
    types: list[int]
    sentence_of: list[int]
    offsets: list[Span]
    first: int


def window_head(title: str, section: str) -> str:
    """The head of a window: the title of its document and the heading above it, each cut where it is long."""
    above = "" if section == title else section[:_LONGEST_SECTION]
    return ", ".join(filter(None, (title[:_LONGEST_TITLE], above)))


class Encoder:
    """Encodes questions and windows. Safe to use from several threads: its tokenizer is not changed."""

    def __init__(self, tokenizer: Tokenizer, max_tokens: int = WINDOW_TOKENS) -> None:
        self.max_tokens = max_tokens
        self.tokenizer = tokenizer
        tokenizer.no_padding()
        tokenizer.no_truncation()
        marks = tokenizer.encode("", add_special_tokens=True).ids
        self._start, self._end = marks[0], marks[-1]
        # The same question is read with each window.
        self._tokens_of = lru_cache(_CACHED_QUESTIONS)(partial(tokenizer.encode, add_special_tokens=False))

    def starts(self, question: str) -> list[int]:
        """The start offsets of the tokens of a question, without those of white space alone."""
        spans = _spans(question, self._tokens_of(question).offsets)
        return [start for start, end in spans if start < end]

    def count(self, text: str) -> int:
        """How many tokens a text has."""
        return len(self.tokenizer.encode(text, add_special_tokens=False))

    def budget(self, question: str, head: str) -> int:
        """How many tokens are left for the sentences of a window."""
        above = self.count(head + _HEAD_END) if head else 0
        return self.max_tokens - _SPECIAL - min(len(self._tokens_of(question)), QUESTION_TOKENS) - above

    def encode(self, question: str, window: Window) -> Encoded:
        """Encode a question and a window. What is too long is cut at its end."""
        asked = self._tokens_of(question).ids[:QUESTION_TOKENS]
        head = window.head + _HEAD_END if window.head else ""
        read = self.tokenizer.encode(head + window.text, add_special_tokens=False)
        room = self.max_tokens - _SPECIAL - len(asked)
        ids = [self._start, *asked, self._end, *read.ids[:room], self._end]
        before = len(asked) + 2
        spans = _spans(head + window.text, read.offsets[:room])
        offsets = [(start - len(head), end - len(head)) for start, end in spans]
        numbers = [OUTSIDE] * before + _sentence_numbers(offsets, window.sentences) + [OUTSIDE]
        return Encoded(ids, [0] * before + [1] * (len(ids) - before), numbers, offsets, before)


def _spans(text: str, offsets: Sequence[Span]) -> list[Span]:
    """The spans of tokens, without the space that those of some tokenizers begin with."""
    return [(start + (end > start and text[start].isspace()), end) for start, end in offsets]


def _sentence_numbers(offsets: Sequence[Span], sentences: Sequence[Span]) -> list[int]:
    numbers, at = [], 0
    for start, _ in offsets:
        while at < len(sentences) and start >= sentences[at][1]:
            at += 1
        inside = at < len(sentences) and start >= sentences[at][0]
        numbers.append(at if inside else OUTSIDE)
    return numbers


def padded_length(tokens: int) -> int:
    """The width that so many tokens are padded to."""
    return -(-tokens // WIDTH_STEP) * WIDTH_STEP


def padded(rows: Sequence[Sequence[int]], width: int, value: int) -> Numbers:
    """Rows of numbers as one array of this width, filled with a value."""
    made = np.full((len(rows), width), value, np.int64)
    for at, row in enumerate(rows):
        made[at, : len(row)] = row
    return made
