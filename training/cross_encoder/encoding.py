"""Turn samples into tokens and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from index.text import Span

if TYPE_CHECKING:
    from training.cross_encoder.samples import Sample

QUESTION_TOKENS = 48
"""Longer questions are cut."""
LENGTH_STEP = 16
"""Batches are padded to a multiple of this: kernels are compiled for each shape."""
UNKNOWN = -100
"""A label that is not known and is not trained on."""
_SPECIAL = 3
_HEAD_END = ": "

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Encoded:
    """Tokens of a sample and the labels of each head."""

    ids: list[int]
    types: list[int]
    sentence_of: list[int]
    """The number of the sentence of each token, -1 for others."""
    sentence_labels: list[int]
    """For each sentence 1 if it answers, 0 if not, or ``UNKNOWN``."""
    answers: int
    start: int
    end: int
    """First and last token of the answer; 0 if there is none, or ``UNKNOWN``."""
    claim: int


class Encoder:
    """Encodes samples with the tokenizer of the model."""

    def __init__(self, tokenizer: Tokenizer, max_tokens: int = 192) -> None:
        self.max_tokens = max_tokens
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._lengths = lru_cache(maxsize=60_000)(self._count_sentences)

    @classmethod
    def from_folder(cls, folder: Path, max_tokens: int = 192) -> Encoder:
        """Load the tokenizer of a model."""
        return cls(Tokenizer.from_file(str(folder / "tokenizer.json")), max_tokens)

    def count(self, text: str) -> int:
        """How many tokens a text has."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def sentence_lengths(self, passage: str, sentences: Sequence[Span]) -> tuple[int, ...]:
        """How many tokens each sentence has."""
        return self._lengths(passage, tuple(sentences))

    def _count_sentences(self, passage: str, sentences: tuple[Span, ...]) -> tuple[int, ...]:
        encoding = self._tokenizer.encode(passage, add_special_tokens=False)
        starts = np.array([start for start, _ in encoding.offsets] or [0])
        return tuple(int(((starts >= first) & (starts < last)).sum()) for first, last in sentences)

    def budget(self, question: str, head: str) -> int:
        """How many tokens are left for sentences."""
        asked = min(self.count(question), QUESTION_TOKENS)
        return self.max_tokens - _SPECIAL - asked - (self.count(head + _HEAD_END) if head else 0) - 2

    def encode(self, sample: Sample) -> Encoded:
        """Encode question and text, and map the labels to tokens. What is too long is cut at its end."""
        asked = self._tokenizer.encode(sample.question, add_special_tokens=False).ids[:QUESTION_TOKENS]
        head = sample.head + _HEAD_END if sample.head else ""
        read = self._tokenizer.encode(head + sample.text, add_special_tokens=False)
        room = self.max_tokens - _SPECIAL - len(asked)
        first, last = self._marks()
        ids = [first, *asked, last, *read.ids[:room], last]
        types = [0] * (len(asked) + 2) + [1] * (len(ids) - len(asked) - 2)
        offsets = [(a - len(head), b - len(head)) for a, b in read.offsets[:room]]
        before = len(asked) + 2
        sentence_of = [-1] * before + _sentence_numbers(offsets, sample.sentences) + [-1]
        start, end = _token_span(sample, offsets, before)
        return Encoded(
            ids,
            types,
            sentence_of,
            _sentence_labels(sample),
            UNKNOWN if sample.answers is None else int(sample.answers),
            start,
            end,
            UNKNOWN if sample.claim is None else sample.claim,
        )

    def _marks(self) -> tuple[int, int]:
        ids = self._tokenizer.encode("", add_special_tokens=True).ids
        return ids[0], ids[-1]


def _sentence_numbers(offsets: Sequence[Span], sentences: Sequence[Span]) -> list[int]:
    numbers, at = [], 0
    for start, _ in offsets:
        while at < len(sentences) and start >= sentences[at][1]:
            at += 1
        inside = at < len(sentences) and start >= sentences[at][0]
        numbers.append(at if inside else -1)
    return numbers


def _sentence_labels(sample: Sample) -> list[int]:
    if sample.answering is None:
        return [UNKNOWN] * len(sample.sentences)
    return [int(number in sample.answering) for number in range(len(sample.sentences))]


def _token_span(sample: Sample, offsets: Sequence[Span], before: int) -> tuple[int, int]:
    if sample.answers is False:
        return 0, 0
    if sample.span is None:
        return UNKNOWN, UNKNOWN
    first, last = sample.span
    tokens = [n for n, (start, end) in enumerate(offsets) if start >= 0 and start < last and end > first]
    return (tokens[0] + before, tokens[-1] + before) if tokens else (UNKNOWN, UNKNOWN)


@dataclass(frozen=True, slots=True)
class Batch:
    """Encoded samples of similar length, padded."""

    ids: Numbers
    types: Numbers
    mask: Numbers
    sentence_of: Numbers
    """The number of the sentence of each token, -1 for others."""
    sentence_labels: Numbers
    answers: Numbers
    starts: Numbers
    ends: Numbers
    claims: Numbers


def batch(encoded: Sequence[Encoded]) -> Batch:
    """Pad encoded samples to the length of the longest, rounded up."""
    length = padded_length(max(len(one.ids) for one in encoded))
    most = max(1, *(len(one.sentence_labels) for one in encoded))
    return Batch(
        ids=_padded([one.ids for one in encoded], length, 0),
        types=_padded([one.types for one in encoded], length, 0),
        mask=_padded([[1] * len(one.ids) for one in encoded], length, 0),
        sentence_of=_padded([one.sentence_of for one in encoded], length, -1),
        sentence_labels=_padded([one.sentence_labels for one in encoded], most, UNKNOWN),
        answers=np.array([one.answers for one in encoded], np.int64),
        starts=np.array([one.start for one in encoded], np.int64),
        ends=np.array([one.end for one in encoded], np.int64),
        claims=np.array([one.claim for one in encoded], np.int64),
    )


def padded_length(tokens: int) -> int:
    """The length that so many tokens are padded to."""
    return -(-tokens // LENGTH_STEP) * LENGTH_STEP


def _padded(rows: Sequence[Sequence[int]], length: int, value: int) -> Numbers:
    made = np.full((len(rows), length), value, np.int64)
    for at, row in enumerate(rows):
        made[at, : len(row)] = row
    return made
