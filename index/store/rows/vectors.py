"""Vectors as they are stored, with a checksum.

A vector is float16, little endian, followed by the CRC-32 of these bytes; so are the bytes of its sentences
(``sentences.py``). Files before format 6 have no checksums.
"""

import struct
import zlib
from collections.abc import Container, Sequence

import numpy as np

from index.errors import StoreDamaged
from index.types import Sentences, Vectors

_STORED = np.dtype("<f2")
_NORM_TOLERANCE = 0.01
_CHECKSUM = struct.Struct("<I")


def pack(vectors: Vectors) -> list[bytes]:
    """Pack vectors for storage, one row each."""
    return [with_checksum(row.tobytes()) for row in vectors.astype(_STORED)]


def among(
    kept: Container[bytes], keys: Sequence[bytes], vectors: Vectors, sentences: Sequence[Sentences]
) -> tuple[list[bytes], Vectors, list[Sentences]]:
    """Select the keys that are kept, with their vectors and, if there are any, sentences."""
    places = [at for at, key in enumerate(keys) if key in kept]
    return [keys[at] for at in places], vectors[places], [sentences[at] for at in places if sentences]


def unpack(blobs: Sequence[bytes], dimension: int) -> Vectors:
    """Return stored vectors as unit vectors, shape (len(blobs), dimension); a zero vector stays zero.

    Raises :class:`index.errors.StoreDamaged` if any is not what was stored.
    """
    size = dimension * _STORED.itemsize
    if not all(is_intact(blob, size) for blob in blobs):
        raise StoreDamaged(
            "Stored vectors are damaged or do not have the model's dimension. Let a check of the collection "
            "repair them, or restore a backup.",
            in_vectors=True,
        )
    halves = np.frombuffer(b"".join(blob[:size] for blob in blobs), _STORED)
    found = halves.reshape(len(blobs), dimension).astype(np.float32)
    # Normalize again after rounding to half precision.
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    found /= np.where(lengths > 0, lengths, np.float32(1))
    return found


def with_checksum(content: bytes) -> bytes:
    """Return bytes followed by their CRC-32."""
    return content + _CHECKSUM.pack(zlib.crc32(content))


def is_intact(blob: bytes, size: int) -> bool:
    """Whether bytes are ``size`` bytes with their checksum, or just as many from before format 6."""
    if len(blob) != size + _CHECKSUM.size:
        return len(blob) == size
    return with_checksum(blob[:size]) == blob


def is_unit(vector: bytes, dimension: int) -> bool:
    """Whether a stored vector is intact and of unit length, as far as half precision tells."""
    size = dimension * _STORED.itemsize
    if not is_intact(vector, size):
        return False
    norm = float(np.linalg.norm(np.frombuffer(vector[:size], _STORED).astype(np.float32)))
    # The vector of a text without words is zero.
    return abs(norm - 1) < _NORM_TOLERANCE or norm == 0
