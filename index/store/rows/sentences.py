"""Pack the sentences of a passage into bytes, and unpack them.

Little endian: counts of sentences, terms and dimensions, and 1 if there is a checksum (uint16 each); spans
and term ends (uint16), term hashes (uint32), one scale per vector (float32), and vectors (int8); the CRC-32
of all that (uint32). Each vector is scaled to a largest absolute component of 127, which changes cosines by
less than 0.01.
"""

import logging
import struct
import zlib
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.sentence_table import SentenceTable
from index.types import Ids, Sentences

_log = logging.getLogger("loccit.store")

_HEADER = struct.Struct("<HHHH")
_CHECKSUM = struct.Struct("<I")
_SEALED = 1
_LEVELS = 127


def pack(sentences: Sentences) -> bytes:
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


class SentenceArrays(NamedTuple):
    """Packed sentences divided into their arrays, each as bytes; see :func:`pack`.

    ``spans``, ``term_ends``, ``scales`` and ``levels`` are those of the sentences, ``terms`` those of
    the passage; ``dimension`` is the length of a vector, 0 without vectors.
    """

    sentence_count: int
    term_count: int
    dimension: int
    spans: bytes
    term_ends: bytes
    terms: bytes
    scales: bytes
    levels: bytes

    @property
    def size(self) -> int:
        """Bytes in all arrays."""
        return (10 + self.dimension) * self.sentence_count + 4 * self.term_count


StoredSentences = tuple[int, SentenceArrays | None]
"""The key of a passage's document, and its stored sentences, or None."""
_NONE = SentenceArrays(0, 0, 0, b"", b"", b"", b"", b"")


def unpack(blob: bytes) -> SentenceArrays | None:
    """Divide packed sentences; None if they are damaged. Older ones have no checksum."""
    if len(blob) < _HEADER.size:
        return None
    count, terms, dimension, seal = _HEADER.unpack_from(blob)
    ends = _HEADER.size + 4 * count
    begin = ends + 2 * count
    scale = begin + 4 * terms
    rows = scale + 4 * count
    size = rows + dimension * count
    checksum = _CHECKSUM.pack(zlib.crc32(memoryview(blob)[:size])) if seal == _SEALED else b""
    if len(blob) < size or blob[size:] != checksum:
        return None
    return SentenceArrays(
        count, terms, dimension,
        blob[_HEADER.size : ends], blob[ends:begin], blob[begin:scale], blob[scale:rows], blob[rows:size],
    )  # fmt: skip


def table(passages: Sequence[SentenceArrays | None]) -> SentenceTable:
    """Join the sentences of passages; None is a passage without stored sentences."""
    found = [_NONE if one is None else one for one in passages]
    # Joining bytes is faster than gathering by index arrays.
    columns = list(zip(*found, strict=True)) or [()] * len(SentenceArrays._fields)
    counts, term_counts, dimensions = np.array(columns[:3], np.int64)
    spans, term_ends, terms, scales, levels = map(b"".join, columns[3:])
    has_vectors = (counts > 0) & (dimensions > 0)
    own: NDArray[np.float32] = np.frombuffer(scales, "<f4")[np.repeat(has_vectors, counts)]
    return SentenceTable(
        known=np.array([one is not None for one in passages], np.bool_),
        counts=counts,
        term_counts=term_counts,
        spans=np.frombuffer(spans, "<u2").astype(np.int32).reshape(-1, 2),
        term_ends=np.frombuffer(term_ends, "<u2").astype(np.int32),
        terms=np.frombuffer(terms, "<u4"),
        has_vectors=has_vectors,
        vectors=np.frombuffer(levels, np.int8).reshape(-1, max(1, int(dimensions.max(initial=0)))),
        scales=own / np.float32(_LEVELS),
    )


def unpack_or_warn(id_: int, blob: bytes | None) -> SentenceArrays | None:
    """Unpack the sentences of a passage; logs damage and returns None, so that its text is split again."""
    found = None if blob is None else unpack(blob)
    if blob is not None and found is None:
        _log.warning(
            "The stored sentences of passage %d are damaged. Let a check of the collection repair them.", id_
        )
    return found


def table_of(ids: Sequence[int], found: Mapping[int, StoredSentences]) -> tuple[Ids, SentenceTable]:
    """Return document keys (0 for passages not found) and the sentence table, in the order of ``ids``."""
    placed = [found.get(id_, (0, None)) for id_ in ids]
    documents, stored = map(itemgetter(0), placed), map(itemgetter(1), placed)
    return np.array(list(documents), np.int64), table(list(stored))


def are_valid(blob: bytes | None) -> bool:
    """Whether stored sentences, if there are any, are intact and in order."""
    if blob is None:
        return True
    stored = unpack(blob)
    if stored is None:
        return False
    found = table([stored])
    spans, ends = found.spans, found.term_ends
    ordered = bool(np.all(spans[:, 0] <= spans[:, 1]) and np.all(ends[1:] >= ends[:-1]))
    return ordered and bool(np.all(ends <= len(found.terms)) and np.all(np.isfinite(found.scales)))
