"""Rows of the next base, read from segments part by part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.engine.vectors.exact import HALF, fits_half, row_slices
from index.engine.vectors.segments import Segment, Snapshot
from index.types import Ids, Vectors


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """Rows of the next base in order: row i is row ``positions[i]`` of segment ``numbers[i]``.

    ``bits`` marks live rows, as in :class:`Segment`, if ``removed`` dead rows are kept.
    """

    segments: tuple[Segment, ...]
    numbers: NDArray[np.int32]
    positions: Ids
    bits: NDArray[np.uint8] | None = None
    removed: int = 0

    @staticmethod
    def of(snapshot: Snapshot) -> Content:
        """Take all live rows, by passage id."""
        content = Content.concatenate(snapshot, [segment.live() for segment in snapshot.segments])
        order = np.argsort(content.ids, kind="stable")
        return Content(snapshot.segments, content.numbers[order], content.positions[order])

    @staticmethod
    def extend_base(snapshot: Snapshot) -> Content:
        """Keep all rows of the base in place, live or dead, and append the live rows of the deltas."""
        base = snapshot.base
        live = [delta.live() for delta in snapshot.deltas]
        content = Content.concatenate(snapshot, [np.arange(len(base.rows)), *live])
        if not base.dead:
            return content
        lives = np.ones(len(content), np.bool_)
        lives[: len(base.rows)] = np.unpackbits(base.bits, count=len(base.rows), bitorder="little")
        bits = np.packbits(lives, bitorder="little")
        return Content(snapshot.segments, content.numbers, content.positions, bits, base.dead)

    @staticmethod
    def concatenate(snapshot: Snapshot, positions: list[Ids]) -> Content:
        """Take these rows of each segment, one segment after the other."""
        numbers = np.repeat(np.arange(len(positions), dtype=np.int32), [len(some) for some in positions])
        return Content(snapshot.segments, numbers, np.concatenate(positions))

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def ids(self) -> Ids:
        return self._of([segment.rows.ids for segment in self.segments])

    @property
    def documents(self) -> Ids:
        return self._of([segment.rows.documents for segment in self.segments])

    def _of(self, arrays: list[Ids]) -> Ids:
        values = np.empty(len(self), np.int64)
        for number, array in enumerate(arrays):
            here = self.numbers == number
            values[here] = array[self.positions[here]]
        return values

    def dead(self) -> NDArray[np.bool_]:
        """Whether each row is of a removed passage."""
        if self.bits is None:
            return np.zeros(len(self), np.bool_)
        return np.asarray(np.unpackbits(self.bits, count=len(self), bitorder="little") == 0)

    def vectors(self) -> Iterator[Vectors]:
        """Yield all vectors in parts, with zeros for removed passages, so that none is written again."""
        dead = self.dead()
        for part in row_slices(len(self)):
            numbers, positions = self.numbers[part], self.positions[part]
            vectors = np.empty((len(positions), self.segments[0].rows.dimension), np.float32)
            for number in np.unique(numbers):
                here = numbers == number
                vectors[here] = self.segments[number].rows.vectors(positions[here])
            vectors[dead[part]] = 0
            yield vectors

    def fits_half_precision(self) -> bool:
        """Whether float16 is lossless for all vectors; those stored as float16 need no check."""
        return all(
            fits_half(segment.rows.vectors(np.arange(part.start, part.stop)))
            for segment in self.segments
            if segment.rows.stored.precision != HALF
            for part in row_slices(len(segment.rows))
        )

    def write(self, path: Path, precision: np.dtype[np.floating]) -> None:
        """Write the vectors in the layout that :class:`index.engine.vectors.exact.MappedVectors` reads."""
        with path.open("wb") as file:
            for vectors in self.vectors():
                file.write(vectors.astype(precision).tobytes())
