"""What the next base will hold, read from segments part by part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.types import Ids, Vectors
from index.vectors.exact import HALF, keeps, parts
from index.vectors.segments import Segment, Snapshot


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """Rows of several segments in the order of the next base: entry i is row ``positions[i]`` of a segment.

    ``bits`` and ``removed`` are of the rows that are carried on although they do not live: see
    :class:`Segment`.
    """

    segments: tuple[Segment, ...]
    numbers: NDArray[np.int32]
    positions: Ids
    bits: NDArray[np.uint8] | None = None
    removed: int = 0

    @staticmethod
    def of(snapshot: Snapshot) -> Content:
        """The living rows, by passage id."""
        content = Content.joined(snapshot, [segment.live() for segment in snapshot.segments])
        order = np.argsort(content.ids, kind="stable")
        return Content(snapshot.segments, content.numbers[order], content.positions[order])

    @staticmethod
    def grown(snapshot: Snapshot) -> Content:
        """All rows of the base where they are, living or not, then the living ones of the others."""
        base = snapshot.base
        live = [delta.live() for delta in snapshot.deltas]
        content = Content.joined(snapshot, [np.arange(len(base.rows)), *live])
        if not base.dead:
            return content
        lives = np.ones(len(content), np.bool_)
        lives[: len(base.rows)] = np.unpackbits(base.bits, count=len(base.rows), bitorder="little")
        bits = np.packbits(lives, bitorder="little")
        return Content(snapshot.segments, content.numbers, content.positions, bits, base.dead)

    @staticmethod
    def joined(snapshot: Snapshot, positions: list[Ids]) -> Content:
        """These rows of each segment, one segment after the other."""
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

    def vectors(self) -> Iterator[Vectors]:
        """All vectors, in parts that are small enough for memory."""
        for part in parts(len(self)):
            numbers, positions = self.numbers[part], self.positions[part]
            vectors = np.empty((len(positions), self.segments[0].rows.dimension), np.float32)
            for number in np.unique(numbers):
                here = numbers == number
                vectors[here] = self.segments[number].rows.vectors(positions[here])
            yield vectors

    def loses_nothing_as_half(self) -> bool:
        """Whether all vectors may be kept as float16; those that are need no look."""
        return all(
            keeps(segment.rows.vectors(np.arange(part.start, part.stop)))
            for segment in self.segments
            if segment.rows.stored.precision != HALF
            for part in parts(len(segment.rows))
        )

    def write(self, path: Path, precision: np.dtype[np.floating]) -> None:
        """Write the vectors one after the other, as :class:`index.vectors.exact.MappedVectors` reads them."""
        with path.open("wb") as file:
            for vectors in self.vectors():
                file.write(vectors.astype(precision).tobytes())
