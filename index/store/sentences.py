"""Sentences of a passage as bytes.

Little endian: the numbers of sentences, of terms and of dimensions (uint16 each, and two bytes of nought);
spans and ends of terms (uint16), hashes of terms (uint32), a scale for each vector (float32), and vectors
as bytes. A vector's numbers are scaled so that the largest is 127: cosines move by less than 0.01.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

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
    heads = [(0, 0, 0)] * len(blobs)
    parts: list[list[memoryview]] = [[] for _ in range(5)]
    width = 0
    for at, blob in enumerate(blobs):
        if blob is None:
            continue
        if len(blob) < _HEADER.size:
            raise _cut_off()
        count, terms, dimension, _ = _HEADER.unpack_from(blob)
        heads[at] = (count, terms, dimension)
        width = max(width, dimension)
        view, begin = memoryview(blob), _HEADER.size
        for part, size in zip(
            parts, (4 * count, 2 * count, 4 * terms, 4 * count, count * dimension), strict=True
        ):
            part.append(view[begin : begin + size])
            begin += size
        if len(blob) < begin:
            raise _cut_off()
    spans, ends, hashes, scales, levels = (b"".join(part) for part in parts)
    counts, terms_of, dimensions = np.array(heads, np.int64).reshape(-1, 3).T
    has_vectors = (counts > 0) & (dimensions > 0)
    unit = np.frombuffer(scales, "<f4") / _LEVELS
    return SentenceTable(
        known=np.array([blob is not None for blob in blobs], np.bool_),
        counts=counts,
        term_counts=terms_of,
        spans=np.frombuffer(spans, "<u2").astype(np.int32).reshape(-1, 2),
        term_ends=np.frombuffer(ends, "<u2").astype(np.int32),
        terms=np.frombuffer(hashes, "<u4"),
        has_vectors=has_vectors,
        vectors=np.frombuffer(levels, np.int8).reshape(-1, max(1, width)),
        scales=unit[np.repeat(has_vectors, counts)].astype(np.float32),
    )


def _cut_off() -> StoreDamaged:
    return StoreDamaged("Stored sentences are cut off. Restore a backup.")
