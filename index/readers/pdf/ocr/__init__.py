"""OCR: read pages that are pictures, and pictures on pages of text, with Tesseract or RapidOCR."""

from dataclasses import dataclass

from index.config import OcrOptions
from index.errors import NoTextLayer
from index.readers.pdf.file import PdfFile
from index.readers.pdf.geometry import Box
from index.readers.pdf.ocr.engine import EngineUnavailable, OcrEngine, RecognisedWord
from index.readers.pdf.ocr.engines import select
from index.readers.pdf.ocr.lines import lines_of, merge_cells, sort_by_rows, straightened
from index.readers.pdf.ocr.pictures import pictures_without_text, render
from index.readers.pdf.order import merge_rows, reading_order
from index.readers.pdf.page import Line, Page, Word

__all__ = ["Recognition", "ocr_version", "recognise"]

_UNCERTAIN = 0.8
"""Mean confidence of the words of a page below which it is named as uncertain."""
_MIN_CONFIDENCE = 0.6
"""Mean confidence of a line in a picture on a page of text from which it counts as text."""


_MIN_SIDES = 1 / 30
"""The shorter side of a page that is read, at least, as a share of the longer one; engines scale pages."""


@dataclass(slots=True)
class Recognition:
    """What OCR did to a file: the engine's version, the pages that it read, and the uncertain ones of them.

    Without a version no page had to be read.
    """

    version: str
    pages: list[int]
    uncertain: list[int]


def ocr_version(options: OcrOptions) -> str:
    """The name and version of the engine that the options select; empty if it is not installed."""
    try:
        return select(options).version(options.languages)
    except EngineUnavailable:
        return ""


def recognise(file: PdfFile, pages: list[Page], options: OcrOptions) -> Recognition:
    """Read the pages that have no text, and the pictures without text on other pages; if languages are named.

    Raises :class:`index.errors.NoTextLayer` if the engine, or a language of it, is missing.
    """
    found = Recognition("", [], [])
    if not options.languages:
        return found
    wanted = {page.number: _unread(file, page) for page in pages if not page.damaged}
    if not any(wanted.values()):
        return found
    try:
        engine = select(options)
        found.version = engine.version(options.languages)
        for page in pages:
            if confidences := _read(file, page, wanted.get(page.number, []), engine, options.languages):
                found.pages.append(page.number)
                if sum(confidences) / len(confidences) < _UNCERTAIN:
                    found.uncertain.append(page.number)
    except EngineUnavailable as error:
        raise NoTextLayer(
            f"{file.name}: a page of it is a picture, and OCR cannot read it: {error}."
        ) from error
    return found


def _unread(file: PdfFile, page: Page) -> list[Box]:
    """The parts of a page that may show text and have none."""
    if page.lines:
        return pictures_without_text(file, page)
    is_strip = min(page.width, page.height) < _MIN_SIDES * max(page.width, page.height)
    return [] if page.blank or is_strip else [Box(0.0, 0.0, page.width, page.height)]


def _read(file: PdfFile, page: Page, parts: list[Box], engine: OcrEngine, languages: str) -> list[float]:
    """Add the lines of the parts to the page; returns the confidence of each word."""
    confidences: list[float] = []
    is_picture = not page.lines
    for part in parts:
        image, scale = render(file, page, part)
        read = [_on_page(line, part, scale) for line in engine.read(image, languages)]
        if not is_picture:
            read = [_beside_text(line, page) for line in read if _confidence(line) >= _MIN_CONFIDENCE]
        lines = lines_of([line for line in read if line], page.number, name=file.name)
        confidences += [word.confidence for line in read for word in line]
        if is_picture:
            lines, page.skew = straightened(lines, page)
        if not engine.orders_lines:
            lines = sort_by_rows(lines)
        lines = merge_cells(reading_order(merge_rows(lines), width=page.width))
        at = _place(page.lines, part)
        page.lines[at:at] = lines
    return confidences


def _on_page(line: list[RecognisedWord], part: Box, scale: float) -> list[RecognisedWord]:
    """A line with its boxes in points of the page."""
    return [
        word._replace(
            box=Box(
                part.x0 + word.box.x0 / scale,
                part.y0 + word.box.y0 / scale,
                part.x0 + word.box.x1 / scale,
                part.y0 + word.box.y1 / scale,
            )
        )
        for word in line
    ]


def _confidence(line: list[RecognisedWord]) -> float:
    return sum(word.confidence for word in line) / len(line)


def _beside_text(line: list[RecognisedWord], page: Page) -> list[RecognisedWord]:
    """The words of a line that the text of the page does not have at the same place, such as a stamp."""
    own = [word for one in page.lines if one.page == page.number for word in one.words]
    return [word for word in line if not any(_covers(one, word.box) for one in own)]


def _covers(word: Word, box: Box) -> bool:
    wide = min(word.box.x1, box.x1) - max(word.box.x0, box.x0)
    high = min(word.box.y1, box.y1) - max(word.box.y0, box.y0)
    return wide > 0 and high > 0 and wide * high > 0.5 * (box.x1 - box.x0) * (box.y1 - box.y0)


def _place(lines: list[Line], part: Box) -> int:
    """Where the lines of a picture belong among those of its page: after the last one above it."""
    above = [
        at
        for at, line in enumerate(lines)
        if line.box.y1 <= part.y0 + 1 and line.box.x0 < part.x1 and part.x0 < line.box.x1
    ]
    return above[-1] + 1 if above else 0
