"""Make lines of recognised words: their sizes, their slope, and the cells of one row."""

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

import numpy as np

from index.readers.base.normalisation import normalise
from index.readers.pdf.geometry import Skew
from index.readers.pdf.ocr.engine import RecognisedWord
from index.readers.pdf.page import Line, Page, Word, take_hyphen

_LETTER_HEIGHT = 0.9
"""Approximate height of a line from its tallest letter to its lowest, in font sizes."""
_SAME_SIZE = 0.3
"""Lines whose sizes differ by less from the usual one, as a share of it, have the usual one."""
_MIN_WORDS = 4
_MIN_WIDTH = 0.2
"""Words of a line, and its width as a share of the page's, from which its slope is measured."""
_MIN_SLOPE = 0.004
_MAX_SLOPE = 0.3
_MIN_IN_ROWS = 8
_MAX_IN_ROWS = 0.08
_ROW_STEP = 0.4
_CLEARLY = 1.3
"""Words from which a slope is looked for in rows, the greatest one, the height of a row in font sizes, and
how much better than no slope the best one must be."""
_SAME_ROW = 0.45
"""Distance of the baselines of one row, at most, in font sizes."""
_VERTICAL = 1.5
"""Height of a word of several letters, in widths of it, from which it is written downwards."""


def lines_of(read: Sequence[Sequence[RecognisedWord]], page: int, *, name: str) -> list[Line]:
    """The lines of a page, in the order of the engine."""
    lines = []
    for found in read:
        words = [
            Word(text, one.box, one.joined)
            for one in found
            if (text := "".join(normalise(one.text, name=name).split()))
        ]
        if words:
            lines.append(_line(words, page))
    if lines:
        usual = median(line.size for line in lines for _ in line.words)
        for line in lines:
            if abs(line.size - usual) < _SAME_SIZE * usual:
                line.size = usual
    return lines


def _line(words: list[Word], page: int) -> Line:
    words[0] = words[0]._replace(joined=False)
    words, hyphen = take_hyphen(words)
    tallest = sorted(word.box.y1 - word.box.y0 for word in words)[-1 if len(words) < _MIN_WORDS else -2]
    upright = not any(
        len(text) > 1 and box.y1 - box.y0 > _VERTICAL * (box.x1 - box.x0) for text, box, _ in words
    )
    baseline = median(word.box.y1 for word in words)
    return Line(words, page, tallest / _LETTER_HEIGHT, baseline, upright=upright, hyphen=hyphen)


def straightened(lines: Sequence[Line], page: Page) -> tuple[list[Line], Skew | None]:
    """The lines as if the page had not been turned a little when it was scanned, and how it was."""
    long = [
        line
        for line in lines
        if line.upright
        and len(line.words) >= _MIN_WORDS
        and line.box.x1 - line.box.x0 >= _MIN_WIDTH * page.width
    ]
    slope = median(map(_slope, long)) if long else _slope_of_rows(lines)
    if not _MIN_SLOPE < abs(slope) < _MAX_SLOPE:
        return list(lines), None
    skew = Skew(math.atan(slope), page.width / 2, page.height / 2)
    return [_turned(line, skew) for line in lines], skew


def _slope(line: Line) -> float:
    """How far the middles of a line's words sink, for each point to the right."""
    across = np.array([(word.box.x0 + word.box.x1) / 2 for word in line.words])
    down = np.array([(word.box.y0 + word.box.y1) / 2 for word in line.words])
    spread = float(((across - across.mean()) ** 2).sum())
    return float(((across - across.mean()) * (down - down.mean())).sum()) / spread if spread > 0 else 0.0


def _slope_of_rows(lines: Sequence[Line]) -> float:
    """The slope at which most words stand in rows, for pages of cells; 0 if no slope is clearly the best."""
    words = [word.box for line in lines if line.upright for word in line.words]
    if len(words) < _MIN_IN_ROWS:
        return 0.0
    across = np.array([(box.x0 + box.x1) / 2 for box in words])
    down = np.array([box.y1 for box in words])
    step = max(1.0, _ROW_STEP * median(line.size for line in lines))
    slopes = sorted(np.linspace(-_MAX_IN_ROWS, _MAX_IN_ROWS, 161), key=abs)
    counts = [np.unique(np.round((down - slope * across) / step), return_counts=True)[1] for slope in slopes]
    scores = [float((count.astype(np.float64) ** 2).sum()) for count in counts]
    best = max(range(len(slopes)), key=scores.__getitem__)
    return float(slopes[best]) if scores[best] >= _CLEARLY * scores[0] else 0.0


def _turned(line: Line, skew: Skew) -> Line:
    words = [word._replace(box=skew.straighten(word.box)) for word in line.words]
    return replace(line, words=words, baseline=median(word.box.y1 for word in words))


def sort_by_rows(lines: Sequence[Line]) -> list[Line]:
    """The lines row by row from above, those of a row from the left."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda one: one.baseline):
        if rows and line.baseline - rows[-1][0].baseline < _SAME_ROW * line.size:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda one: one.box.x0)]


def merge_cells(lines: Sequence[Line]) -> list[Line]:
    """Join lines that follow each other on one row: engines find the cells of a table one by one."""
    rows: list[Line] = []
    for line in lines:
        last = rows[-1] if rows else None
        if last and _on_one_row(last, line):
            rows[-1] = replace(last, words=last.words + line.words, hyphen=line.hyphen)
        else:
            rows.append(line)
    return rows


def _on_one_row(last: Line, line: Line) -> bool:
    return (
        last.upright
        and line.upright
        and abs(last.baseline - line.baseline) < _SAME_ROW * line.size
        and last.box.x1 <= line.box.x0
    )
