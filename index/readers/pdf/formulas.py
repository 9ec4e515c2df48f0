"""Keep the lines of a formula in a PDF together.

A formula is drawn as many short lines: limits below a sum, the parts of a fraction, the rows of a matrix,
each with a baseline of its own. Lines that follow each other in reading order, have no words and touch each
other are one block. Labels of diagrams have no words either, but stand apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from index.readers.pdf.page import Line
from index.readers.pdf.tables import NumberTable

_WORD = re.compile(r"(?<![^\W_])[^\W\d_]{4,}(?![^\W_])")
"""A word of a language; shorter ones are also names of functions such as ``sin`` and ``lim``."""
_ITEM = re.compile(r"[•◦‣▪▫●○■□➢✓–—]$|\(?(?:\d{1,3}|[a-zA-Z])[.)]$|\[\d{1,4}\]$")
_WINDOW = 8
"""Lines of a formula that the next one may touch: a column of a matrix begins beside the one before."""
_MAX_ACROSS = 1.5
_MAX_BELOW = 0.5
"""Font sizes between the parts of a formula, side by side and one below the other."""
_SMALLER = 0.88
"""Size of indices and limits, at most, as a share of that of the formula."""


def join_formulas(
    groups: Iterable[list[Line] | NumberTable],
) -> Iterator[list[Line] | NumberTable]:
    """Join the groups of lines of a page that are one formula; others stay as they are."""
    formula: list[Line] = []
    for group in groups:
        is_formula = not isinstance(group, NumberTable) and all(map(_has_no_words, group))
        if isinstance(group, NumberTable) or not is_formula:
            if formula:
                yield formula
                formula = []
            yield group
        elif formula and _continues(formula, group):
            formula += group
        else:
            if formula:
                yield formula
            formula = [*group]
    if formula:
        yield formula


def _has_no_words(line: Line) -> bool:
    ordinary = line.upright and not line.fixed_pitch and not line.heading and not line.right_to_left
    return ordinary and not any(_WORD.search(word.text) for word in line.words)


def _continues(formula: Sequence[Line], group: Sequence[Line]) -> bool:
    first = group[0]
    is_item = len(first.words) > 1 and _ITEM.match(first.words[0].text)
    return not is_item and any(_touch(line, first) for line in formula[-_WINDOW:])


def _touch(a: Line, b: Line) -> bool:
    """Whether lines overlap in height or one is an index or limit of the other, with little space between."""
    size = max(a.size, b.size)
    across = max(a.box.x0, b.box.x0) - min(a.box.x1, b.box.x1)
    below = max(a.box.y0, b.box.y0) - min(a.box.y1, b.box.y1)
    differ = min(a.size, b.size) <= _SMALLER * size
    return across <= _MAX_ACROSS * size and (below < 0 or (differ and below <= _MAX_BELOW * size))
