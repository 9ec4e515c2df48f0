"""The characters of a PDF page as PDFium tells them, those of right-to-left lines put in reading order."""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import pypdfium2.raw as pdfium

from index.readers.pdf.bidi import RIGHT_TO_LEFT, Glyph, in_logical_order, runs_leftward

HYPHEN = "\ufffe"
"""Stands in PDFium's text for a hyphen at the end of a line."""
_SURROGATE = re.compile("[\ud800-\udfff\U00010000-\U0010ffff]")
_LINE = re.compile(rf"[^\r\n{HYPHEN}]+")
_SAME_LINE = 0.7
"""Font sizes that a glyph may stand above or below the one before it and be of the same line."""
_BESIDE = 1.5
"""Font sizes from where a glyph begins to where the next one does, at most, in one line."""
_MAX_ROW = 2000
"""Glyphs; longer rows are not joined, which would take time quadratic in their length."""
_MIN_SIZE = 0.1

_Vector = tuple[float, float]


class Characters:
    """``text`` has one character for each of ``numbers``, which are PDFium's."""

    def __init__(self, handle: Any, count: int) -> None:
        self._handle = handle
        self.text = self._text(count)
        self.numbers: list[int] | range = range(len(self.text))
        if RIGHT_TO_LEFT.search(self.text):
            self._put_in_order()

    def runs(self, start: int, length: int) -> Iterator[tuple[int, int]]:
        """The first of PDFium's numbers and how many follow it, for parts of ``length`` characters."""
        numbers = self.numbers[start : start + length]
        if isinstance(numbers, range):
            yield numbers.start, len(numbers)
            return
        for _, group in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
            found = [number for _, number in group]
            yield found[0], len(found)

    def _text(self, count: int) -> str:
        """A character for each of PDFium's, so that their numbers are places in the text."""
        buffer = (ctypes.c_ushort * (count + 1))()
        pdfium.FPDFText_GetText(self._handle, 0, count, buffer)
        text = bytes(buffer)[: 2 * count].decode("utf-16-le", "surrogatepass")
        # PDFium leaves control characters out of it, and counts some characters as two.
        if text.endswith("\0") or _SURROGATE.search(text):
            codes = [pdfium.FPDFText_GetUnicode(self._handle, at) for at in range(count)]
            text = "".join([HYPHEN if code == 2 else chr(min(code, 0x10FFFF)) for code in codes])
        return text

    def _put_in_order(self) -> None:
        text = self.text
        leftward = runs_leftward(text)
        parts: list[str] = []
        numbers: list[int] = []
        at = 0
        for start, end, rows in self._lines():
            parts.append(text[at:start])
            numbers += range(at, start)
            for row in rows:
                for glyph in in_logical_order(row, leftward=leftward):
                    parts.append(glyph.text)
                    numbers += glyph.numbers
            at = end
        self.text = "".join([*parts, text[at:]])
        self.numbers = [*numbers, *range(at, len(text))]

    def _lines(self) -> Iterator[tuple[int, int, list[list[Glyph]]]]:
        """Start, end and rows of the lines with right-to-left letters.

        PDFium may part a line where a glyph stands higher or lower; what goes on in the same row is joined.
        """
        waiting: tuple[int, int, list[list[Glyph]]] | None = None
        for match in _LINE.finditer(self.text):
            if not RIGHT_TO_LEFT.search(match[0]):
                continue
            start, end = match.span()
            rows = list(self._rows(start, end))
            if waiting and self._is_joined(waiting, start, rows):
                first, last, above = waiting
                above[-1].extend([_space(last, above[-1], rows[0]), *rows.pop(0)])
                waiting = first, end, above + rows
                continue
            if waiting:
                yield waiting
            waiting = start, end, rows
        if waiting:
            yield waiting

    def _is_joined(
        self, waiting: tuple[int, int, list[list[Glyph]]], start: int, rows: list[list[Glyph]]
    ) -> bool:
        _, end, above = waiting
        return bool(above and rows) and self.text[end:start].isspace() and _is_beside(above[-1], rows[0])

    def _rows(self, start: int, end: int) -> Iterator[list[Glyph]]:
        """The glyphs of what PDFium takes for a line, which may be parts of several."""
        row: list[Glyph] = []
        for glyph in self._glyphs(start, end):
            if row and abs(glyph.height - row[-1].height) > _SAME_LINE * max(glyph.size, row[-1].size):
                yield row
                row = []
            row.append(glyph)
        if row:
            yield row

    def _glyphs(self, start: int, end: int) -> list[Glyph]:
        along, up = self._directions(start, end)
        found: dict[tuple[float, ...], list[tuple[float, float, int]]] = {}
        for number in range(start, end):
            x, y, left, right, bottom, top = self._place(number)
            # PDFium may divide the box of a glyph among its characters.
            key = x, y, bottom, top, float(number) if left == right else 0.0
            corners = _dot(along, (left, bottom)), _dot(along, (right, top))
            found.setdefault(key, []).append((sum(corners) / 2, max(corners), number))
        several = any(len(members) > 1 for members in found.values())
        glyphs: list[Glyph] = []
        for (x, y, *_, single), members in found.items():
            divided = len({place for place, *_ in members}) > 1
            numbers = [number for *_, number in (sorted(members, reverse=True) if divided else members)]
            # A glyph without characters of its own belongs to another, which stands for several.
            if several and pdfium.FPDFText_HasUnicodeMapError(self._handle, numbers[0]) == 1:
                continue
            text = "".join([self.text[number] for number in numbers])
            made_up = bool(single) and text.isspace()
            size = glyphs[-1].size if made_up and glyphs else self._size(numbers[0])
            glyphs.append(
                Glyph(
                    text,
                    numbers,
                    place=_dot(along, (x, y)),
                    size=size,
                    end=max(end for _, end, _ in members),
                    height=_dot(up, (x, y)),
                    ordered=divided,
                    made_up=made_up,
                )
            )
        return glyphs

    def _directions(self, start: int, end: int) -> tuple[_Vector, _Vector]:
        """That of a line and that in which its letters stand, of length 1; mirrored lines have them too."""
        number = next((number for number in range(start, end) if not self.text[number].isspace()), start)
        matrix = self._matrix(number)
        length = math.hypot(matrix.c, matrix.d)
        up = (matrix.c / length, matrix.d / length) if length else (0.0, 1.0)
        return (up[1], -up[0]), up

    def _size(self, number: int) -> float:
        matrix = self._matrix(number)
        size = float(pdfium.FPDFText_GetFontSize(self._handle, number)) * math.hypot(matrix.c, matrix.d)
        return max(abs(size), _MIN_SIZE)

    def _matrix(self, number: int) -> Any:
        matrix = pdfium.FS_MATRIX()
        pdfium.FPDFText_GetMatrix(self._handle, number, matrix)
        return matrix

    def _place(self, number: int) -> tuple[float, float, float, float, float, float]:
        """Where a character is drawn, and its box."""
        x, y = ctypes.c_double(), ctypes.c_double()
        left, right, bottom, top = (ctypes.c_double() for _ in range(4))
        pdfium.FPDFText_GetCharOrigin(self._handle, number, x, y)
        pdfium.FPDFText_GetCharBox(self._handle, number, left, right, bottom, top)
        return x.value, y.value, left.value, right.value, bottom.value, top.value


def _is_beside(row: Sequence[Glyph], other: Sequence[Glyph]) -> bool:
    size = max(row[0].size, other[0].size)
    if len(row) > _MAX_ROW or abs(row[0].height - other[0].height) > _SAME_LINE * size:
        return False
    places = [glyph.place for glyph in row]
    others = [glyph.place for glyph in other]
    return max(min(places) - max(others), min(others) - max(places)) <= _BESIDE * size


def _space(number: int, row: Sequence[Glyph], other: Sequence[Glyph]) -> Glyph:
    """For where PDFium ends a line; ``number`` is that of the line's end."""
    place = max(min(glyph.place for glyph in row), min(glyph.place for glyph in other))
    return Glyph(" ", [number], place=place, size=row[0].size, height=row[0].height, made_up=True)


def _dot(a: _Vector, b: _Vector) -> float:
    return a[0] * b[0] + a[1] * b[1]
