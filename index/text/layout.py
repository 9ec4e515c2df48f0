"""Page layout: the box of each word of a document's text on its pages.

Lengths are PDF points (1/72 inch). The origin is the top left corner of the page as shown, after rotation and
cropping. A word broken over two lines has an entry for each part.
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
"""Magic, number of entries, number of pages. Columns compressed by zlib follow."""
_STEP = 0.01
"""Boxes are stored as whole hundredths of a point."""
_LIMIT = 2**31 - 1
_COLUMNS = 7
_MAX_GAP = 4.0
"""A gap between words of more than this many line heights separates two table cells."""


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A rectangle on a page; pages count from 1, the origin is top left: ``x0 < x1``, ``y0 < y1``."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The boxes of a text's n words, in the order of the text, and the sizes of its pages.

    ``starts`` and ``ends`` are spans of code points; neither array ever descends. ``pages`` count from 1.
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
        """Make a layout of ``(start, end, page, x0, y0, x1, y1)`` for each box, lengths in points."""
        table = np.asarray(entries, np.float64).reshape(-1, _COLUMNS)
        starts, ends, pages = (table[:, column].astype(np.int32) for column in range(3))
        sizes = _hundredths(np.asarray(page_sizes, np.float64).reshape(-1, 2))
        return Layout(starts, ends, pages, _hundredths(table[:, 3:]), sizes)

    def rectangles(self, start: int, end: int) -> tuple[Rectangle, ...]:
        """The rectangles to mark on the pages for the span ``[start, end)``, one for each line of words.

        A word that is partly in the span is marked as a whole.
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
        """Width and height of a page in points; pages count from 1."""
        width, height = (round(float(value), 2) for value in self.page_sizes[page - 1] * _STEP)
        return width, height

    def to_bytes(self) -> bytes:
        """Serialise the layout: differences of neighbours, compressed to about seven bytes a word."""
        widths = self.boxes[:, 2:] - self.boxes[:, :2]
        columns = [
            _differences(self.starts),
            self.ends - self.starts,
            _differences(self.pages),
            *(_differences(column) for column in self.boxes[:, :2].T),
            *widths.T,
            *(_differences(column) for column in self.page_sizes.T),
        ]
        packed = zlib.compress(b"".join(_byte_planes(column) for column in columns), 6)
        return _HEADER.pack(_MAGIC, len(self.starts), len(self.page_sizes)) + packed

    @staticmethod
    def from_bytes(data: bytes) -> Layout:
        """Read what :meth:`to_bytes` wrote. Raises :class:`index.errors.StoreDamaged` for anything else."""
        if len(data) < _HEADER.size or not data.startswith(_MAGIC):
            raise StoreDamaged("The stored page layout has an unknown format. Ingest the document again.")
        _, count, pages = _HEADER.unpack_from(data)
        size = 4 * (_COLUMNS * count + 2 * pages)
        unpacking = zlib.decompressobj()
        try:
            raw = unpacking.decompress(data[_HEADER.size :], size + 1)
        except zlib.error:
            raw = b""
        if len(raw) != size or not unpacking.eof:
            raise StoreDamaged("The stored page layout is damaged. Ingest the document again.")
        counts = [count] * _COLUMNS + [pages] * 2
        ends = np.cumsum(counts) * 4
        columns = [_from_byte_planes(raw[end - 4 * n : end]) for n, end in zip(counts, ends, strict=True)]
        return _layout_of_columns(columns)


def _layout_of_columns(columns: list[NDArray[np.int32]]) -> Layout:
    starts, lengths, pages, x0, y0, widths, heights, page_widths, page_heights = columns
    starts, x0, y0 = _running_sums(starts), _running_sums(x0), _running_sums(y0)
    return Layout(
        starts=starts,
        ends=starts + lengths,
        pages=_running_sums(pages),
        boxes=np.stack([x0, y0, x0 + widths, y0 + heights], axis=1),
        page_sizes=np.stack([_running_sums(page_widths), _running_sums(page_heights)], axis=1),
    )


def _hundredths(lengths: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.clip(np.rint(lengths / _STEP), -_LIMIT // 4, _LIMIT // 4).astype(np.int32)


def _differences(values: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.diff(values, prepend=np.int32(0))


def _running_sums(differences: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.cumsum(differences, dtype=np.int32)


def _byte_planes(values: ArrayLike) -> bytes:
    """The lowest bytes of all values, then the next, and so on: high bytes are mostly equal and pack well."""
    little = np.ascontiguousarray(values, dtype="<i4")
    return little.view(np.uint8).reshape(-1, 4).T.tobytes()


def _from_byte_planes(data: bytes) -> NDArray[np.int32]:
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
