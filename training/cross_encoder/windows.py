"""Windows of sentences of a passage, with offsets that map exactly."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from index.text import Span, sentence_spans

_BLANK_LINE = re.compile(r"\n[ \t]*\n")


@dataclass(frozen=True, slots=True)
class Window:
    """Some sentences of a passage, in order, as one text."""

    text: str
    sentences: tuple[Span, ...]
    """Each sentence as a span of ``text``."""
    numbers: tuple[int, ...]
    """Which sentences of the passage they are."""


@lru_cache(maxsize=60_000)
def split(passage: str, language: str = "en") -> tuple[Span, ...]:
    """The sentences of a passage in a language. A blank line ends one."""
    ends = [match.start() for match in _BLANK_LINE.finditer(passage)]
    parts = zip([0, *ends], [*ends, len(passage)], strict=True)
    return tuple(span for start, end in parts for span in sentence_spans(passage, start, end, language))


def overlapping(sentences: Sequence[Span], start: int, end: int) -> tuple[int, ...]:
    """Numbers of the sentences that a span overlaps."""
    return tuple(n for n, (first, last) in enumerate(sentences) if first < end and start < last)


def window(passage: str, sentences: Sequence[Span], numbers: Sequence[int]) -> Window:
    """Make a window of the sentences with these numbers; what stands between neighbours is kept."""
    text, spans, last = "", [], -1
    for number in numbers:
        start, end = sentences[number]
        if text:
            text += passage[sentences[last][1] : start] if number == last + 1 else " "
        spans.append((len(text), len(text) + end - start))
        text += passage[start:end]
        last = number
    return Window(text, tuple(spans), tuple(numbers))


def locate(one: Window, sentences: Sequence[Span], start: int, end: int) -> Span | None:
    """Map a span of the passage that lies in one sentence of the window to the window's text."""
    for span, number in zip(one.sentences, one.numbers, strict=True):
        first, last = sentences[number]
        if first <= start and end <= last:
            return span[0] + start - first, span[0] + end - first
    return None


def choose(
    lengths: Sequence[int], budget: int, needed: Sequence[int], avoided: Sequence[int], draw: random.Random
) -> list[int]:
    """Choose neighbouring sentences around those needed, at random, within a budget of tokens.

    Sentences to avoid are left out. Empty if those needed do not fit.
    """
    allowed = [n for n in range(len(lengths)) if n not in set(avoided)]
    if not allowed or sum(lengths[n] for n in needed) > budget:
        return []
    places = {n: at for at, n in enumerate(allowed)}
    first = places[needed[0]] if needed else draw.randrange(len(allowed))
    last = places[needed[-1]] if needed else first
    used = sum(lengths[n] for n in allowed[first : last + 1])
    if used > budget:
        return []
    while True:
        sides = []
        if first > 0 and used + lengths[allowed[first - 1]] <= budget:
            sides.append(-1)
        if last + 1 < len(allowed) and used + lengths[allowed[last + 1]] <= budget:
            sides.append(1)
        if not sides:
            return allowed[first : last + 1]
        if draw.choice(sides) < 0:
            first -= 1
            used += lengths[allowed[first]]
        else:
            last += 1
            used += lengths[allowed[last]]
