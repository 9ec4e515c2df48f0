"""Sentences of a hit with how strongly they answer, which each part of the search weighs in its turn."""

from __future__ import annotations

from operator import itemgetter
from typing import NamedTuple


class JudgedSentence(NamedTuple):
    """A sentence of a hit, or a label with its value, as a span of the document's text.

    ``strength`` is the logit of the probability that a person would mark it, if its passage were the first.
    ``is_line``: it is one of several lines, such as a row of a table or an item of a list. ``is_row``: it is
    in a table.
    """

    start: int
    end: int
    strength: float
    is_line: bool = False
    is_row: bool = False


START, STRENGTH = itemgetter(0), itemgetter(2)
"""Of a :class:`JudgedSentence`."""
