"""Find where sentences end in a text that is still being written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from index.citations import sentences_of

_MAY_END = re.compile(r"[.!?…:;][\"'”’»)\]】]*\s|[。！？]|\n")
_ENDED = re.compile(r"[.!?…。！？؟][\"'”’»)*_]*(?:\s*(?:\[[^\]\n]*\]|【[^】\n]*】))*\s*$")
"""The end of a text whose last sentence is whole, with its citation marks."""
_STRUCTURE = re.compile(r"^([^\S\n]*)(?:#{1,6}(?=\s)|`{3,}|~{3,}|(\[\^?\d{1,4}\]):)", re.MULTILINE)
_LONGEST = 2000
"""Most code points without the end of a sentence: a longer text is cut, because all of them are read again
whenever some are added."""
_SETTLED = 16
"""Code points of the next sentence from which it is settled that one has ended: "Dr. S" may be a name."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the answer, from its offset ``start`` on: a sentence or more, with its citation marks.

    ``is_torn``: the text broke off in its last sentence.
    """

    start: int
    text: str
    is_torn: bool = False


class Segments:
    """Divides a growing text into segments. Only what is not divided yet is read again."""

    def __init__(self) -> None:
        self._start = 0
        self._rest = ""

    def add(self, text: str) -> list[Segment]:
        """Take in more text; returns the segments that are complete now."""
        self._rest += text
        if len(self._rest) < _LONGEST and not _MAY_END.search(self._rest):
            return []
        sentences = sentences_of(blank_structure(self._rest))
        cuts = [
            _find_cut(self._rest, before.end, after.start)
            for before, after in pairwise(sentences)
            if len(self._rest) - after.start >= _SETTLED
        ]
        if not cuts and len(self._rest) >= _LONGEST:
            cuts = [self._rest.rfind(" ", _LONGEST // 2) + 1 or len(self._rest)]
        return [self._take(cut - before) for before, cut in zip([0, *cuts], cuts, strict=False)]

    def end(self, *, breaks_off: bool = False) -> list[Segment]:
        """The last segment, if it has any text. ``breaks_off``: more text was to come."""
        is_torn = breaks_off and not _ENDED.search(self._rest)
        segment = self._take(len(self._rest), is_torn=is_torn)
        return [segment] if segment.text.strip() else []

    def skip(self, text: str) -> list[Segment]:
        """Pass over text that is no part of the answer's sentences; returns the segment before it."""
        before = self.end()
        self._start += len(text)
        return before

    def _take(self, length: int, *, is_torn: bool = False) -> Segment:
        segment = Segment(self._start, self._rest[:length], is_torn)
        self._start, self._rest = self._start + length, self._rest[length:]
        return segment


def blank_structure(text: str) -> str:
    """The text with white space for the signs of headings, code and footnotes, which keeps the offsets.

    In an answer nothing is passed over: a lie in a heading is one.
    """
    return _STRUCTURE.sub(lambda match: (match[1] + (match[2] or "")).ljust(len(match[0])), text)


def _find_cut(text: str, end: int, start: int) -> int:
    """Find the offset at which to cut between two sentences, by the end of one and the start of the next.

    Marks after a sentence belong to it, and marks at the beginning of a line to the sentence after them.
    """
    line = text.rfind("\n", end, start)
    return start if line < 0 else line + 1
