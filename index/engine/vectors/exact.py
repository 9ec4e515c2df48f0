"""Stored vectors, in memory or memory-mapped, and exact search in them."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import faiss
import numpy as np
from numpy.typing import NDArray

from index.types import Ids, Vectors

_SPARSE = 8
"""If fewer than one in this many rows are allowed, copying those rows beats a bitmap of all rows."""

_ROW_BATCH = 1024
"""Rows read into memory at a time: more would outgrow the processor's cache."""

_ROWS_PER_RELEASE = 2048
"""Rows read before a map with a memory limit releases its pages; reading a row may load 64 KiB."""

_SUM_ERROR = 4e-6
"""Largest difference between sums of the same products in different order."""

HALF: np.dtype[np.floating] = np.dtype("<f2")
SINGLE: np.dtype[np.floating] = np.dtype("<f4")


class Matches(NamedTuple):
    """Scores and positions for each query row, best first; -inf and -1 where there are fewer.

    A score differs from the inner product by at most ``error``. ``floor`` has for each query row a score
    that no other row exceeds.
    """

    scores: NDArray[np.float32]
    positions: Ids
    floor: NDArray[np.float32]
    error: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class AllowedRows:
    """The rows of a segment that a search may return: ``count`` of ``total``, at least one.

    Given as ascending positions (``chosen``) or as a bit for each row of the segment.
    """

    total: int
    count: int
    bits: NDArray[np.uint8] | None = None
    chosen: Ids | None = None

    @property
    def share(self) -> float:
        return self.count / self.total

    def positions(self) -> Ids:
        """Return the positions, ascending."""
        if self.chosen is not None:
            return self.chosen
        if self.bits is None:
            return np.arange(self.total)
        return np.flatnonzero(np.unpackbits(self.bits, count=self.total, bitorder="little"))

    def bitmap(self) -> faiss.IDSelector | None:
        """Return a FAISS selector that answers in constant time; None if all rows are allowed."""
        if self.count == self.total:
            return None
        bits = self.bits
        if bits is None:
            allowed = np.zeros(self.total, np.bool_)
            allowed[self.chosen] = True
            bits = np.packbits(allowed, bitorder="little")
        # The stubs describe the C++ constructor, not the wrapper, which takes an array and keeps it alive.
        return faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg,arg-type]


class StoredVectors(Protocol):
    """Vectors by position."""

    @property
    def dimension(self) -> int: ...

    @property
    def precision(self) -> np.dtype[np.floating]:
        """Number format of the stored rows."""

    def __len__(self) -> int: ...

    def at(self, positions: Ids) -> Vectors:
        """Return the vectors, shape (len(positions), dimension)."""

    def codes(self, positions: Ids) -> NDArray[np.uint8]:
        """Return the rows as they are stored, in bytes."""

    def search(self, query: Vectors, count: int, allowed: AllowedRows) -> Matches:
        """Return the ``count`` nearest of the allowed rows for each row of ``query``."""


class FlatVectors:
    """Vectors in a flat FAISS index, in memory or memory-mapped.

    Their number format is chosen as for :class:`MappedVectors`, since reading them dominates a search.
    """

    def __init__(self, index: faiss.IndexFlatCodes, *, error: float | None = None) -> None:
        """``error``: the largest of scores, if it is known; computed otherwise."""
        self.index = index
        # A view of the codes: the index must not change.
        size = index.codes.size()
        self._codes: NDArray[np.uint8] = (
            faiss.rev_swig_ptr(index.codes.data(), size).reshape(-1, index.code_size)
            if size
            else np.empty((0, index.code_size), np.uint8)
        )
        self.dimension = int(index.d)
        self.precision = HALF if isinstance(index, faiss.IndexScalarQuantizer) else SINGLE
        self._error = self._largest_error() if error is None else error

    def _largest_error(self) -> float:
        # A different order of summation can give equal rows different scores.
        error = _SUM_ERROR
        if self.precision == HALF:
            # The search uses rounded rows, whose lengths differ slightly from one.
            rows = (self.index.sa_decode(self._codes[some]) for some in row_slices(len(self)))
            lengths = (np.linalg.norm(some, axis=1) for some in rows)
            off = (np.abs(one[one > 0] - 1.0).max(initial=0.0) for one in lengths)
            error += float(max(off, default=0.0))
        return error

    @staticmethod
    def of(vectors: Vectors) -> FlatVectors:
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        index = _codec(vectors.shape[1], HALF if fits_half(vectors) else SINGLE)
        index.add(vectors)
        return FlatVectors(index)

    @staticmethod
    def gathered(parts: Sequence[tuple[StoredVectors, Ids]], order: Ids) -> FlatVectors:
        """Copy rows at positions of several vectors, one part after the other, into an order.

        Rounded rows are copied as they are: to see once more that rounding is lossless takes ten times as
        long, and a follower copies each row several times.
        """
        rounded = [
            (one, positions)
            for one, positions in parts
            if isinstance(one, FlatVectors) and one.precision == HALF
        ]
        if len(rounded) < len(parts):
            return FlatVectors.of(np.concatenate([one.at(positions) for one, positions in parts])[order])
        codes = np.concatenate([one.codes(positions) for one, positions in rounded])
        index = _codec(rounded[0][0].dimension, HALF)
        index.add_sa_codes(codes[order])
        return FlatVectors(index, error=max(one._error for one, _ in rounded))

    def __len__(self) -> int:
        return int(self.index.ntotal)

    def at(self, positions: Ids) -> Vectors:
        if len(positions) == 0:
            return np.empty((0, self.dimension), np.float32)
        found: Vectors = self.index.sa_decode(self.codes(positions))
        return normalise(found) if self.precision == HALF else found

    def codes(self, positions: Ids) -> NDArray[np.uint8]:
        return np.take(self._codes, positions, axis=0)

    def search(self, query: Vectors, count: int, allowed: AllowedRows) -> Matches:
        count = min(count, len(self))
        if allowed.chosen is not None and allowed.count * _SPARSE < allowed.total:
            scores, positions = _search_rows(
                self.codes,
                allowed.chosen,
                _codec(self.dimension, self.precision),
                query,
                count,
            )
        else:
            parameters = faiss.SearchParameters(sel=allowed.bitmap())  # type: ignore[call-arg]
            scores, positions = self.index.search(query, count, params=parameters)
        scores = np.where(positions < 0, -np.inf, scores).astype(np.float32)
        return Matches(scores, positions, _floor(scores, count, allowed), self._error)


class MappedVectors:
    """Vectors in a memory-mapped file, one after the other.

    Unit vectors are stored as float16 if that is lossless (:func:`fits_half`): the store rounds vectors to
    float16 and normalises them again when it reads them, as :meth:`at` does. Others are float32. With
    ``is_limited``, pages are released after every few thousand rows read.
    """

    def __init__(self, path: Path, dimension: int, precision: np.dtype[np.floating], *, is_limited: bool):
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.dimension, self.precision = dimension, precision
        self._codes = np.frombuffer(self._map, np.uint8).reshape(-1, dimension * precision.itemsize)
        self._codec = _codec(dimension, precision)
        self._is_limited, self._read = is_limited, 0
        if is_limited:
            # Neighbouring rows are rarely needed next.
            self._map.madvise(mmap.MADV_RANDOM)

    def __len__(self) -> int:
        return len(self._codes)

    def at(self, positions: Ids) -> Vectors:
        if len(positions) == 0:
            return np.empty((0, self.dimension), np.float32)
        vectors: Vectors = self._codec.sa_decode(self.codes(positions))
        return normalise(vectors) if self.precision == HALF else vectors

    def search(self, query: Vectors, count: int, allowed: AllowedRows) -> Matches:
        codec = _codec(self.dimension, self.precision)
        found, where = _search_rows(self.codes, allowed.positions(), codec, query, count)
        # The search uses rounded rows, whose lengths differ slightly from one.
        return Matches(found, where, _floor(found, count, allowed), 1e-4)

    def codes(self, positions: Ids) -> NDArray[np.uint8]:
        taken = np.take(self._codes, positions, axis=0, mode="clip")
        self._read += len(positions)
        if self._is_limited and self._read > _ROWS_PER_RELEASE:
            self._read = 0
            self._map.madvise(mmap.MADV_DONTNEED)
        return taken


def normalise(vectors: Vectors) -> Vectors:
    """Scale rows to length one, as the store does when it reads rounded vectors. Zero rows stay zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, np.float32(1)), np.float32)


def fits_half(vectors: Vectors) -> bool:
    """Whether float16 is lossless for these rows, except for the last bit of a float32."""
    with np.errstate(over="ignore"):
        again = normalise(vectors.astype(HALF).astype(np.float32))
    return bool(np.all(np.abs(again - vectors) <= np.finfo(np.float32).eps))


def row_slices(total: int, size: int = 8 * _ROW_BATCH) -> Iterator[slice]:
    """Yield slices that cover ``range(total)``, each small enough for memory."""
    for first in range(0, total, size):
        yield slice(first, min(first + size, total))


def _codec(dimension: int, precision: np.dtype[np.floating]) -> faiss.IndexFlatCodes:
    if precision == HALF:
        return faiss.IndexScalarQuantizer(
            dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
    return faiss.IndexFlatIP(dimension)


def _search_rows(
    read_codes: Callable[[Ids], NDArray[np.uint8]],
    positions: Ids,
    codec: faiss.IndexFlatCodes,
    query: Vectors,
    count: int,
) -> tuple[NDArray[np.float32], Ids]:
    """Return scores and positions of the ``count`` best of these rows; ``read_codes`` reads them in batches.

    ``codec`` is an empty index, and empty again afterwards.
    """
    scores, places = [], []
    for first in range(0, len(positions), _ROW_BATCH):
        part = positions[first : first + _ROW_BATCH]
        codec.reset()
        codec.add_sa_codes(read_codes(part))
        found, where = codec.search(query, min(count, len(part)))
        scores.append(found)
        places.append(np.where(where < 0, -1, part[where]))  # -1: FAISS found no row, for a query with NaN
    codec.reset()
    found, where = np.hstack(scores), np.hstack(places)
    if found.shape[1] > count:
        best = np.argpartition(-found, count - 1, axis=1)[:, :count]
        best = np.take_along_axis(best, np.argsort(-np.take_along_axis(found, best, 1), axis=1), 1)
        found, where = np.take_along_axis(found, best, 1), np.take_along_axis(where, best, 1)
    return found, where


def _floor(scores: NDArray[np.float32], count: int, allowed: AllowedRows) -> NDArray[np.float32]:
    if count < allowed.count:
        return np.asarray(scores[:, -1])
    return np.full(len(scores), -np.inf, np.float32)
