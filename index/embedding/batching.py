"""Batches of texts of similar length, and vectors of spans computed from token vectors."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding

from index.errors import ModelFailed
from index.types import Vectors

Span = tuple[int, int]
_BATCH = 32


def batches_by_length(texts: Sequence[str]) -> Iterator[list[int]]:
    """Yield positions of texts of similar length: the model also computes padding, so it should be little."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    for at in range(0, len(order), _BATCH):
        yield order[at : at + _BATCH]


def embed_spans_alone(
    embed: Callable[[Sequence[str]], Vectors], texts: Sequence[str], spans: Sequence[Sequence[Span]]
) -> tuple[Vectors, list[Vectors]]:
    """Embed the texts, and each of their spans as a text of its own."""
    alone = [text[start:end] for text, inside in zip(texts, spans, strict=True) for start, end in inside]
    bounds = np.cumsum([len(inside) for inside in spans])[:-1]
    return embed(texts), np.split(embed(alone), bounds)


def require_finite(vectors: Vectors) -> Vectors:
    """Return the vectors; raise :class:`index.errors.ModelFailed` if a value is not finite."""
    if not np.isfinite(vectors).all():
        raise ModelFailed("The embedding model returned vectors that are not finite. Check its files.")
    return vectors


def text_tokens(encoding: Encoding, text: str, prompt: int) -> tuple[slice, NDArray[np.int64]]:
    """Locate the tokens of the text behind a prompt: their columns, and the offsets where they start in it.

    ``text`` includes the prompt, which has ``prompt`` characters. A token that begins with the space before
    its word, as those of SentencePiece do, starts after this space: it belongs to the sentence of the word.
    """
    starts = np.array(
        [start + (end > start and text[start].isspace()) for start, end in encoding.offsets], np.int64
    )
    own = np.flatnonzero((np.array(encoding.special_tokens_mask) == 0) & (starts >= prompt))
    if not len(own):
        return slice(0, 0), own
    return slice(int(own[0]), int(own[-1]) + 1), starts[own] - prompt


def span_means(
    tokens: NDArray[np.float32], starts: NDArray[np.int64], spans: Sequence[Span], whole: Vectors
) -> Vectors:
    """Average the vectors of the tokens that start in each span, to unit length.

    A span in which no token starts gets ``whole``.
    """
    totals = np.empty((len(spans), tokens.shape[1]), np.float32)
    bounds = np.searchsorted(starts, np.array(spans, np.int64).reshape(-1, 2))
    for row, (first, end) in zip(totals, bounds.tolist(), strict=True):
        row[:] = tokens[first:end].sum(axis=0) if first < end else whole
    unit: Vectors = totals / np.linalg.norm(totals, axis=1, keepdims=True)
    return unit
