"""Tesseract, a program that is installed apart."""

from __future__ import annotations

import csv
import io
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING

from index.readers.base.processes import dying_with_parent
from index.readers.pdf.geometry import Box
from index.readers.pdf.ocr.engines import EngineUnavailable, RecognisedWord, has_package
from index.readers.pdf.unspaced import TOKEN, is_unspaced

if TYPE_CHECKING:
    from PIL.Image import Image

_PROGRAM = "tesseract"
_SPACE = 0.6
"""Gap beside a character of a script without spaces, in heights of a line, from which a space is there."""
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
        return list(_lines(csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE)))


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
    """The lines of Tesseract's table of words."""
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
