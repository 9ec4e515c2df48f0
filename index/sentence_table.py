"""Sentences of several passages in flat arrays, for vectorized computation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from index.types import Sentences, Vectors

Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SentenceTable:
    """The concatenated sentences of n passages, s in all; see :class:`index.types.Sentences`.

    Per passage (n): ``known`` (sentences are stored), ``counts`` (number of sentences), ``term_counts``
    (number of terms) and ``has_vectors``. Per sentence: ``spans`` of shape (s, 2), and ``term_ends`` (s),
    counted from the passage's first term. ``vectors`` has rows only for passages with ``has_vectors``;
    multiplied by ``scales`` they are unit vectors.
    """

    known: NDArray[np.bool_]
    counts: Counts
    term_counts: Counts
    spans: NDArray[np.int32]
    term_ends: NDArray[np.int32]
    terms: NDArray[np.uint32]
    has_vectors: NDArray[np.bool_]
    vectors: NDArray[np.int8] | NDArray[np.float32]
    scales: NDArray[np.float32]

    @staticmethod
    def of(passages: Sequence[Sentences]) -> SentenceTable:
        """Build the table from the sentences of each passage."""
        has_vectors = np.array([len(one.vectors) > 0 for one in passages], np.bool_)
        vectors = [one.vectors for one in passages if len(one.vectors)]
        rows = np.concatenate(vectors) if vectors else np.empty((0, 0), np.float32)
        return SentenceTable(
            known=np.ones(len(passages), np.bool_),
            counts=np.array([len(one) for one in passages], np.int64),
            term_counts=np.array([len(one.terms) for one in passages], np.int64),
            spans=np.concatenate([np.empty((0, 2), np.int32), *(one.spans for one in passages)]),
            term_ends=np.concatenate([np.empty(0, np.int32), *(one.term_ends for one in passages)]),
            terms=np.concatenate([np.empty(0, np.uint32), *(one.terms for one in passages)]),
            has_vectors=has_vectors,
            vectors=rows,
            scales=np.ones(len(rows), np.float32),
        )

    @cached_property
    def bounds(self) -> Counts:
        """Shape (n + 1): passage i has the sentences ``bounds[i]`` to ``bounds[i + 1]``."""
        return np.concatenate([[0], np.cumsum(self.counts)])

    @cached_property
    def term_bounds(self) -> Counts:
        """Shape (n + 1): passage i has the terms ``term_bounds[i]`` to ``term_bounds[i + 1]``."""
        return np.concatenate([[0], np.cumsum(self.term_counts)])

    def cosines(self, question: Vectors) -> NDArray[np.float32]:
        """Compute each sentence's cosine with a unit vector, shape (s,); NaN without a vector."""
        found = np.full(len(self.spans), np.nan, np.float32)
        if len(self.vectors):
            products = self.vectors.astype(np.float32, copy=False) @ question
            found[np.repeat(self.has_vectors, self.counts)] = products * self.scales
        return found

    def passage(self, at: int) -> Sentences:
        """Return the sentences of one passage."""
        first, end = self.bounds[at : at + 2].tolist()
        rows = int(self.counts[:at][self.has_vectors[:at]].sum())
        some = slice(rows, rows + (end - first if self.has_vectors[at] else 0))
        return Sentences(
            self.spans[first:end],
            self.terms[slice(*self.term_bounds[at : at + 2].tolist())],
            self.term_ends[first:end],
            (self.vectors[some] * self.scales[some, None]).astype(np.float32),
        )
