"""Texts of about one length together, and the vectors of spans made of those of their tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from index.errors import ModelFailed
from index.types import Vectors

Span = tuple[int, int]
_BATCH = 32


def batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """Positions of texts of about one length: little padding, for which the model would compute in vain."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    for at in range(0, len(order), _BATCH):
        yield order[at : at + _BATCH]


def read_alone(
    embed: Callable[[Sequence[str]], Vectors], texts: Sequence[str], spans: Sequence[Sequence[Span]]
) -> tuple[Vectors, list[Vectors]]:
    """The texts' vectors, and for each text those of its spans, each embedded by itself."""
    alone = [text[start:end] for text, inside in zip(texts, spans, strict=True) for start, end in inside]
    bounds = np.cumsum([len(inside) for inside in spans])[:-1]
    return embed(texts), np.split(embed(alone), bounds)


def finite(vectors: Vectors) -> Vectors:
    """The vectors, or :class:`index.errors.ModelFailed`."""
    if not np.isfinite(vectors).all():
        raise ModelFailed("The embedding model gave vectors that are not finite. Check its files.")
    return vectors


def means(
    tokens: NDArray[np.float32], starts: NDArray[np.int64], spans: Sequence[Span], whole: Vectors
) -> Vectors:
    """Unit means of the tokens that start in each span; ``whole`` for a span without any."""
    totals = np.empty((len(spans), tokens.shape[1]), np.float32)
    bounds = np.searchsorted(starts, np.array(spans, np.int64).reshape(-1, 2))
    for row, (first, end) in zip(totals, bounds.tolist(), strict=True):
        row[:] = tokens[first:end].sum(axis=0) if first < end else whole
    unit: Vectors = totals / np.linalg.norm(totals, axis=1, keepdims=True)
    return unit
