"""Sentences of a passage as bytes.

Little endian: the numbers of sentences, of terms and of dimensions (uint16 each, and two bytes of nought);
spans and ends of terms (uint16), hashes of terms (uint32), a scale for each vector (float32), and vectors
as bytes. A vector's numbers are scaled so that the largest is 127: cosines move by less than 0.01.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.errors import StoreDamaged
from index.sentence_table import SentenceTable
from index.types import Sentences

_HEADER = struct.Struct("<HHHH")
_LEVELS = 127


def packed(sentences: Sentences) -> bytes:
    """Sentences as bytes."""
    vectors = sentences.vectors
    scales = np.maximum(np.abs(vectors).max(axis=1, initial=0.0), 1e-9).astype("<f4")
    levels = np.rint(vectors / scales[:, None] * _LEVELS).astype(np.int8)
    header = _HEADER.pack(len(sentences), len(sentences.terms), vectors.shape[1], 0)
    parts = (
        sentences.spans.astype("<u2"),
        sentences.term_ends.astype("<u2"),
        sentences.terms.astype("<u4"),
        scales,
        levels,
    )
    return header + b"".join(part.tobytes() for part in parts)


def table(blobs: Sequence[bytes | None]) -> SentenceTable:
    """The sentences of passages from their bytes; None is a passage that has none on record.

    Raises :class:`index.errors.StoreDamaged` for bytes that are cut off.
    """
    empty = bytes(_HEADER.size)
    found = [empty if blob is None else blob for blob in blobs]
    heads = b"".join([blob[: _HEADER.size] for blob in found])
    if len(heads) != _HEADER.size * len(found):
        raise _cut_off()
    counts, terms, dimensions, _ = np.frombuffer(heads, "<u2").astype(np.int64).reshape(-1, 4).T
    sizes = _HEADER.size + 10 * counts + 4 * terms
    ends = sizes.tolist()
    levels = b"".join([blob[end:] for blob, end in zip(found, ends, strict=True)])
    numbers = np.frombuffer(b"".join([blob[:end] for blob, end in zip(found, ends, strict=True)]), "<u2")
    if 2 * len(numbers) != sizes.sum() or len(levels) != (counts * dimensions).sum():
        raise _cut_off()
    has_vectors = (counts > 0) & (dimensions > 0)
    # Where each part begins, in numbers of two bytes; larger ones are put together of two.
    begins = (np.cumsum(sizes) - sizes + _HEADER.size) // 2
    scales = _part(numbers, begins + 3 * counts + 2 * terms, 2 * counts).view("<f4") / _LEVELS
    return SentenceTable(
        known=np.array([blob is not None for blob in blobs], np.bool_),
        counts=counts,
        term_counts=terms,
        spans=_part(numbers, begins, 2 * counts).astype(np.int32).reshape(-1, 2),
        term_ends=_part(numbers, begins + 2 * counts, counts).astype(np.int32),
        terms=_part(numbers, begins + 3 * counts, 2 * terms).view("<u4"),
        has_vectors=has_vectors,
        vectors=np.frombuffer(levels, np.int8).reshape(-1, max(1, int(dimensions.max(initial=0)))),
        scales=scales[np.repeat(has_vectors, counts)].astype(np.float32),
    )


def _part(
    numbers: NDArray[np.uint16], begins: NDArray[np.int64], counts: NDArray[np.int64]
) -> NDArray[np.uint16]:
    """The runs of so many numbers that begin there, one after another."""
    before = np.cumsum(counts) - counts
    runs: NDArray[np.uint16] = numbers[np.repeat(begins - before, counts) + np.arange(counts.sum())]
    return runs


def _cut_off() -> StoreDamaged:
    return StoreDamaged("Stored sentences are cut off. Restore a backup.")
