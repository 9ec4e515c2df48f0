"""Choose the window of a passage that the cross-encoder reads: what the second look points to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from index.search.cross_encoder.encoding import Window
from index.search.ranking.second_look import Look, Scores, usual_cosine
from index.text import Span
from index.text.tables import LABEL_END, LABELLED_SEPARATOR, cells
from index.types import Block


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A window of a passage, and the spans of its sentences in the passage."""

    window: Window
    spans: tuple[Span, ...]


def choose_excerpt(
    text: str,
    look: Look,
    *,
    head: str,
    budget: int,
    count: Callable[[str], int],
    tables: Sequence[Block] = (),
) -> Excerpt:
    """Choose the best sentence of a passage and as many of its neighbours as a budget of tokens allows.

    ``count`` gives the tokens of a text; ``tables`` are those of the passage, with offsets in its ``text``.
    The better neighbour comes first. A sentence that alone has more tokens than allowed is a window of its
    own. The names of its columns are read with each row.
    """
    strengths, spans = _strengths(look).tolist(), [(start, end) for start, end in look.spans.tolist()]
    pieces = _readable(text, spans, tables)
    size = cache(count)
    first = last = int(np.argmax(strengths))
    left = budget - size(pieces[first])
    while sides := [at for at in (first - 1, last + 1) if 0 <= at < len(spans) and size(pieces[at]) <= left]:
        side = max(sides, key=strengths.__getitem__)
        left -= size(pieces[side])
        first, last = min(first, side), max(last, side)
    return _excerpt(text, spans[first : last + 1], pieces[first : last + 1], head)


def _excerpt(text: str, spans: Sequence[Span], pieces: Sequence[str], head: str) -> Excerpt:
    """Put pieces together; what stands between two sentences of the text is kept."""
    inside: list[Span] = []
    read, before = "", 0
    for (start, end), piece in zip(spans, pieces, strict=True):
        if inside:
            read += text[before:start]
        inside.append((len(read), len(read) + len(piece)))
        read += piece
        before = end
    return Excerpt(Window(read, tuple(inside), head), tuple(spans))


def _readable(text: str, spans: Sequence[Span], tables: Sequence[Block]) -> list[str]:
    """The sentences; rows of a table as "label; column: value; ..."."""
    pieces = []
    for start, end in spans:
        piece = text[start:end]
        for table in tables:
            if table.start <= start < table.end and table.columns and start >= table.columns.body:
                piece = LABELLED_SEPARATOR.join(
                    (f"{cell.column}{LABEL_END}" if cell.column else "") + text[cell.start : cell.end]
                    for cell in cells(text, table.columns, start, end)
                )
        pieces.append(piece)
    return pieces


def _strengths(look: Look) -> Scores:
    """How near each sentence is to the question by words and meaning."""
    cosines = np.where(np.isnan(look.meaning), usual_cosine(look.coverage), look.meaning)
    found: Scores = cosines + look.coverage
    return found
