"""Sentences of a passage as bytes.

Little endian: the numbers of sentences, of terms and of dimensions (uint16 each, and two bytes of nought);
spans and ends of terms (uint16), hashes of terms (uint32), a scale for each vector (float32), and vectors
as bytes. A vector's numbers are scaled so that the largest is 127: cosines move by less than 0.01.
"""

from __future__ import annotations

import struct

import numpy as np

from index.errors import StoreDamaged
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


def unpacked(blob: bytes) -> Sentences:
    """Raises :class:`index.errors.StoreDamaged` for bytes that are none."""
    try:
        count, terms, dimension, _ = _HEADER.unpack_from(blob)
        at = _HEADER.size
        spans = np.frombuffer(blob, "<u2", 2 * count, at).astype(np.int32).reshape(count, 2)
        at += 4 * count
        ends = np.frombuffer(blob, "<u2", count, at).astype(np.int32)
        at += 2 * count
        hashes = np.frombuffer(blob, "<u4", terms, at).astype(np.uint32)
        at += 4 * terms
        scales = np.frombuffer(blob, "<f4", count, at)
        levels = np.frombuffer(blob, np.int8, count * dimension, at + 4 * count)
    except (struct.error, ValueError) as error:
        raise StoreDamaged("Stored sentences are cut off. Restore a backup.") from error
    vectors = np.multiply(levels.reshape(count, dimension), scales[:, None] / _LEVELS, dtype=np.float32)
    return Sentences(spans, hashes, ends, vectors)
