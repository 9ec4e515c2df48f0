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

from index.search.cross_encoder import encoding
from index.search.cross_encoder.encoding import OUTSIDE, WINDOW_TOKENS, Window, padded, padded_length
from index.text import Span

if TYPE_CHECKING:
    from training.cross_encoder.samples import Sample

UNKNOWN = -100
"""A label that is not known and is not trained on."""
_SPARE = 2
"""Tokens that a head and a text may have together beyond those of each."""

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
    """Encodes samples as the service encodes windows, with labels beside the tokens."""

    def __init__(self, tokenizer: Tokenizer, max_tokens: int = WINDOW_TOKENS) -> None:
        self.max_tokens = max_tokens
        self._encoder = encoding.Encoder(tokenizer, max_tokens)
        self._lengths = lru_cache(maxsize=60_000)(self._count_sentences)

    @classmethod
    def from_folder(cls, folder: Path, max_tokens: int = WINDOW_TOKENS) -> Encoder:
        """Load the tokenizer of a model."""
        return cls(Tokenizer.from_file(str(folder / "tokenizer.json")), max_tokens)

    def count(self, text: str) -> int:
        """How many tokens a text has."""
        return self._encoder.count(text)

    def sentence_lengths(self, passage: str, sentences: Sequence[Span]) -> tuple[int, ...]:
        """How many tokens each sentence has."""
        return self._lengths(passage, tuple(sentences))

    def _count_sentences(self, passage: str, sentences: tuple[Span, ...]) -> tuple[int, ...]:
        starts = np.array(self._encoder.starts(passage) or [0])
        return tuple(int(((starts >= first) & (starts < last)).sum()) for first, last in sentences)

    def budget(self, question: str, head: str) -> int:
        """How many tokens are left for sentences."""
        return self._encoder.budget(question, head) - _SPARE

    def encode(self, sample: Sample) -> Encoded:
        """Encode question and text, and map the labels to tokens. What is too long is cut at its end."""
        made = self._encoder.encode(sample.question, Window(sample.text, sample.sentences, sample.head))
        start, end = _token_span(sample, made.offsets, made.first)
        return Encoded(
            made.ids,
            made.types,
            made.sentence_of,
            _sentence_labels(sample),
            UNKNOWN if sample.answers is None else int(sample.answers),
            start,
            end,
            UNKNOWN if sample.claim is None else sample.claim,
        )


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
        ids=padded([one.ids for one in encoded], length, 0),
        types=padded([one.types for one in encoded], length, 0),
        mask=padded([[1] * len(one.ids) for one in encoded], length, 0),
        sentence_of=padded([one.sentence_of for one in encoded], length, OUTSIDE),
        sentence_labels=padded([one.sentence_labels for one in encoded], most, UNKNOWN),
        answers=np.array([one.answers for one in encoded], np.int64),
        starts=np.array([one.start for one in encoded], np.int64),
        ends=np.array([one.end for one in encoded], np.int64),
        claims=np.array([one.claim for one in encoded], np.int64),
    )
