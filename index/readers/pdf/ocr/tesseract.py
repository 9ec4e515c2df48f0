"""Tesseract, a program that is installed apart (the extra ``ocr`` calls it)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from index.readers.pdf.geometry import Box
from index.readers.pdf.ocr.engines import EngineUnavailable, RecognisedWord
from index.readers.pdf.unspaced import TOKEN, is_unspaced

if TYPE_CHECKING:
    from PIL.Image import Image

_SPACE = 0.6
"""Gap beside a character of a script without spaces, in heights of a line, from which a space is there."""


class Tesseract:
    """Reads pictures with the program tesseract."""

    orders_lines = True

    def version(self, languages: str) -> str:
        return f"{_program_version()}:{languages}"

    def read(self, image: Image, languages: str) -> list[list[RecognisedWord]]:
        pytesseract = _package()
        try:
            found = pytesseract.image_to_data(image, lang=languages, output_type=pytesseract.Output.DICT)
        except pytesseract.TesseractNotFoundError as error:
            raise EngineUnavailable("the program tesseract is not installed") from error
        except pytesseract.TesseractError as error:
            raise EngineUnavailable(
                f"tesseract failed; are its languages {languages!r} installed?"
            ) from error
        return list(_lines(found))


def _package() -> Any:
    try:
        import pytesseract
    except ImportError as error:
        raise EngineUnavailable(
            "no program for it is installed: pip install 'loccit[rapidocr]', or pip install 'loccit[ocr]' "
            "and install the program tesseract"
        ) from error
    return pytesseract


@cache
def _program_version() -> str:
    pytesseract = _package()
    try:
        return f"tesseract/{pytesseract.get_tesseract_version()}"
    except pytesseract.TesseractNotFoundError as error:
        raise EngineUnavailable("the program tesseract is not installed") from error


def _lines(found: dict[str, list[Any]]) -> Iterator[list[RecognisedWord]]:
    """The lines of Tesseract's table of words."""
    places = zip(found["block_num"], found["par_num"], found["line_num"], strict=True)
    for _, group in groupby(enumerate(places), key=lambda pair: pair[1]):
        words: list[RecognisedWord] = []
        for at, _ in group:
            text = str(found["text"][at]).strip()
            if text:
                left, top = found["left"][at], found["top"][at]
                box = Box(left, top, left + found["width"][at], top + found["height"][at])
                joined = bool(words) and _touch(words[-1], text, box)
                words += _divided(text, box, joined, max(0.0, float(found["conf"][at]) / 100))
        if words:
            yield words


def _divided(text: str, box: Box, joined: bool, confidence: float) -> Iterator[RecognisedWord]:
    """A word, or the characters of a script without spaces that it is of, each with its part of the width."""
    width, at = (box.x1 - box.x0) / len(text), 0
    for token in TOKEN.findall(text):
        part = Box(box.x0 + at * width, box.y0, box.x0 + (at + len(token)) * width, box.y1)
        yield RecognisedWord(token, part, joined or at > 0, confidence)
        at += len(token)


def _touch(last: RecognisedWord, text: str, box: Box) -> bool:
    """Whether there is no space between two pieces of a text: where one is of a script without spaces."""
    height = max(last.box.y1 - last.box.y0, box.y1 - box.y0)
    unspaced = is_unspaced(last.text[-1]) or is_unspaced(text[0])
    return unspaced and box.x0 - last.box.x1 < _SPACE * height
