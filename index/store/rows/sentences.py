"""Pack the sentences of a passage into bytes, and unpack them.

Little endian: counts of sentences, terms and dimensions, and 1 if there is a checksum (uint16 each); spans
and term ends (uint16), term hashes (uint32), one scale per vector (float32), and vectors (int8); the CRC-32
of all that (uint32). Each vector is scaled to a largest absolute component of 127, which changes cosines by
less than 0.01.
"""

from __future__ import annotations

import logging
import struct
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from index.errors import StoreDamaged
from index.sentence_table import SentenceTable
from index.types import Ids, Sentences

_log = logging.getLogger("loccit.store")

_HEADER = struct.Struct("<HHHH")
_CHECKSUM = struct.Struct("<I")
_SEALED = 1
_LEVELS = 127
StoredSentences = tuple[int, bytes | None]
"""The key of a passage's document, and its stored sentences, or None."""


def packed(sentences: Sentences) -> bytes:
    """Pack sentences into bytes."""
    vectors = sentences.vectors
    scales = np.maximum(np.abs(vectors).max(axis=1, initial=0.0), 1e-9).astype("<f4")
    levels = np.rint(vectors / scales[:, None] * _LEVELS).astype(np.int8)
    header = _HEADER.pack(len(sentences), len(sentences.terms), vectors.shape[1], _SEALED)
    parts = (
        sentences.spans.astype("<u2"),
        sentences.term_ends.astype("<u2"),
        sentences.terms.astype("<u4"),
        scales,
        levels,
    )
    content = header + b"".join(part.tobytes() for part in parts)
    return content + _CHECKSUM.pack(zlib.crc32(content))


def unsealed(blob: bytes) -> bytes | None:
    """Return packed sentences without their checksum; None if that differs. Older ones have none."""
    if len(blob) < _HEADER.size:
        return None
    count, terms, dimension, seal = _HEADER.unpack_from(blob)
    size = _HEADER.size + (10 + dimension) * count + 4 * terms
    content, checksum = blob[:size], blob[size:]
    is_intact = checksum == (_CHECKSUM.pack(zlib.crc32(content)) if seal == _SEALED else b"")
    return content if is_intact and len(content) == size else None


def table(blobs: Sequence[bytes | None]) -> SentenceTable:
    """Unpack the :func:`unsealed` sentences of passages; None is a passage without stored sentences.

    Raises :class:`index.errors.StoreDamaged` for truncated bytes.
    """
    empty = bytes(_HEADER.size)
    found = [empty if blob is None else blob for blob in blobs]
    heads = b"".join([blob[: _HEADER.size] for blob in found])
    if len(heads) != _HEADER.size * len(found):
        raise _cut_off()
    numbers = np.frombuffer(heads, "<u2").astype(np.int64).reshape(-1, 4)
    # Joining slices is faster than gathering by index arrays.
    spans, term_ends, terms, scales, levels = [], [], [], [], []
    for blob, (count, term_count, _, _) in zip(found, numbers.tolist(), strict=True):
        ends = _HEADER.size + 4 * count
        begin = ends + 2 * count
        scale = begin + 4 * term_count
        rows = scale + 4 * count
        spans.append(blob[_HEADER.size : ends])
        term_ends.append(blob[ends:begin])
        terms.append(blob[begin:scale])
        scales.append(blob[scale:rows])
        levels.append(blob[rows:])
    counts, term_counts, dimensions, _ = numbers.T
    sizes = _HEADER.size + (10 + dimensions) * counts + 4 * term_counts
    if list(map(len, found)) != sizes.tolist():
        raise _cut_off()
    has_vectors = (counts > 0) & (dimensions > 0)
    own: NDArray[np.float32] = np.frombuffer(b"".join(scales), "<f4")[np.repeat(has_vectors, counts)]
    return SentenceTable(
        known=np.array([blob is not None for blob in blobs], np.bool_),
        counts=counts,
        term_counts=term_counts,
        spans=np.frombuffer(b"".join(spans), "<u2").astype(np.int32).reshape(-1, 2),
        term_ends=np.frombuffer(b"".join(term_ends), "<u2").astype(np.int32),
        terms=np.frombuffer(b"".join(terms), "<u4"),
        has_vectors=has_vectors,
        vectors=np.frombuffer(b"".join(levels), np.int8).reshape(-1, max(1, int(dimensions.max(initial=0)))),
        scales=own / np.float32(_LEVELS),
    )


def _cut_off() -> StoreDamaged:
    return StoreDamaged("Stored sentences are cut off. Restore a backup.")


def checked(id_: int, blob: bytes | None) -> bytes | None:
    """The sentences of a passage; None, and a warning, if they are damaged: its text is then split again."""
    content = None if blob is None else unsealed(blob)
    if blob is not None and content is None:
        _log.warning(
            "The stored sentences of passage %d are damaged. Let a check of the collection repair them.", id_
        )
    return content


def table_of(ids: Sequence[int], found: Mapping[int, StoredSentences]) -> tuple[Ids, SentenceTable]:
    """Return document keys (0 for passages not found) and the sentence table, in the order of ``ids``."""
    placed = [found.get(id_, (0, None)) for id_ in ids]
    documents = np.array([document for document, _ in placed], np.int64)
    return documents, table([blob for _, blob in placed])


def are_valid(blob: bytes | None) -> bool:
    """Whether stored sentences, if there are any, are intact and in order."""
    if blob is None:
        return True
    content = unsealed(blob)
    if content is None:
        return False
    found = table([content])
    spans, ends = found.spans, found.term_ends
    ordered = bool(np.all(spans[:, 0] <= spans[:, 1]) and np.all(ends[1:] >= ends[:-1]))
    return ordered and bool(np.all(ends <= len(found.terms)) and np.all(np.isfinite(found.scales)))
