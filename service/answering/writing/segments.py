"""Find where sentences end in a text that is still being written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from index.citations import sentences_of

_MAY_END = re.compile(r"[.!?…:;][\"'”’»)\]】]*\s|[。！？]|\n")
_SETTLED = 16
"""Code points of the next sentence from which it is settled that one has ended: "Dr. S" may be a name."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the answer, from its offset ``start`` on: a sentence or more, with its citation marks."""

    start: int
    text: str


class Segments:
    """Divides a growing text into segments. Only what is not divided yet is read again."""

    def __init__(self) -> None:
        self._start = 0
        self._rest = ""

    def add(self, text: str) -> list[Segment]:
        """Take in more text; returns the segments that are complete now."""
        self._rest += text
        if not _MAY_END.search(self._rest):
            return []
        sentences = sentences_of(self._rest)
        cuts = [
            _cut(self._rest, before.end, after.start)
            for before, after in pairwise(sentences)
            if len(self._rest) - after.start >= _SETTLED
        ]
        return [self._taken(cut) for cut in _differences(cuts)]

    def end(self) -> list[Segment]:
        """The last segment, if it has any text."""
        return [self._taken(len(self._rest))] if self._rest.strip() else []

    def _taken(self, length: int) -> Segment:
        segment = Segment(self._start, self._rest[:length])
        self._start, self._rest = self._start + length, self._rest[length:]
        return segment


def _cut(text: str, end: int, start: int) -> int:
    """Where to cut between a sentence that ends and one that starts.

    Marks after a sentence belong to it, and marks at the beginning of a line to the sentence after them.
    """
    line = text.rfind("\n", end, start)
    return start if line < 0 else line + 1


def _differences(cuts: list[int]) -> list[int]:
    return [cut - before for before, cut in zip([0, *cuts], cuts, strict=False)]
