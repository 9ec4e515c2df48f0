"""Where on the pages of a document each word of its text is shown.

Lengths are PDF points (1/72 inch). The origin is the top left corner of the page as it is shown, after its
rotation and its crop box. A word that is broken over two lines has an entry for each of its parts.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from index.errors import StoreDamaged

_MAGIC = b"LAYOUT1\n"
_HEADER = struct.Struct("<8sII")
"""Magic, the number of entries, the number of pages; what follows is compressed by zlib."""
_STEP = 0.01
"""Boxes are kept as whole hundredths of a point."""
_LIMIT = 2**31 - 1
_COLUMNS = 7
_MAX_GAP = 4.0
"""Words of a line further apart than so many of their heights are in cells of their own."""


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A part of a page, counted from 1, with the origin at its top left: ``x0 < x1``, ``y0 < y1``."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The n boxes of a text's words, in the order of the text, and the sizes of the pages.

    ``starts`` and ``ends`` are code points, half open; neither ever goes down. ``pages`` count from 1.
    ``boxes`` has shape (n, 4): x0, y0, x1, y1 in hundredths of a point. ``page_sizes`` has shape
    (number of pages, 2): width and height, in the same unit.
    """

    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    pages: NDArray[np.int32]
    boxes: NDArray[np.int32]
    page_sizes: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.starts)

    @staticmethod
    def of(entries: Sequence[Sequence[float]], page_sizes: Sequence[tuple[float, float]]) -> Layout:
        """From ``(start, end, page, x0, y0, x1, y1)`` for each box, lengths in points."""
        table = np.asarray(entries, np.float64).reshape(-1, _COLUMNS)
        starts, ends, pages = (table[:, column].astype(np.int32) for column in range(3))
        sizes = _hundredths(np.asarray(page_sizes, np.float64).reshape(-1, 2))
        return Layout(starts, ends, pages, _hundredths(table[:, 3:]), sizes)

    def rectangles(self, start: int, end: int) -> tuple[Rectangle, ...]:
        """What to mark on the pages for the span ``[start, end)``: a rectangle for each line of words.

        A word that is in the span only in part counts as a whole.
        """
        first = int(np.searchsorted(self.ends, start, side="right"))
        last = int(np.searchsorted(self.starts, end, side="left"))
        found: list[Rectangle] = []
        for at in range(first, last if start < end else first):
            x0, y0, x1, y1 = (round(float(value), 2) for value in self.boxes[at] * _STEP)
            box = Rectangle(int(self.pages[at]), x0, y0, x1, y1)
            if found and _on_one_line(found[-1], box):
                found[-1] = _union(found[-1], box)
            else:
                found.append(box)
        return tuple(found)

    def page_size(self, page: int) -> tuple[float, float]:
        """Width and height in points of a page, counted from 1."""
        width, height = (round(float(value), 2) for value in self.page_sizes[page - 1] * _STEP)
        return width, height

    def to_bytes(self) -> bytes:
        """The layout in a format of its own: about seven bytes for each word."""
        widths = self.boxes[:, 2:] - self.boxes[:, :2]
        columns = [
            _steps(self.starts),
            self.ends - self.starts,
            _steps(self.pages),
            *(_steps(column) for column in self.boxes[:, :2].T),
            *widths.T,
            *(_steps(column) for column in self.page_sizes.T),
        ]
        packed = zlib.compress(b"".join(_planes(column) for column in columns), 6)
        return _HEADER.pack(_MAGIC, len(self.starts), len(self.page_sizes)) + packed

    @staticmethod
    def from_bytes(data: bytes) -> Layout:
        """What :meth:`to_bytes` made. Raises :class:`index.errors.StoreDamaged`."""
        if len(data) < _HEADER.size or not data.startswith(_MAGIC):
            raise StoreDamaged("This is no page layout of a known version. Read the document again.")
        _, count, pages = _HEADER.unpack_from(data)
        size = 4 * (_COLUMNS * count + 2 * pages)
        unpacking = zlib.decompressobj()
        try:
            raw = unpacking.decompress(data[_HEADER.size :], size + 1)
        except zlib.error:
            raw = b""
        if len(raw) != size or not unpacking.eof:
            raise StoreDamaged("A page layout is not as long as it says. Read the document again.")
        counts = [count] * _COLUMNS + [pages] * 2
        ends = np.cumsum(counts) * 4
        columns = [_unplaned(raw[end - 4 * n : end]) for n, end in zip(counts, ends, strict=True)]
        return _restored(columns)


def _restored(columns: list[NDArray[np.int32]]) -> Layout:
    starts, lengths, pages, x0, y0, widths, heights, page_widths, page_heights = columns
    starts, x0, y0 = _sums(starts), _sums(x0), _sums(y0)
    return Layout(
        starts=starts,
        ends=starts + lengths,
        pages=_sums(pages),
        boxes=np.stack([x0, y0, x0 + widths, y0 + heights], axis=1),
        page_sizes=np.stack([_sums(page_widths), _sums(page_heights)], axis=1),
    )


def _hundredths(lengths: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.clip(np.rint(lengths / _STEP), -_LIMIT // 4, _LIMIT // 4).astype(np.int32)


def _steps(values: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.diff(values, prepend=np.int32(0))


def _sums(steps: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.cumsum(steps, dtype=np.int32)


def _planes(values: ArrayLike) -> bytes:
    """The lowest bytes of all values, then the next, and so on: the high ones are mostly the same."""
    little = np.ascontiguousarray(values, dtype="<i4")
    return little.view(np.uint8).reshape(-1, 4).T.tobytes()


def _unplaned(data: bytes) -> NDArray[np.int32]:
    planes = np.frombuffer(data, np.uint8).reshape(4, -1)
    return np.ascontiguousarray(planes.T).view("<i4").reshape(-1).astype(np.int32)


def _on_one_line(line: Rectangle, box: Rectangle) -> bool:
    height = min(line.y1 - line.y0, box.y1 - box.y0)
    shared = min(line.y1, box.y1) - max(line.y0, box.y0)
    gap = max(box.x0 - line.x1, line.x0 - box.x1)
    tallest = max(line.y1 - line.y0, box.y1 - box.y0)
    return line.page == box.page and shared >= 0.5 * height and gap <= _MAX_GAP * tallest


def _union(a: Rectangle, b: Rectangle) -> Rectangle:
    return Rectangle(a.page, min(a.x0, b.x0), min(a.y0, b.y0), max(a.x1, b.x1), max(a.y1, b.y1))
