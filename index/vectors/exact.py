"""Vectors as they are kept, and the exact search among them."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import faiss
import numpy as np
from numpy.typing import NDArray

from index.types import Ids, Vectors

_FEW = 8
"""Below one in so many rows allowed, going through those alone beats a bit for every row."""

_ROWS_AT_ONCE = 1024
"""Rows that are read into memory together: more of them outgrow the processor's cache."""

_RELEASED_AFTER = 2048
"""Rows read before a map with a limit lets go of its pages; one row may bring 64 KiB with it."""

_SUMMED = 4e-6
"""How much a sum of products may differ from one in another order."""

HALF: np.dtype[np.floating] = np.dtype("<f2")
SINGLE: np.dtype[np.floating] = np.dtype("<f4")


class Found(NamedTuple):
    """Per query row and place: score (-inf where there is none) and position (-1).

    ``error``: how far a score may be from the inner product. ``floor``: per query row, a score that no row
    left out can exceed.
    """

    scores: NDArray[np.float32]
    positions: Ids
    floor: NDArray[np.float32]
    error: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Allowed:
    """The rows of a segment that a search may return: ``count`` of ``total``, at least one.

    They are given by their positions, ascending, or by a bit for each row of the segment.
    """

    total: int
    count: int
    bits: NDArray[np.uint8] | None = None
    chosen: Ids | None = None

    @property
    def share(self) -> float:
        return self.count / self.total

    def positions(self) -> Ids:
        """Ascending."""
        if self.chosen is not None:
            return self.chosen
        if self.bits is None:
            return np.arange(self.total)
        return np.flatnonzero(np.unpackbits(self.bits, count=self.total, bitorder="little"))

    def bitmap(self) -> faiss.IDSelector | None:
        """None where all rows are allowed. An answer for each row takes the same time whatever is allowed."""
        if self.count == self.total:
            return None
        bits = self.bits
        if bits is None:
            allowed = np.zeros(self.total, np.bool_)
            allowed[self.chosen] = True
            bits = np.packbits(allowed, bitorder="little")
        # The stubs describe the C++ constructor, not the wrapper that takes an array and keeps it alive.
        return faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg,arg-type]


class StoredVectors(Protocol):
    """Rows of one length, by position."""

    @property
    def dimension(self) -> int: ...

    @property
    def precision(self) -> np.dtype[np.floating]:
        """In which the rows are kept."""

    def __len__(self) -> int: ...

    def at(self, positions: Ids) -> Vectors:
        """Shape (len(positions), dimension)."""

    def search(self, query: Vectors, count: int, allowed: Allowed) -> Found:
        """For each row of ``query`` the ``count`` nearest of the allowed rows."""


class FlatVectors:
    """Rows in a flat FAISS index, in memory or memory-mapped.

    Kept as those of :class:`MappedVectors`: a search takes as long as reading them from memory does.
    """

    def __init__(self, index: faiss.IndexFlatCodes) -> None:
        self.index = index
        # A view: the index has to stay as it is.
        size = index.codes.size()
        self._codes: NDArray[np.uint8] = (
            faiss.rev_swig_ptr(index.codes.data(), size).reshape(-1, index.code_size)
            if size
            else np.empty((0, index.code_size), np.uint8)
        )
        # Summed in another order, one score may come out as two.
        self._error = _SUMMED
        if self.precision == HALF:
            # The rows searched are of the length that rounding left them.
            rows = (index.sa_decode(self._codes[some]) for some in parts(len(self)))
            lengths = (np.linalg.norm(some, axis=1) for some in rows)
            off = (np.abs(one[one > 0] - 1.0).max(initial=0.0) for one in lengths)
            self._error += float(max(off, default=0.0))

    @staticmethod
    def of(vectors: Vectors) -> FlatVectors:
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        index = _codec(vectors.shape[1], HALF if keeps(vectors) else SINGLE)
        index.add(vectors)
        return FlatVectors(index)

    @property
    def dimension(self) -> int:
        return int(self.index.d)

    @property
    def precision(self) -> np.dtype[np.floating]:
        return HALF if isinstance(self.index, faiss.IndexScalarQuantizer) else SINGLE

    def __len__(self) -> int:
        return int(self.index.ntotal)

    def at(self, positions: Ids) -> Vectors:
        if len(positions) == 0:
            return np.empty((0, self.dimension), np.float32)
        taken = np.take(self._codes, positions, axis=0)
        found: Vectors = self.index.sa_decode(taken)
        return normalised(found) if self.precision == HALF else found

    def search(self, query: Vectors, count: int, allowed: Allowed) -> Found:
        count = min(count, len(self))
        if allowed.chosen is not None and allowed.count * _FEW < allowed.total:
            scores, positions = _search_rows(
                lambda part: np.take(self._codes, part, axis=0),
                allowed.chosen,
                _codec(self.dimension, self.precision),
                query,
                count,
            )
        else:
            parameters = faiss.SearchParameters(sel=allowed.bitmap())  # type: ignore[call-arg]
            scores, positions = self.index.search(query, count, params=parameters)
        scores = np.where(positions < 0, -np.inf, scores).astype(np.float32)
        return Found(scores, positions, _floor(scores, count, allowed), self._error)


class MappedVectors:
    """Rows in a file, one after the other: memory-mapped, and read as they are needed.

    Unit rows are kept as float16 where that loses nothing (:func:`keeps`): the store rounded them so
    before it brought them back to length one, and so does :meth:`at`. Others are float32.
    ``is_limited``: pages are given back after every few thousand rows read.
    """

    def __init__(self, path: Path, dimension: int, precision: np.dtype[np.floating], *, is_limited: bool):
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._dimension, self._precision = dimension, precision
        self._codes = np.frombuffer(self._map, np.uint8).reshape(-1, dimension * precision.itemsize)
        self._codec = _codec(dimension, precision)
        self._is_limited, self._read = is_limited, 0
        if is_limited:
            # What lies around a row is seldom wanted next.
            self._map.madvise(mmap.MADV_RANDOM)

    @property
    def dimension(self) -> int:
        return self._dimension

    @property
    def precision(self) -> np.dtype[np.floating]:
        return self._precision

    def __len__(self) -> int:
        return len(self._codes)

    def at(self, positions: Ids) -> Vectors:
        if len(positions) == 0:
            return np.empty((0, self._dimension), np.float32)
        vectors: Vectors = self._codec.sa_decode(self._taken(positions))
        return normalised(vectors) if self._precision == HALF else vectors

    def search(self, query: Vectors, count: int, allowed: Allowed) -> Found:
        codec = _codec(self._dimension, self._precision)
        found, where = _search_rows(self._taken, allowed.positions(), codec, query, count)
        # The rows searched are of the length that rounding left them.
        return Found(found, where, _floor(found, count, allowed), 1e-4)

    def _taken(self, positions: Ids) -> NDArray[np.uint8]:
        taken = np.take(self._codes, positions, axis=0, mode="clip")
        self._read += len(positions)
        if self._is_limited and self._read > _RELEASED_AFTER:
            self._read = 0
            self._map.madvise(mmap.MADV_DONTNEED)
        return taken


def normalised(vectors: Vectors) -> Vectors:
    """Unit rows, as the store makes them of what it has rounded. A row of noughts stays one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, np.float32(1)), np.float32)


def keeps(vectors: Vectors) -> bool:
    """Whether float16 loses nothing of these rows, but for the last bit of a float32."""
    with np.errstate(over="ignore"):
        again = normalised(vectors.astype(HALF).astype(np.float32))
    return bool(np.all(np.abs(again - vectors) <= np.finfo(np.float32).eps))


def parts(total: int, size: int = 8 * _ROWS_AT_ONCE) -> Iterator[slice]:
    """The numbers below ``total`` in runs that are handled in memory together."""
    for first in range(0, total, size):
        yield slice(first, min(first + size, total))


def _codec(dimension: int, precision: np.dtype[np.floating]) -> faiss.IndexFlatCodes:
    if precision == HALF:
        return faiss.IndexScalarQuantizer(
            dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
    return faiss.IndexFlatIP(dimension)


def _search_rows(
    taken: Callable[[Ids], NDArray[np.uint8]],
    positions: Ids,
    codec: faiss.IndexFlatCodes,
    query: Vectors,
    count: int,
) -> tuple[NDArray[np.float32], Ids]:
    """Scores and positions of the ``count`` best of these rows, whose codes are ``taken`` part by part.

    ``codec`` is an index without rows, and has none afterwards.
    """
    scores, places = [], []
    for first in range(0, len(positions), _ROWS_AT_ONCE):
        part = positions[first : first + _ROWS_AT_ONCE]
        codec.reset()
        codec.add_sa_codes(taken(part))
        found, where = codec.search(query, min(count, len(part)))
        scores.append(found)
        places.append(np.where(where < 0, -1, part[where]))  # nowhere, for a row that is not a number
    codec.reset()
    found, where = np.hstack(scores), np.hstack(places)
    if found.shape[1] > count:
        best = np.argpartition(-found, count - 1, axis=1)[:, :count]
        best = np.take_along_axis(best, np.argsort(-np.take_along_axis(found, best, 1), axis=1), 1)
        found, where = np.take_along_axis(found, best, 1), np.take_along_axis(where, best, 1)
    return found, where


def _floor(scores: NDArray[np.float32], count: int, allowed: Allowed) -> NDArray[np.float32]:
    if count < allowed.count:
        return np.asarray(scores[:, -1])
    return np.full(len(scores), -np.inf, np.float32)
