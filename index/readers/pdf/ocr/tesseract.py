"""Tesseract, a program that is installed apart."""

from __future__ import annotations

import csv
import io
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import groupby
from statistics import median
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

import numpy as np
from numpy.typing import NDArray

from index.readers.base.processes import dying_with_parent
from index.readers.pdf.geometry import Box
from index.readers.pdf.ocr.engine import EngineUnavailable, RecognisedWord, has_package
from index.readers.pdf.ocr.ink import tightened
from index.readers.pdf.unspaced import TOKEN, is_unspaced

if TYPE_CHECKING:
    from PIL.Image import Image

_PROGRAM = "tesseract"
_SPACE = 0.6
"""Gap beside a character of a script without spaces, in heights of a line, from which a space is there."""
_TOO_HIGH = 1.25
_BESIDE = 5
"""Heights of the other characters of its line that one may have, and how many of those it is levelled by."""
_NUMBER = re.compile(r"\d+(?:\.\d+)*")


class Tesseract:
    """Reads pictures with the program tesseract."""

    orders_lines = True

    def version(self, languages: str) -> str:
        if not has_package("pillow"):
            raise EngineUnavailable("Pillow is not installed: pip install 'loccit[ocr]'")
        return f"{_program_version()}:{languages}"

    def read(self, image: Image, languages: str) -> list[list[RecognisedWord]]:
        picture = io.BytesIO()
        image.save(picture, "PNG", compress_level=1)
        table = _run(
            "stdin", "stdout", "-l", languages, "-c", "tessedit_create_tsv=1", given=picture.getvalue()
        )
        if table is None:
            raise EngineUnavailable(f"tesseract failed; are its languages {languages!r} installed?")
        rows = csv.DictReader(table.replace("\r", " ").split("\n"), delimiter="\t", quoting=csv.QUOTE_NONE)
        return lines_of_table(rows, np.asarray(image))


def lines_of_table(
    rows: Iterable[Mapping[str, str]], pixels: NDArray[np.uint8]
) -> list[list[RecognisedWord]]:
    """The lines of Tesseract's table of words, with boxes around the ink of the picture."""
    return [tightened(_levelled(line), pixels) for line in _lines(rows)]


def _run(*arguments: str, given: bytes = b"") -> str | None:
    """Run the program, which writes no files and ends with the reader; None if it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - languages are an operator's
            [_PROGRAM, *arguments],
            input=given,
            capture_output=True,
            check=False,
            preexec_fn=dying_with_parent(),
        )
    except OSError as error:
        raise EngineUnavailable(
            "the program tesseract is not installed: install it, or pip install 'loccit[rapidocr]'"
        ) from error
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


@cache
def _program_version() -> str:
    number = _NUMBER.search(_run("--version") or "")
    return f"tesseract/{number[0] if number else 'unknown'}"


def _lines(rows: Iterable[Mapping[str, str]]) -> Iterator[list[RecognisedWord]]:
    for _, group in groupby(rows, key=lambda row: (row["block_num"], row["par_num"], row["line_num"])):
        words: list[RecognisedWord] = []
        for row in group:
            if text := (row["text"] or "").strip():
                left, top = float(row["left"]), float(row["top"])
                box = Box(left, top, left + float(row["width"]), top + float(row["height"]))
                joined = bool(words) and _touch(words[-1], text, box)
                words += _divided(text, box, joined, max(0.0, float(row["conf"]) / 100))
        if words:
            yield words


def _levelled(words: list[RecognisedWord]) -> list[RecognisedWord]:
    """Give characters of scripts without spaces that are too high the height of those beside them.

    Tesseract's boxes of them often reach into the next line.
    """
    places = [at for at, word in enumerate(words) if is_unspaced(word.text[0])]
    usual = median(words[at].box.y1 - words[at].box.y0 for at in places) if places else 0.0
    high = [at for at in places if words[at].box.y1 - words[at].box.y0 > _TOO_HIGH * usual]
    level = [at for at in places if at not in high]
    levelled = list(words)
    for at in high:
        beside = [words[one].box for one in sorted(level, key=lambda one: abs(one - at))[:_BESIDE]]
        y0, y1 = (median(box[side] for box in beside) for side in (1, 3))
        levelled[at] = words[at]._replace(box=words[at].box._replace(y0=y0, y1=y1))
    return levelled


def _divided(text: str, box: Box, joined: bool, confidence: float) -> Iterator[RecognisedWord]:
    """A word, or the characters of a script without spaces that it is of, each with its part of the width."""
    width, at = (box.x1 - box.x0) / _width(text), 0
    for token in TOKEN.findall(text):
        end = at + _width(token)
        part = Box(box.x0 + at * width, box.y0, box.x0 + end * width, box.y1)
        yield RecognisedWord(token, part, joined or at > 0, confidence)
        at = end


def _width(text: str) -> int:
    """The width of a text, in widths of a Latin letter; Chinese characters are twice as wide."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _touch(last: RecognisedWord, text: str, box: Box) -> bool:
    """Whether there is no space between two pieces of a text: where one is of a script without spaces."""
    height = max(last.box.y1 - last.box.y0, box.y1 - box.y0)
    unspaced = is_unspaced(last.text[-1]) or is_unspaced(text[0])
    return unspaced and box.x0 - last.box.x1 < _SPACE * height
