"""Finds a quote in a text that may have changed since it was quoted.

The recipe is that of the Hypothesis client (``src/annotator/anchoring/match-quote.ts``): where the very
words stand, else where words like them stand, weighed 50 for the quote, 20 for the text before, 20 for
the text after and 2 for the place. Its approximate search takes time that grows with text times quote;
here q-grams that the text and the quote share vote for places (Jokinen and Ukkonen 1991), and only the
places with most votes are aligned, word by word.

Offsets are Unicode code points, spans half open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import regex
from numpy.typing import NDArray
from rapidfuzz.distance import Indel, Levenshtein

from index.differences import IDEOGRAPHIC, best_run, boundary_after
from index.occurrences import LONGEST_CONTEXT, Quote, occurrences
from index.typography import CodePoints, Folded, code_points, folded, grams
from index.word_boundaries import whole

MINIMUM_SIMILARITY = 0.5
"""Of words that still count as the quote: the recipe allows as many errors as half its length."""

_QUOTE_WEIGHT, _PREFIX_WEIGHT, _SUFFIX_WEIGHT, _PLACE_WEIGHT = 50.0, 20.0, 20.0, 2.0
_LONGEST_QUOTE = 4000
"""Longer ones are found by their first and last ``_END`` code points, each its own quote."""
_END = 1500
_PLACES = 6
_COMMON = 400
"""A q-gram that the text has more often says nothing about a place."""
_CONTEXT_VOTE = 0.5
_PIECE = 1 << 14
"""Code points hashed at a time, which use the same memory again."""

WORDS = regex.compile(rf"[{IDEOGRAPHIC}]\p{{M}}*|[\w--[{IDEOGRAPHIC}]]+|\S", regex.VERSION1)
"""What texts are aligned by: words, characters of scripts that do not part words, other visible ones."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a quote is: ``[start, end)``, never empty.

    ``score`` weighs words, context and place; ``similarity`` is that of the words alone, 1 less the
    Levenshtein distance over the longer length, typography apart; ``context`` the mean similarity of
    what stands before and after, 1 where the quote has none. All from 0 to 1. ``exact`` when the words
    are the very same.
    """

    start: int
    end: int
    score: float
    similarity: float
    exact: bool
    context: float = 1.0


class AnchoringText:
    """A text to find quotes in. What finding changed ones needs is made once, when first needed."""

    def __init__(self, text: str) -> None:
        self.text = text

    def find(self, quote: Quote) -> Anchor | None:
        """The best place for a quote; None when nothing is near enough."""
        places = self.exact(quote) or self.near(quote)
        return places[0] if places else None

    def exact(self, quote: Quote) -> list[Anchor]:
        """Where the very words stand, best first: all, or if there are very many, those most likely.

        Not where they begin or end inside of a word or number, if they did not where they were quoted.
        """
        length = len(quote.exact)
        found = [self._anchor(quote, start, start + length, 1.0) for start in occurrences(self.text, quote)]
        return sorted(found, key=lambda one: (-one.score, one.start))

    def near(self, quote: Quote) -> list[Anchor]:
        """Where words like those of the quote stand, best first; typography makes no difference.

        With the whole of the words that they begin and end inside of, if the quote's are whole.
        """
        if not quote.exact.strip() or not self.text.strip():
            return []
        if len(quote.exact) > _LONGEST_QUOTE:
            found = self._between_ends(quote)
        else:
            found = [self._anchor(quote, *place) for place in self._aligned(quote)]
        kept = {self._grown(quote, one) for one in found if one.similarity >= MINIMUM_SIMILARITY}
        return sorted(kept, key=lambda one: (-one.score, one.start))

    @cached_property
    def folded(self) -> Folded:
        """The text without typography."""
        return folded(self.text)

    @cached_property
    def _codes(self) -> CodePoints:
        return code_points(self.folded.text)

    def _anchor(self, quote: Quote, start: int, end: int, similarity: float) -> Anchor:
        text, like = self.text, Levenshtein.normalized_similarity
        prefix, suffix = quote.prefix[-LONGEST_CONTEXT:], quote.suffix[:LONGEST_CONTEXT]
        contexts: list[tuple[float, float]] = []
        if prefix:
            contexts.append((_PREFIX_WEIGHT, like(prefix, text[max(0, start - len(prefix)) : start])))
        if suffix:
            contexts.append((_SUFFIX_WEIGHT, like(suffix, text[end : end + len(suffix)])))
        context = sum(value for _, value in contexts) / len(contexts) if contexts else 1.0
        parts = [(_QUOTE_WEIGHT, similarity), *contexts]
        if quote.start is not None:
            parts.append((_PLACE_WEIGHT, max(0.0, 1 - abs(start - quote.start) / len(text))))
        score = sum(weight * value for weight, value in parts) / sum(weight for weight, _ in parts)
        return Anchor(start, end, score, similarity, text[start:end] == quote.exact, context)

    def _grown(self, quote: Quote, anchor: Anchor) -> Anchor:
        """With the whole of the words at its ends, where the quote's own are whole."""
        torn_start, torn_end = quote.torn or (True, True)
        start, end = whole(self.text, anchor.start, anchor.end)
        start, end = anchor.start if torn_start else start, anchor.end if torn_end else end
        if (start, end) == (anchor.start, anchor.end):
            return anchor
        similarity = anchor.similarity
        if len(quote.exact) <= _LONGEST_QUOTE:
            words = folded(self.text[start:end]).text.strip()
            similarity = Levenshtein.normalized_similarity(folded(quote.exact).text.strip(), words)
        return self._anchor(quote, start, end, similarity)

    def _between_ends(self, quote: Quote) -> list[Anchor]:
        """A long quote, from where its beginning is to where its end is."""
        exact, tail = quote.exact, None
        head = self.find(Quote(exact[:_END], quote.prefix, exact[_END : _END + 64], quote.start))
        if head is not None:
            expected = head.start + len(exact) - _END
            tail = self.find(Quote(exact[-_END:], exact[-_END - 64 : -_END], quote.suffix, expected))
        if head is None or tail is None or not len(exact) < 2 * (tail.end - head.start) < 4 * len(exact):
            return []
        return [self._anchor(quote, head.start, tail.end, (head.similarity + tail.similarity) / 2)]

    def _aligned(self, quote: Quote) -> Iterator[tuple[int, int, float]]:
        """Start, end and similarity of words that may be the quote's."""
        prefix, suffix = quote.prefix[-LONGEST_CONTEXT:], quote.suffix[:LONGEST_CONTEXT]
        pattern = folded(prefix + quote.exact + suffix)
        start = int(np.searchsorted(pattern.starts, len(prefix)))
        end = int(np.searchsorted(pattern.starts, len(prefix) + len(quote.exact)))
        if start == end:
            return
        text, length = self.folded.text, end - start
        for diagonal in self._places(code_points(pattern.text), start, end):
            # Once with the context, which shows where a reworded quote ends, and once without, for
            # where the context is another.
            for first, last in ((0, len(pattern.text)), (start, end)):
                slack = 2 * _width(length) + (last - first) // 4
                low = max(0, diagonal + first - slack)
                window = text[low : max(0, diagonal + last + slack)]
                span = _aligned_span(pattern.text[first:last], start - first, end - first, window)
                if span is not None:
                    words = window[slice(*span)]
                    similarity = Levenshtein.normalized_similarity(pattern.text[start:end].strip(), words)
                    yield *self.folded.span(low + span[0], low + span[1]), similarity

    def _places(self, pattern: CodePoints, start: int, end: int) -> list[int]:
        """Where the pattern may start in the folded text: the diagonals that shared q-grams vote for."""
        size = _gram_size(pattern[start:end])
        if len(self._codes) < size or len(pattern) < size:
            return [0]
        hits, offsets, counts = self._shared(pattern, size)
        votes = 1.0 / counts
        votes[(offsets < start) | (offsets >= end)] *= _CONTEXT_VOTE
        diagonals = hits - offsets
        if not len(diagonals):
            return [0] if len(self._codes) <= 2 * len(pattern) else []
        width = _width(end - start)
        first = int(diagonals.min())
        bins = (diagonals - first) // width
        totals = np.bincount(bins, votes)
        pairs = totals + np.append(totals[1:], 0.0)
        found: list[int] = []
        most = np.argpartition(-pairs, min(3 * _PLACES, len(pairs)) - 1)[: 3 * _PLACES]
        for at in sorted(most.tolist(), key=lambda at: (-pairs[at], at)):
            if all(abs(at - other) > 1 for other in found):
                found.append(at)
        return [first + (at + 1) * width for at in found[:_PLACES]]

    def _shared(
        self, pattern: CodePoints, size: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Offsets in the text of the q-grams it shares with the pattern, in the pattern, and how many."""
        sought, offsets = np.unique(grams(pattern, size), return_index=True)
        wanted = np.zeros(1 << 16, np.bool_)
        wanted[_buckets(sought)] = True
        found, hashed = [], []
        for begin in range(0, len(self._codes), _PIECE):
            hashes = grams(self._codes[begin : begin + _PIECE + size - 1], size)
            at = np.flatnonzero(wanted[_buckets(hashes)])
            found.append(at + begin)
            hashed.append(hashes[at])
        at, hashes = np.concatenate(found), np.concatenate(hashed)
        which = np.minimum(np.searchsorted(sought, hashes), len(sought) - 1)
        true = sought[which] == hashes
        at, which = at[true], which[true]
        counts = np.bincount(which, minlength=len(sought))[which]
        rare = counts <= _COMMON
        return at[rare], offsets[which[rare]], counts[rare].astype(np.float64)


def _gram_size(quote: CodePoints) -> int:
    """Small for short quotes, and for scripts whose characters are many."""
    if np.median(quote) >= 0x2E80:
        return 2
    return 6 if len(quote) >= 40 else 4


def _width(length: int) -> int:
    """Of the bins of diagonals that are one place, for a quote of so many code points."""
    return max(16, min(128, length // 4))


def _buckets(hashes: NDArray[np.uint32]) -> NDArray[np.uint16]:
    return (hashes * np.uint32(2246822519) >> np.uint32(16)).astype(np.uint16)


def _aligned_span(pattern: str, start: int, end: int, window: str) -> tuple[int, int] | None:
    """Where ``pattern[start:end]`` is in the window, told by the words that both have in order."""
    old = [match.span() for match in WORDS.finditer(pattern)]
    new = [match.span() for match in WORDS.finditer(window)]
    blocks = Indel.opcodes([pattern[slice(*span)] for span in old], [window[slice(*span)] for span in new])
    matched = blocks.as_matching_blocks()
    pairs = [(block.a + step, block.b + step) for block in matched for step in range(block.size)]
    pairs = best_run(pairs, old, new)
    first = sum(span[1] <= start for span in old)
    last = sum(span[0] < end for span in old)
    low = boundary_after(first, pairs)
    high = boundary_after(len(old) - last, [(len(old) - 1 - i, len(new) - 1 - j) for i, j in reversed(pairs)])
    if low is None or high is None or low >= len(new) - high:
        return None
    return new[low][0], new[len(new) - high - 1][1]
