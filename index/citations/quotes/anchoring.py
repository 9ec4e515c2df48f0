"""Find a quote in a text that may have changed since it was quoted.

The algorithm follows the Hypothesis client (``src/annotator/anchoring/match-quote.ts``): exact matches
first, else approximate ones, scored with weight 50 for the quote, 20 for the prefix, 20 for the suffix
and 2 for the position. The client's approximate search takes time proportional to text length times quote
length; here the q-grams that text and quote share vote for positions (Jokinen and Ukkonen 1991), and only
the positions with the most votes are aligned, word by word.

Offsets are Unicode code points, spans half open.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import regex
from numpy.typing import NDArray
from rapidfuzz.distance import Indel, Levenshtein

from index.citations.quotes.occurrences import LONGEST_CONTEXT, Quote, occurrences
from index.patterns import lazy_pattern
from index.text.differences import IDEOGRAPHIC, best_run, map_boundary
from index.text.typography import CodePoints, Folded, code_points, fold_text, ngram_hashes
from index.text.word_boundaries import expand_to_words

MINIMUM_SIMILARITY = 0.5
"""Least similarity of an approximate match: the client allows errors up to half the quote's length."""

_QUOTE_WEIGHT, _PREFIX_WEIGHT, _SUFFIX_WEIGHT, _PLACE_WEIGHT = 50.0, 20.0, 20.0, 2.0
_LONGEST_QUOTE = 4000
"""Longer quotes are located by their first and last ``_END`` code points, each as a quote of its own."""
_END = 1500
_PLACES = 6
_COMMON = 400
"""Ignore q-grams that occur more often in the text: they do not help to locate a quote."""
_CONTEXT_VOTE = 0.5
_PIECE = 1 << 14
"""Code points hashed per step, to bound memory."""

WORDS = lazy_pattern(rf"[{IDEOGRAPHIC}]\p{{M}}*|[\w--[{IDEOGRAPHIC}]]+|\S", regex.VERSION1)
"""Units of alignment: words, ideographic characters, and other visible characters."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """The location of a quote in a text: ``[start, end)``, never empty.

    ``score`` combines words, context and position. ``similarity`` compares the words alone: 1 minus the
    Levenshtein distance divided by the longer length, ignoring typography. ``context`` is the mean
    similarity of prefix and suffix, 1 if the quote has neither. All are from 0 to 1. ``exact``: the words
    are identical.
    """

    start: int
    end: int
    score: float
    similarity: float
    exact: bool
    context: float = 1.0


class AnchoringText:
    """A text in which quotes are located; data for approximate search is computed on first use."""

    def __init__(self, text: str) -> None:
        self.text = text

    def find(self, quote: Quote) -> Anchor | None:
        """Return the best match for a quote, or None if nothing is similar enough."""
        places = self.exact(quote) or self.near(quote)
        return places[0] if places else None

    def exact(self, quote: Quote) -> list[Anchor]:
        """Return the exact matches, best first; only the most likely ones if there are very many.

        A quote of whole words does not match inside a longer word or number.
        """
        length = len(quote.exact)
        found = [self._anchor(quote, start, start + length, 1.0) for start in occurrences(self.text, quote)]
        return sorted(found, key=lambda one: (-one.score, one.start))

    def near(self, quote: Quote) -> list[Anchor]:
        """Return the approximate matches, best first, ignoring typography.

        A match for a quote of whole words is expanded to whole words.
        """
        if not quote.exact.strip() or not self.text.strip():
            return []
        if len(quote.exact) > _LONGEST_QUOTE:
            found = self._between_ends(quote)
        else:
            found = [self._anchor(quote, *place) for place in self._align(quote)]
        kept = {self._expand(quote, one) for one in found if one.similarity >= MINIMUM_SIMILARITY}
        return sorted(kept, key=lambda one: (-one.score, one.start))

    @cached_property
    def folded(self) -> Folded:
        """The text with typography folded."""
        return fold_text(self.text)

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

    def _expand(self, quote: Quote, anchor: Anchor) -> Anchor:
        """Expand an anchor to whole words at each end where the quote has a whole word."""
        torn_start, torn_end = quote.torn or (True, True)
        start, end = expand_to_words(self.text, anchor.start, anchor.end)
        start, end = anchor.start if torn_start else start, anchor.end if torn_end else end
        if (start, end) == (anchor.start, anchor.end):
            return anchor
        similarity = anchor.similarity
        if len(quote.exact) <= _LONGEST_QUOTE:
            words = fold_text(self.text[start:end]).text.strip()
            similarity = Levenshtein.normalized_similarity(fold_text(quote.exact).text.strip(), words)
        return self._anchor(quote, start, end, similarity)

    def _between_ends(self, quote: Quote) -> list[Anchor]:
        """Locate a long quote by its beginning and its end."""
        exact, tail = quote.exact, None
        head = self.find(Quote(exact[:_END], quote.prefix, exact[_END : _END + 64], quote.start))
        if head is not None:
            expected = head.start + len(exact) - _END
            tail = self.find(Quote(exact[-_END:], exact[-_END - 64 : -_END], quote.suffix, expected))
        if head is None or tail is None or not len(exact) < 2 * (tail.end - head.start) < 4 * len(exact):
            return []
        return [self._anchor(quote, head.start, tail.end, (head.similarity + tail.similarity) / 2)]

    def _align(self, quote: Quote) -> Iterator[tuple[int, int, float]]:
        """Yield start, end and similarity of each approximate match."""
        prefix, suffix = quote.prefix[-LONGEST_CONTEXT:], quote.suffix[:LONGEST_CONTEXT]
        pattern = fold_text(prefix + quote.exact + suffix)
        start = int(np.searchsorted(pattern.starts, len(prefix)))
        end = int(np.searchsorted(pattern.starts, len(prefix) + len(quote.exact)))
        if start == end:
            return
        text, length = self.folded.text, end - start
        # Once with the context, which shows where a reworded quote ends, and once without, in case the
        # context has changed.
        parts = dict.fromkeys(((0, len(pattern.text)), (start, end)))
        words = {(first, last): _word_spans(pattern.text[first:last]) for first, last in parts}
        for diagonal in self._places(code_points(pattern.text), start, end):
            for first, last in parts:
                slack = 2 * _width(length) + (last - first) // 4
                low = max(0, diagonal + first - slack)
                window = text[low : max(0, diagonal + last + slack)]
                sought = pattern.text[first:last], words[first, last]
                span = _aligned_span(*sought, start - first, end - first, window)
                if span is not None:
                    found = window[slice(*span)]
                    similarity = Levenshtein.normalized_similarity(pattern.text[start:end].strip(), found)
                    yield *self.folded.span(low + span[0], low + span[1]), similarity

    def _places(self, pattern: CodePoints, start: int, end: int) -> list[int]:
        """Return likely starts of the pattern in the folded text: diagonals with most shared q-grams."""
        size = _gram_size(pattern[start:end])
        if len(self._codes) < size or len(pattern) < size:
            return [0]
        hits, offsets, counts = self._shared_grams(pattern, size)
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

    def _shared_grams(
        self, pattern: CodePoints, size: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Return the shared q-grams: offsets in the text, offsets in the pattern, counts in the text."""
        sought, offsets = np.unique(ngram_hashes(pattern, size), return_index=True)
        wanted = np.zeros(1 << 16, np.bool_)
        wanted[_buckets(sought)] = True
        found, hashed = [], []
        for begin in range(0, len(self._codes), _PIECE):
            hashes = ngram_hashes(self._codes[begin : begin + _PIECE + size - 1], size)
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
    """Return the q-gram size: smaller for short quotes and for ideographic scripts."""
    if np.median(quote) >= 0x2E80:
        return 2
    return 6 if len(quote) >= 40 else 4


def _width(length: int) -> int:
    """Return the width of a bin of diagonals for a quote of ``length`` code points."""
    return max(16, min(128, length // 4))


def _buckets(hashes: NDArray[np.uint32]) -> NDArray[np.uint16]:
    return (hashes * np.uint32(2246822519) >> np.uint32(16)).astype(np.uint16)


def _word_spans(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in WORDS.finditer(text)]


def _aligned_span(
    pattern: str, old: list[tuple[int, int]], start: int, end: int, window: str
) -> tuple[int, int] | None:
    """Locate ``pattern[start:end]`` in the window by the words that both have in the same order.

    ``old`` are the spans of the pattern's words.
    """
    new = _word_spans(window)
    was, now = [pattern[slice(*span)] for span in old], [window[slice(*span)] for span in new]
    matched = Indel.opcodes(was, now).as_matching_blocks()
    pairs = [(block.a + step, block.b + step) for block in matched for step in range(block.size)]
    pairs = _with_cut_words(best_run(pairs, old, new), was, now)
    first = sum(span[1] <= start for span in old)
    last = sum(span[0] < end for span in old)
    low = map_boundary(first, pairs)
    high = map_boundary(len(old) - last, [(len(old) - 1 - i, len(new) - 1 - j) for i, j in reversed(pairs)])
    if low is None or high is None or low >= len(new) - high:
        return None
    return new[low][0], new[len(new) - high - 1][1]


def _with_cut_words(pairs: list[tuple[int, int]], was: list[str], now: list[str]) -> list[tuple[int, int]]:
    """Add the pairs of a first and a last word of which the pattern has only a part, as "ble" of "able"."""
    if pairs and pairs[0][0] == 1 and pairs[0][1] and _is_part(was[0]):
        before = pairs[0][1] - 1
        if now[before].endswith(was[0]):
            pairs = [(0, before), *pairs]
    if pairs and pairs[-1][0] == len(was) - 2 and pairs[-1][1] + 1 < len(now) and _is_part(was[-1]):
        after = pairs[-1][1] + 1
        if now[after].startswith(was[-1]):
            pairs = [*pairs, (len(was) - 1, after)]
    return pairs


def _is_part(word: str) -> bool:
    """Whether letters are enough to recognise a word by them."""
    return len(word) > 1 and word.isalnum()
