"""Sentences of a hit with how strongly they answer, which each part of the search weighs in its turn."""

from __future__ import annotations

from collections.abc import Sequence
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


class JudgedText(NamedTuple):
    """The sentences of a hit, and what they say of it.

    ``differs`` is what the question names, of which the best sentence has another one. ``is_headed``: the
    headings, or a label, say all that the question asks for. ``is_lowered``: a sentence is not lit because it
    is a title, or of another section than the one named. ``terms`` are the hashes of the question's terms in
    its passages and their headings, ``match`` is the best one of these passages.
    """

    sentences: Sequence[JudgedSentence] = ()
    differs: Sequence[str] = ()
    is_headed: bool = False
    is_lowered: bool = False
    terms: frozenset[int] = frozenset()
    match: float = 0.0


START, STRENGTH = itemgetter(0), itemgetter(2)
"""Of a :class:`JudgedSentence`."""
