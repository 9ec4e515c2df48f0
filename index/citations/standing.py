"""Locate a cited span in a newer version: current, moved, reformatted, changed or gone.

Equal words may occur more than once. To tell the cited occurrence from the others, matches are checked in
both directions: from the old text to the new one and back. Offsets are Unicode code points, spans half open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import product
from math import log2
from typing import Literal

from rapidfuzz.distance import Levenshtein

from index.citations.quotes.anchoring import WORDS, Anchor, AnchoringText
from index.citations.quotes.occurrences import Quote
from index.text.differences import Edit, word_diff
from index.text.typography import equal_but_for_typography
from index.text.word_boundaries import is_inside_word

CONTEXT = 128
"""Code points before and after the quote that are searched for with it."""
SURROUNDINGS = 2048
"""Code points before and after that distinguish occurrences of equal words."""

_FEW_WORDS, _FEW_CODE_POINTS = 4, 24
"""A shorter quote may occur by chance: it is accepted only if its context also matches."""
_SAME_CONTEXT = 0.5
"""Least mean similarity of the contexts of one place in two versions; unrelated text has about 0.25."""
_SAME_PLACE = 0.3
"""Least similarity of surroundings for two places to be the same; unrelated ones have 0.1."""
_SURELY_PLACE = 0.5
"""Similarity of surroundings from which no approximate rival is searched for elsewhere."""
_MARGIN = 0.03
"""Least lead in similarity of surroundings over the same words elsewhere."""
_MOST_MATCHED = 24
"""Most exact matches whose surroundings are compared."""
_MOST_TRIED = 4
"""Most approximate matches that are examined."""
_FARTHEST = 4096
"""Most code points of equal surroundings that are counted."""


_BULLET = re.compile(r"^[^\S\n]*(?:[*+•‣⁃◦▪‧·]|[-–—](?!\s*\d))[^\S\n]+", re.MULTILINE)
"""The bullet of an item of a list, at the start of a line."""

Status = Literal["current", "moved", "reformatted", "changed", "gone"]


@dataclass(frozen=True, slots=True)
class Standing:
    """The location and status of a cited span in another version.

    ``current``: same words, same offsets. ``moved``: same words, other offsets. ``reformatted``: the same
    words in other typography (white space, line breaks, bullets of lists, quotation marks, dashes, case).
    ``changed``: other words in their place; ``similarity`` compares them. For these two, ``edits`` turn the
    cited text into the new one. ``gone``: nothing similar enough, or the document is retired: then ``since``
    is when that happened, in seconds since the epoch.

    ``quote`` is the new text at ``[start, end)``; for ``gone`` both offsets are 0 and the quote is empty.
    """

    status: Status
    start: int
    end: int
    quote: str
    similarity: float
    edits: tuple[Edit, ...] = ()
    since: float | None = None


def standing(old_text: str | AnchoringText, span: tuple[int, int], new_text: str | AnchoringText) -> Standing:
    """Locate ``old_text[start:end]`` in the new text.

    A match counts only if the cited span is also its best match in the old text: if the cited words were
    deleted, equal or similar words that stood elsewhere before are not mistaken for them. Whole words
    that are now part of longer ones, as "5 mg" in "1.5 mg", have changed.

    Raises :class:`IndexError` for a span that is empty or outside the old text.
    """
    start, end = span
    old = old_text if isinstance(old_text, AnchoringText) else AnchoringText(old_text)
    new = new_text if isinstance(new_text, AnchoringText) else AnchoringText(new_text)
    if not 0 <= start < end <= len(old.text):
        raise IndexError(f"[{start}, {end}) is no span of {len(old.text)} code points")
    if old.text == new.text:
        return Standing("current", start, end, old.text[start:end], 1.0)
    quote = _quote_at(old.text, start, end, start)
    places = new.exact(quote)
    found = _same_words(old, quote, new, places) if places else None
    if found is not None:
        return _standing(quote, found, new.text)
    exact_spans = [(one.start, one.end) for one in places]
    for anchor in [one for one in new.near(quote) if not (one.exact or _overlaps(one, exact_spans))][
        :_MOST_TRIED
    ]:
        if _is_best_match(old, span, new, anchor):
            return _standing(quote, anchor, new.text)
    return _GONE


def gone_since(retired: float) -> Standing:
    """The standing of all citations of a document that was retired at a time (seconds since the epoch)."""
    return replace(_GONE, since=retired)


_GONE = Standing("gone", 0, 0, "", 0.0)


def _standing(quote: Quote, anchor: Anchor, text: str) -> Standing:
    words = text[anchor.start : anchor.end]
    if not anchor.exact:
        edits = word_diff(quote.exact, words)
        if equal_but_for_typography(*map(_without_bullets, (quote.exact, words))):
            return Standing("reformatted", anchor.start, anchor.end, words, 1.0, edits)
        return Standing("changed", anchor.start, anchor.end, words, anchor.similarity, edits)
    status: Status = "current" if anchor.start == quote.start else "moved"
    return Standing(status, anchor.start, anchor.end, words, 1.0)


def _without_bullets(text: str) -> str:
    """The text without the bullets of lists. A dash before a number may be its sign: it is kept."""
    return _BULLET.sub("", text)


def _quote_at(text: str, start: int, end: int, expected: int) -> Quote:
    before, after = text[max(0, start - CONTEXT) : start], text[end : end + CONTEXT]
    return Quote(
        text[start:end], before, after, expected, (is_inside_word(text, start), is_inside_word(text, end))
    )


def _same_words(old: AnchoringText, quote: Quote, new: AnchoringText, places: list[Anchor]) -> Anchor | None:
    """Return the exact match that is the cited occurrence; None if it was deleted."""
    before = old.exact(quote)
    if len(before) == 1:
        return places[0] if _identifies(places[0], quote) else None
    cited = _Surroundings.of(old.text, (quote.start or 0, (quote.start or 0) + len(quote.exact)))
    now = [_Surroundings.of(new.text, (one.start, one.end)) for one in places[:_MOST_MATCHED]]
    best = max(range(len(now)), key=lambda at: cited.likeness(now[at]))
    found = places[best]
    likeness = cited.likeness(now[best])
    again = replace(_quote_at(new.text, found.start, found.end, found.start), torn=quote.torn)
    elsewhere = old.exact(again)[:_MOST_MATCHED]
    others = [
        _Surroundings.of(old.text, (one.start, one.end)) for one in elsewhere if one.start != quote.start
    ]
    rival = max((one.likeness(now[best]) for one in others), default=0.0)
    if likeness >= max(_SAME_PLACE, rival + _MARGIN):
        return found
    if len(before) > len(places) or len(places) > _MOST_MATCHED:
        return None
    return _assigned_place(cited, others, now, places)


def _assigned_place(
    cited: _Surroundings, others: list[_Surroundings], now: list[_Surroundings], places: list[Anchor]
) -> Anchor | None:
    """Return the place of the cited words after assigning the other occurrences by similarity.

    No occurrence was deleted, as the new text has at least as many as the old one.
    """
    was = [cited, *others][: len(now)]
    scores = {(i, j): was[i].likeness(now[j]) for i, j in product(range(len(was)), range(len(now)))}
    assigned: dict[int, int] = {}
    for i, j in sorted(scores, key=lambda pair: -scores[pair]):
        if i not in assigned and j not in assigned.values():
            assigned[i] = j
    sure = all(scores[pair] >= _SAME_PLACE for pair in assigned.items() if pair[0])
    return places[assigned[0]] if sure or scores[0, assigned[0]] >= _SAME_PLACE else None


def _is_best_match(old: AnchoringText, span: tuple[int, int], new: AnchoringText, anchor: Anchor) -> bool:
    """Whether an approximate match is more similar to the cited span than to any other in the old text."""
    quote = _quote_at(new.text, anchor.start, anchor.end, span[0])
    now = _Surroundings.of(new.text, (anchor.start, anchor.end))
    likeness = _Surroundings.of(old.text, span).likeness(now)
    rivals = old.exact(quote)
    if not rivals and likeness < _SURELY_PLACE:
        rivals = old.near(quote)
    likeness += anchor.similarity
    return all(
        likeness > one.similarity + _Surroundings.of(old.text, (one.start, one.end)).likeness(now)
        for one in rivals[:_MOST_MATCHED]
        if not _overlaps(one, [span])
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Surroundings:
    """The text before and after a span, to compare it with that of another span."""

    text: str
    span: tuple[int, int]
    before: frozenset[tuple[str, ...]]
    after: frozenset[tuple[str, ...]]

    @staticmethod
    def of(text: str, span: tuple[int, int]) -> _Surroundings:
        start, end = span
        before, after = text[max(0, start - SURROUNDINGS) : start], text[end : end + SURROUNDINGS]
        return _Surroundings(text, span, _trigrams(before), _trigrams(after))

    def likeness(self, other: _Surroundings) -> float:
        """Similarity from 0 to 1: the mean of shared trigrams, adjoining text and length of equal text."""
        shared = _containment(self.before, other.before) + _containment(self.after, other.after)
        (start, end), (other_start, other_end) = self.span, other.span
        near = CONTEXT // 2
        adjoining = Levenshtein.normalized_similarity(
            self.text[max(0, start - near) : start], other.text[max(0, other_start - near) : other_start]
        ) + Levenshtein.normalized_similarity(
            self.text[end : end + near], other.text[other_end : other_end + near]
        )
        before = _equal_before(
            self.text[max(0, start - _FARTHEST) : start],
            other.text[max(0, other_start - _FARTHEST) : other_start],
        )
        after = _equal_before(
            self.text[end : end + _FARTHEST][::-1], other.text[other_end : other_end + _FARTHEST][::-1]
        )
        equal = (log2(1 + before) + log2(1 + after)) / log2(1 + _FARTHEST)
        return (shared + adjoining + equal) / 6


def _trigrams(text: str) -> frozenset[tuple[str, ...]]:
    words = WORDS.findall(text)
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def _containment(a: frozenset[tuple[str, ...]], b: frozenset[tuple[str, ...]]) -> float:
    """The size of the intersection divided by that of the smaller set; 1 for two empty sets."""
    smaller = min(len(a), len(b))
    return len(a & b) / smaller if smaller else float(len(a) == len(b))


def _equal_before(a: str, b: str) -> int:
    """The length of the common suffix of two texts, at most ``_FARTHEST``."""
    low, high = 0, min(len(a), len(b), _FARTHEST)
    while low < high:
        middle = (low + high + 1) // 2
        if a.endswith(b[len(b) - middle :]):
            low = middle
        else:
            high = middle - 1
    return low


def _identifies(anchor: Anchor, quote: Quote) -> bool:
    """Whether words and context are enough to identify the quote."""
    if anchor.context >= _SAME_CONTEXT:
        return True
    return len(quote.exact) >= _FEW_CODE_POINTS or len(WORDS.findall(quote.exact)) >= _FEW_WORDS


def _overlaps(anchor: Anchor, spans: list[tuple[int, int]]) -> bool:
    """Whether the anchor and one of the spans overlap by more than half of the shorter of the two."""
    for start, end in spans:
        common = min(anchor.end, end) - max(anchor.start, start)
        if 2 * common > min(anchor.end - anchor.start, end - start):
            return True
    return False
