"""Rows of a PDF page: lines at one height, and the figures in them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from index.readers.pdf.page import Line, Word

_FIGURE = re.compile(r"[-–—+(]*[$€£¥]?\(?\d[\d.,]*\)?%?\)?[*†‡]?\Z|[—–-]\Z|\)?%\Z|\)\Z|[nN]/[aAmM]\Z")
_SIGN = re.compile(r"[-–—(]?[$€£¥₹]\(?\Z")
_TAIL = re.compile(r"\)?%\Z|\)\Z")
YEAR = re.compile(r"(?:19|20)\d\d\Z")
_SAME_ROW = 0.45
"""Distance of the baselines of one row, at most, in font sizes."""
_LABEL_GAP = 0.5
"""Gap between a label and its figures, at least, in font sizes; a space is narrower."""


@dataclass(slots=True)
class VisualRow:
    """A row at one height: its lines, the figures at its end with their signs, and the words before."""

    first: int
    lines: list[Line]
    words: list[Word] = field(default_factory=list)
    figures: list[list[Word]] = field(default_factory=list)
    others: list[Word] = field(default_factory=list)

    @property
    def size(self) -> float:
        return self.lines[0].size

    @property
    def baseline(self) -> float:
        return self.lines[0].baseline

    @property
    def end(self) -> int:
        return self.first + len(self.lines)

    @property
    def is_years(self) -> bool:
        texts = [word.text for figure in self.figures for word in figure]
        return bool(texts) and all(map(YEAR.match, texts))


def visual_rows(lines: Sequence[Line]) -> Iterator[VisualRow]:
    """The rows of a page that may belong to a table, in the order of its lines."""
    row: VisualRow | None = None
    for number, line in enumerate(lines):
        if not line.upright or line.heading or line.fixed_pitch or line.right_to_left or line.size <= 0:
            if row:
                yield _parse_figures(row)
            row = None
            continue
        if row and abs(line.baseline - row.baseline) < _SAME_ROW * line.size:
            row.lines.append(line)
            continue
        if row:
            yield _parse_figures(row)
        row = VisualRow(number, [line])
    if row:
        yield _parse_figures(row)


def _parse_figures(row: VisualRow) -> VisualRow:
    row.words = sorted((word for line in row.lines for word in line.words), key=lambda word: word.box.x0)
    pending: list[Word] = []
    for word in row.words:
        if (
            row.figures
            and not pending
            and _TAIL.match(word.text)
            and _near(row.figures[-1][-1], word, row.size)
        ):
            row.figures[-1].append(word)
        elif _SIGN.match(word.text):
            pending.append(word)
        elif _FIGURE.match(word.text):
            row.figures.append([*pending, word])
            pending = []
        else:
            row.others += [*pending, word]
            pending = []
    row.others += pending
    # A figure beside the label is a part of it, as the number of a note is.
    label = max((word.box.x1 for word in row.others), default=-math.inf)
    while row.figures and row.figures[0][0].box.x0 - label < _LABEL_GAP * row.size:
        words = row.figures.pop(0)
        row.others += words
        label = max(label, words[-1].box.x1)
    return row


def _near(last: Word, word: Word, size: float) -> bool:
    return word.box.x0 - last.box.x1 < size
