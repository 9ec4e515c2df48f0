"""Find the ink of words in a picture, where a program gives only about where they are."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from index.readers.pdf.geometry import Box
from index.readers.pdf.ocr.engine import RecognisedWord

_CONTRAST = 0.4
"""Share of the greatest difference from the paper from which a pixel is ink."""
_CLEAN = 0.04
"""Share of a column or row that may be ink although no letter is there: dirt."""


def tightened(words: Sequence[RecognisedWord], pixels: NDArray[np.uint8]) -> list[RecognisedWord]:
    """Move the sides of the boxes to the ink: programs know the middle of a letter, and guess its width."""
    sides = [[word.box.x0, word.box.x1] for word in words]
    for at, (last, word) in enumerate(pairwise(words)):
        left, right = _last_middle(last), _first_middle(word)
        top, bottom = min(last.box.y0, word.box.y0), max(last.box.y1, word.box.y1)
        ink = _ink(pixels, Box(left, top, right, bottom))
        if ink.size:
            start, end = _widest_gap(ink.sum(axis=0) <= _CLEAN * len(ink))
            sides[at][1], sides[at + 1][0] = left + start, left + end
    return [
        word._replace(box=_around_ink(pixels, Box(x0, word.box.y0, x1, word.box.y1)))
        for word, (x0, x1) in zip(words, sides, strict=True)
    ]


def _last_middle(word: RecognisedWord) -> float:
    return word.box.x1 - (word.box.x1 - word.box.x0) / len(word.text) / 2


def _first_middle(word: RecognisedWord) -> float:
    return word.box.x0 + (word.box.x1 - word.box.x0) / len(word.text) / 2


def _ink(pixels: NDArray[np.uint8], box: Box) -> NDArray[np.bool_]:
    """Which pixels of a box differ from the paper, be they darker or lighter."""
    height, width = pixels.shape
    x0, x1 = max(0, int(box.x0)), min(width, round(box.x1))
    y0, y1 = max(0, int(box.y0)), min(height, round(box.y1))
    part = pixels[y0:y1, x0:x1].astype(np.int16)
    if not part.size:
        return np.zeros((0, 0), np.bool_)
    away = np.abs(part - int(np.median(part)))
    return np.asarray(away > max(1.0, _CONTRAST * float(away.max())))


def _widest_gap(clean: NDArray[np.bool_]) -> tuple[float, float]:
    """The start and end of the longest run of clean columns; the middle twice if there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], clean, [False])).astype(np.int8)))
    if not len(edges):
        return len(clean) / 2, len(clean) / 2
    starts, ends = edges[::2], edges[1::2]
    widest = int(np.argmax(ends - starts))
    return float(starts[widest]), float(ends[widest])


def _around_ink(pixels: NDArray[np.uint8], box: Box) -> Box:
    """The part of a box that has ink; the box itself if it has none."""
    ink = _ink(pixels, box)
    if not ink.size:
        return box
    columns = np.flatnonzero(ink.sum(axis=0) > _CLEAN * len(ink))
    rows = np.flatnonzero(ink.sum(axis=1) > _CLEAN * ink.shape[1])
    if not len(columns) or not len(rows):
        return box
    left, top = max(0, int(box.x0)), max(0, int(box.y0))
    return Box(
        float(left + columns[0]),
        float(top + rows[0]),
        float(left + columns[-1] + 1),
        float(top + rows[-1] + 1),
    )
