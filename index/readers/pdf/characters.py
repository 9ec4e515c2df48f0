"""The characters of a PDF page, from PDFium, with those of right-to-left lines in logical order."""

import ctypes
import math
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import pypdfium2.raw as pdfium

from index.readers.pdf.bidi import RIGHT_TO_LEFT, Glyph, in_logical_order, is_right_to_left

HYPHEN = "\ufffe"
"""PDFium's character for a hyphen at the end of a line."""
_SURROGATE = re.compile("[\ud800-\udfff\U00010000-\U0010ffff]")
_LINE = re.compile(rf"[^\r\n{HYPHEN}]+")
_SAME_LINE = 0.7
"""Vertical distance of consecutive glyphs of one line, at most, in font sizes."""
_ADJACENT = 1.5
"""Distance from the start of a glyph to the start of the next one in a line, at most, in font sizes."""
_MAX_ROW = 2000
"""Glyphs up to which rows are joined: that takes time quadratic in their length."""
_MIN_SIZE = 0.1

_Vector = tuple[float, float]


class Characters:
    """The text of a page: ``text`` has one character for each of ``numbers``, PDFium's character indexes."""

    def __init__(self, handle: Any, count: int) -> None:
        self._handle = handle
        self.text = self._text(count)
        self.numbers: list[int] | range = range(len(self.text))
        if RIGHT_TO_LEFT.search(self.text):
            self._put_in_order()

    def runs(self, start: int, length: int) -> list[tuple[int, int]]:
        """The runs of consecutive numbers of ``length`` characters: the first of each, and how many."""
        if isinstance(self.numbers, range):
            return [(start, length)]
        numbers = enumerate(self.numbers[start : start + length])
        runs = [list(group) for _, group in groupby(numbers, key=lambda pair: pair[1] - pair[0])]
        return [(run[0][1], len(run)) for run in runs]

    def _text(self, count: int) -> str:
        """One character for each of PDFium's, so that PDFium's numbers are indexes of the text."""
        buffer = (ctypes.c_ushort * (count + 1))()
        pdfium.FPDFText_GetText(self._handle, 0, count, buffer)
        text = bytes(buffer)[: 2 * count].decode("utf-16-le", "surrogatepass")
        # FPDFText_GetText() omits control characters, and returns some characters as two.
        if text.endswith("\0") or _SURROGATE.search(text):
            codes = [pdfium.FPDFText_GetUnicode(self._handle, at) for at in range(count)]
            text = "".join([HYPHEN if code == 2 else chr(min(code, 0x10FFFF)) for code in codes])
        return text

    def _put_in_order(self) -> None:
        text = self.text
        page_is_rtl = is_right_to_left(text)
        parts: list[str] = []
        numbers: list[int] = []
        at = 0
        for start, end, rows in self._lines():
            parts.append(text[at:start])
            numbers += range(at, start)
            for row in rows:
                for glyph in in_logical_order(row, page_is_rtl=page_is_rtl):
                    parts.append(glyph.text)
                    numbers += glyph.numbers
            at = end
        self.text = "".join([*parts, text[at:]])
        self.numbers = [*numbers, *range(at, len(text))]

    def _lines(self) -> Iterator[tuple[int, int, list[list[Glyph]]]]:
        """Start, end and rows of the lines with right-to-left letters.

        PDFium may divide a line where a glyph is higher or lower; the parts of one row are joined.
        """
        waiting: tuple[int, int, list[list[Glyph]]] | None = None
        for match in _LINE.finditer(self.text):
            if not RIGHT_TO_LEFT.search(match[0]):
                continue
            start, end = match.span()
            rows = list(self._rows(start, end))
            if waiting and self._continues(waiting, start, rows):
                first, last, previous = waiting
                previous[-1].extend([_space(last, previous[-1], rows[0]), *rows.pop(0)])
                waiting = first, end, previous + rows
                continue
            if waiting:
                yield waiting
            waiting = start, end, rows
        if waiting:
            yield waiting

    def _continues(
        self, waiting: tuple[int, int, list[list[Glyph]]], start: int, rows: list[list[Glyph]]
    ) -> bool:
        """Whether a line continues the row at the end of the one that waits."""
        _, end, previous = waiting
        is_next = bool(previous and rows) and self.text[end:start].isspace()
        return is_next and _are_adjacent(previous[-1], rows[0])

    def _rows(self, start: int, end: int) -> Iterator[list[Glyph]]:
        """The glyphs of one of PDFium's lines, which may contain parts of several rows."""
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
            # PDFium may divide the box of a glyph between its characters.
            key = x, y, bottom, top, float(number) if left == right else 0.0
            corners = _dot(along, (left, bottom)), _dot(along, (right, top))
            found.setdefault(key, []).append((sum(corners) / 2, max(corners), number))
        several = any(len(members) > 1 for members in found.values())
        glyphs: list[Glyph] = []
        for (x, y, *_, single), members in found.items():
            divided = len({place for place, *_ in members}) > 1
            numbers = [number for *_, number in (sorted(members, reverse=True) if divided else members)]
            # If a glyph has no characters of its own, those of another glyph stand for both.
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
        """Unit vectors along a line and up from its baseline; also right for mirrored lines."""
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
        """The origin of a character, and its box."""
        x, y = ctypes.c_double(), ctypes.c_double()
        left, right, bottom, top = (ctypes.c_double() for _ in range(4))
        pdfium.FPDFText_GetCharOrigin(self._handle, number, x, y)
        pdfium.FPDFText_GetCharBox(self._handle, number, left, right, bottom, top)
        return x.value, y.value, left.value, right.value, bottom.value, top.value


def _are_adjacent(row: Sequence[Glyph], other: Sequence[Glyph]) -> bool:
    size = max(row[0].size, other[0].size)
    if len(row) > _MAX_ROW or abs(row[0].height - other[0].height) > _SAME_LINE * size:
        return False
    places = [glyph.place for glyph in row]
    others = [glyph.place for glyph in other]
    return max(min(places) - max(others), min(others) - max(places)) <= _ADJACENT * size


def _space(number: int, row: Sequence[Glyph], other: Sequence[Glyph]) -> Glyph:
    """A space instead of the end of a line; ``number`` is PDFium's index of that end."""
    place = max(min(glyph.place for glyph in row), min(glyph.place for glyph in other))
    return Glyph(" ", [number], place=place, size=row[0].size, height=row[0].height, made_up=True)


def _dot(a: _Vector, b: _Vector) -> float:
    return a[0] * b[0] + a[1] * b[1]
