"""Read the words and lines of a PDF page with PDFium, in the order in which the page draws them.

Lengths are PDF points; the origin is the top left corner of the page as shown.
"""

import ctypes
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium

from index.errors import DocumentTooLarge
from index.readers.base.normalisation import normalise
from index.readers.pdf.bidi import RIGHT_TO_LEFT
from index.readers.pdf.characters import HYPHEN, Characters
from index.readers.pdf.file import PdfFile
from index.readers.pdf.geometry import Box, Skew, View

MAX_PAGE_CHARACTERS = 1_000_000
MAX_PAGE_OBJECTS = 500_000
_WORD = re.compile(rf"[^\s{HYPHEN}]+")
_LIGATURES = str.maketrans(
    {
        "\ufb00": "ff",
        "\ufb01": "fi",
        "\ufb02": "fl",
        "\ufb03": "ffi",
        "\ufb04": "ffl",
        "\ufb05": "st",
        "\ufb06": "st",
    }
    # Invisible: the soft hyphen, the byte order mark, and a noncharacter.
    | dict.fromkeys(("\u00ad", "\ufeff", "\uffff"), "")
)
_FIXED_PITCH = 1
"""Bit of a font's flags (ISO 32000-2, table 121)."""
_MONOSPACED = re.compile(rb"mono(?!type)|courier|typewriter|cmtt|consol|menlo", re.IGNORECASE)
"""Names of monospaced fonts, because not all of them set the flag."""
_MIN_FIXED = 0.8
"""Share of a line in monospaced fonts from which it is code: symbols may be in another font."""
_MAX_SIZE = 10_000.0
_MAX_SLANT = 5.0
"""Degrees of rotation up to which text counts as upright."""


class Word(NamedTuple):
    """A normalised word, or the part of a broken word that is on one line.

    ``joined`` is set if no space is before it, as between characters that OCR recognised one by one.
    """

    text: str
    box: Box
    joined: bool = False


def joined_text(words: Sequence[Word]) -> str:
    """The words with spaces between them, but before those that are joined."""
    return "".join([word.text if word.joined else f" {word.text}" for word in words]).strip()


@dataclass(slots=True)
class Line:
    """A line of words. ``hyphen`` is set if the last word is broken and continues on the next line.

    ``size`` is the font size, ``baseline`` the distance of the baseline from the top of the page; ``upright``
    is false for rotated text. ``heading`` is the number of the heading that the line belongs to and ``level``
    its level; both are 0 for other lines. ``right_to_left`` is set if the line is read from the right.
    """

    words: list[Word]
    page: int
    size: float
    baseline: float
    upright: bool = True
    fixed_pitch: bool = False
    hyphen: bool = False
    heading: int = 0
    level: int = 0
    text: str = field(init=False)
    """The words with spaces between them, as far as there are any."""
    box: Box = field(init=False)
    right_to_left: bool = field(init=False)

    def __post_init__(self) -> None:
        self.text = joined_text(self.words)
        boxes = [word.box for word in self.words]
        x0, y0, x1, y1 = zip(*boxes, strict=True)
        self.box = Box(min(x0), min(y0), max(x1), max(y1))
        runs_left = x0[0] >= x0[-1]
        self.right_to_left = runs_left and any(RIGHT_TO_LEFT.search(word.text) for word in self.words)

    def parts(self, gap: float) -> list[list[Word]]:
        """The words, split where there are more than ``gap`` points between two of them."""
        cells = self._cells(gap)
        return [
            [word for _, word in part]
            for _, part in groupby(zip(cells, self.words, strict=True), itemgetter(0))
        ]

    def _cells(self, gap: float) -> list[int]:
        """A number for each word, the same for words that are close together."""
        order = list(range(len(self.words)))
        # Latin words in a right-to-left line are in the opposite order.
        if self.right_to_left:
            order.sort(key=lambda at: self.words[at].box.x0)
        cells = [0] * len(order)
        for last, at in pairwise(order):
            cells[at] = cells[last] + (self.words[at].box.x0 - self.words[last].box.x1 > gap)
        return cells


@dataclass(slots=True)
class Page:
    """A page with its lines. ``number`` counts from 1; the size is that of the page as shown.

    ``hidden`` counts the words that are left out because they are outside the page, or because their font
    does not define its characters. ``damaged`` is set if the page could not be opened, ``blank`` if it draws
    nothing. ``skew`` says how the page was turned when it was scanned, if the boxes of its lines are those of
    the page turned back.
    """

    number: int
    width: float
    height: float
    lines: list[Line]
    hidden: int = 0
    damaged: bool = False
    blank: bool = False
    skew: Skew | None = None


def read_page(file: PdfFile, number: int) -> Page:
    """Read the lines of a page; a damaged page has none.

    Raises :class:`index.errors.DocumentTooLarge` for a page with more than ``MAX_PAGE_CHARACTERS``
    characters or ``MAX_PAGE_OBJECTS`` graphics objects.
    """
    with _open_page(file, number) as (page, text):
        if page is None or text is None:
            return Page(number, 0.0, 0.0, [], damaged=True)
        view = View.of(page)
        count = int(pdfium.FPDFText_CountChars(text))
        _require_at_most(MAX_PAGE_CHARACTERS, count, "characters", name=file.name, number=number)
        found = _TextPage(text, view, number, file.name)
        lines = list(found.lines(Characters(text, count))) if count > 0 else []
        blank = int(pdfium.FPDFPage_CountObjects(page)) == 0
        return Page(number, view.width, view.height, lines, hidden=found.hidden, blank=blank)


@contextmanager
def _open_page(file: PdfFile, number: int) -> Iterator[tuple[Any, Any]]:
    """PDFium's handles of a page and of its text; None for a damaged page."""
    page = pdfium.FPDF_LoadPage(file.document, number - 1)
    if not page:
        yield None, None
        return
    text = None
    try:
        count = int(pdfium.FPDFPage_CountObjects(page))
        _require_at_most(MAX_PAGE_OBJECTS, count, "graphics objects", name=file.name, number=number)
        text = pdfium.FPDFText_LoadPage(page) or None
        yield page, text
    finally:
        if text:
            pdfium.FPDFText_ClosePage(text)
        pdfium.FPDF_ClosePage(page)


def _require_at_most(limit: int, count: int, what: str, *, name: str, number: int) -> None:
    if count > limit:
        raise DocumentTooLarge(
            f"{name}: page {number} has {count:,} {what}; at most {limit:,} are read. Divide the page."
        )


class _TextPage:
    """Splits PDFium's text of a page into lines and words."""

    def __init__(self, handle: Any, view: View, number: int, name: str) -> None:
        self.handle = handle
        self.view = view
        self.number = number
        self.name = name
        self.hidden = 0
        self._sides = tuple(ctypes.c_double() for _ in range(4))
        self._size = view.width, view.height

    def lines(self, characters: Characters) -> Iterator[Line]:
        text = characters.text
        words: list[tuple[Word, int]] = []
        at = 0
        for match in _WORD.finditer(text):
            between = text[at : match.start()]
            box = self._box(characters.runs(match.start(), len(match[0])))
            at = match.end()
            if words and ("\n" in between or "\r" in between or _is_far(words[-1][0].box, box)):
                yield self._broken_line(words)
                words = []
            string = self._normalise_word(match[0])
            if string and self._shows(box):
                words.append((Word(string, box), characters.numbers[match.start()]))
            else:
                self.hidden += 1
            if words and text.startswith(HYPHEN, at):
                last, first = words[-1]
                hyphen = self._box(characters.runs(at, 1))
                words[-1] = Word(last.text, last.box.union(hyphen)), first
                yield self._line(words, hyphen=True)
                words = []
        if words:
            yield self._line(words, hyphen=False)

    def _normalise_word(self, text: str) -> str:
        if text.isascii() and text.isprintable():
            return text
        # Normalisation may leave nothing, or turn characters into white space.
        return "".join(normalise(text.translate(_LIGATURES), name=self.name).split())

    def _shows(self, box: Box) -> bool:
        width, height = self._size
        return 0 <= (box.x0 + box.x1) / 2 <= width and 0 <= (box.y0 + box.y1) / 2 <= height

    def _box(self, runs: Sequence[tuple[int, int]]) -> Box:
        left, top, right, bottom = self._sides
        box: Box | None = None
        for start, length in runs:
            for at in range(pdfium.FPDFText_CountRects(self.handle, start, length)):
                pdfium.FPDFText_GetRect(self.handle, at, left, top, right, bottom)
                part = self.view.box(left.value, bottom.value, right.value, top.value)
                box = box.union(part) if box else part
        return box or Box(-1.0, -1.0, -1.0, -1.0)

    def _broken_line(self, words: list[tuple[Word, int]]) -> Line:
        last, first = words[-1]
        if hyphen := _ends_with_hyphen(last):
            words[-1] = _without_hyphen(last), first
        return self._line(words, hyphen=hyphen)

    def _line(self, words: list[tuple[Word, int]], *, hyphen: bool) -> Line:
        # The longest word represents the line: footnote numbers and the like are smaller.
        _, longest = max(words, key=lambda pair: len(pair[0].text))
        matrix, x, y = pdfium.FS_MATRIX(), ctypes.c_double(), ctypes.c_double()
        pdfium.FPDFText_GetMatrix(self.handle, longest, matrix)
        pdfium.FPDFText_GetCharOrigin(self.handle, longest, x, y)
        size = pdfium.FPDFText_GetFontSize(self.handle, longest) * math.hypot(matrix.c, matrix.d)
        rotation = math.degrees(math.atan2(matrix.b, matrix.a)) - 90 * self.view.turns
        return Line(
            words=[word for word, _ in words],
            page=self.number,
            size=min(abs(size), _MAX_SIZE) if math.isfinite(size) else 0.0,
            baseline=self.view.point(x.value, y.value)[1],
            upright=abs((rotation + 180) % 360 - 180) < _MAX_SLANT,
            fixed_pitch=all(map(self._is_fixed_pitch, {words[0][1], longest, words[-1][1]}))
            and self._fixed_share(words) >= _MIN_FIXED,
            hyphen=hyphen,
        )

    def _fixed_share(self, words: list[tuple[Word, int]]) -> float:
        """The share of characters in words in a monospaced font."""
        lengths = [(len(word.text), self._is_fixed_pitch(first)) for word, first in words]
        return sum(length for length, is_fixed in lengths if is_fixed) / sum(length for length, _ in lengths)

    def _is_fixed_pitch(self, at: int) -> bool:
        flags, name = ctypes.c_int(), ctypes.create_string_buffer(128)
        pdfium.FPDFText_GetFontInfo(self.handle, at, name, len(name), flags)
        return bool(flags.value & _FIXED_PITCH) or bool(_MONOSPACED.search(name.value))


def take_hyphen(words: list[Word]) -> tuple[list[Word], bool]:
    """Remove a hyphen at a line end, such as PDFium does not recognise after a digit.

    Returns the words, and whether there was one.
    """
    if _ends_with_hyphen(words[-1]):
        return [*words[:-1], _without_hyphen(words[-1])], True
    return words, False


def _ends_with_hyphen(word: Word) -> bool:
    return word.text.endswith("-") and word.text[-2:-1].isalnum()


def _without_hyphen(word: Word) -> Word:
    return word._replace(text=word.text[:-1])


def _is_far(last: Box, box: Box) -> bool:
    """Whether a word is too far above or below the one before it to be on the same line."""
    return box.y0 > last.y1 + 2 * (last.y1 - last.y0) or box.y1 < last.y0 - 2 * (last.y1 - last.y0)
