"""What became of a cited span in another version of its text.

With both texts at hand more can be told than where the words stand: whether that is the place that was
cited, or one where the same words stood before. So places are matched both ways. Offsets are Unicode
code points, spans half open.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from math import log2
from typing import Literal

from rapidfuzz.distance import Levenshtein

from index.anchoring import WORDS, Anchor, AnchoringText
from index.differences import Edit, word_diff
from index.occurrences import Quote
from index.word_boundaries import inside

CONTEXT = 128
"""Code points before and after the quote that are looked for with it."""
SURROUNDINGS = 2048
"""Code points before and after that tell equal words apart."""

_FEW_WORDS, _FEW_CODE_POINTS = 4, 24
"""Fewer than both may stand anywhere: they are known again only by what stands around them."""
_SAME_CONTEXT = 0.5
"""Mean similarity of the contexts of one place in two versions; unrelated text has about 0.25."""
_SAME_PLACE = 0.3
"""Likeness of surroundings from which two places can be one; unrelated ones have 0.1."""
_SURELY_PLACE = 0.5
"""Likeness of surroundings from which words like the cited ones are not looked for elsewhere."""
_MARGIN = 0.03
"""By so much surroundings have to be more alike than those of the same words elsewhere."""
_MOST_MATCHED = 24
"""Places with the same words whose surroundings are compared."""
_MOST_TRIED = 4
"""Places with words like the cited ones that are looked at."""
_FARTHEST = 4096
"""Code points that surroundings are followed as long as they are equal."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of a cited span.

    ``current``: the very words, at the very offsets. ``moved``: the very words, at others. ``changed``:
    other words in their place, as much like them as ``similarity`` says (1.0 where only typography
    differs), with the ``edits`` that make them of the cited ones. ``gone``: nothing near enough.

    ``quote`` are the words of the new text at ``[start, end)``; for ``gone`` both offsets are 0 and the
    quote is empty.
    """

    status: Literal["current", "moved", "changed", "gone"]
    start: int
    end: int
    quote: str
    similarity: float
    edits: tuple[Edit, ...] = ()


def standing(old_text: str | AnchoringText, span: tuple[int, int], new_text: str | AnchoringText) -> Standing:
    """What became of ``old_text[start:end]`` in the new text.

    A place counts only if the cited one is also its best match in the old text: where the cited words
    were deleted, equal or similar ones that stood elsewhere before are not mistaken for them. Whole words
    that are parts of longer ones now, as "5 mg" is of "1.5 mg", are not the same words: they changed.

    Raises :class:`IndexError` for a span that is empty or not inside of the old text.
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
    taken = [(one.start, one.end) for one in places]
    for anchor in [one for one in new.near(quote) if not (one.exact or _meets(one, taken))][:_MOST_TRIED]:
        if _was_cited(old, span, new, anchor):
            return _standing(quote, anchor, new.text)
    return _GONE


def standing_of_quote(quote: Quote, new_text: str | AnchoringText) -> Standing:
    """What became of a quote whose old text is not at hand.

    ``current`` only if the quote says where it started; without that, the same words are ``moved``. Where
    they stand more than once, context decides, and it cannot be told whether the quoted ones were
    deleted.
    """
    new = new_text if isinstance(new_text, AnchoringText) else AnchoringText(new_text)
    anchor = new.find(quote)
    if anchor is None or (anchor.exact and not _tells(anchor, quote)):
        return _GONE
    return _standing(quote, anchor, new.text)


_GONE = Standing("gone", 0, 0, "", 0.0)


def _standing(quote: Quote, anchor: Anchor, text: str) -> Standing:
    words = text[anchor.start : anchor.end]
    if not anchor.exact:
        edits = word_diff(quote.exact, words)
        return Standing("changed", anchor.start, anchor.end, words, anchor.similarity, edits)
    status: Literal["current", "moved"] = "current" if anchor.start == quote.start else "moved"
    return Standing(status, anchor.start, anchor.end, words, 1.0)


def _quote_at(text: str, start: int, end: int, expected: int) -> Quote:
    before, after = text[max(0, start - CONTEXT) : start], text[end : end + CONTEXT]
    return Quote(text[start:end], before, after, expected, (inside(text, start), inside(text, end)))


def _same_words(old: AnchoringText, quote: Quote, new: AnchoringText, places: list[Anchor]) -> Anchor | None:
    """The place of the very words that is the cited one; None if those were elsewhere before."""
    before = old.exact(quote)
    if len(before) == 1:
        return places[0] if _tells(places[0], quote) else None
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
    return _left_over(cited, others, now, places)


def _left_over(
    cited: _Surroundings, others: list[_Surroundings], now: list[_Surroundings], places: list[Anchor]
) -> Anchor | None:
    """The place that the cited words have when each of the others has the place most like its own.

    None of them was deleted, as the text has as many as before.
    """
    was = [cited, *others][: len(now)]
    scores = {(i, j): was[i].likeness(now[j]) for i, j in product(range(len(was)), range(len(now)))}
    assigned: dict[int, int] = {}
    for i, j in sorted(scores, key=lambda pair: -scores[pair]):
        if i not in assigned and j not in assigned.values():
            assigned[i] = j
    sure = all(scores[pair] >= _SAME_PLACE for pair in assigned.items() if pair[0])
    return places[assigned[0]] if sure or scores[0, assigned[0]] >= _SAME_PLACE else None


def _was_cited(old: AnchoringText, span: tuple[int, int], new: AnchoringText, anchor: Anchor) -> bool:
    """Whether words like the cited ones are more like those than like any others of the old text."""
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
        if not _meets(one, [span])
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Surroundings:
    """What stands before and after a span, for comparison with another's."""

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
        """From 0 to 1: a mean of what survives edits near by, and of what tells repetitions apart."""
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
    """The share that both have, of the smaller; that of two empty ones is 1."""
    smaller = min(len(a), len(b))
    return len(a & b) / smaller if smaller else float(len(a) == len(b))


def _equal_before(a: str, b: str) -> int:
    """How many code points at the ends of two texts are equal, at most ``_FARTHEST``."""
    low, high = 0, min(len(a), len(b), _FARTHEST)
    while low < high:
        middle = (low + high + 1) // 2
        if a.endswith(b[len(b) - middle :]):
            low = middle
        else:
            high = middle - 1
    return low


def _tells(anchor: Anchor, quote: Quote) -> bool:
    """Whether words and context are enough to know the very words again."""
    if anchor.context >= _SAME_CONTEXT:
        return True
    return len(quote.exact) >= _FEW_CODE_POINTS or len(WORDS.findall(quote.exact)) >= _FEW_WORDS


def _meets(anchor: Anchor, spans: list[tuple[int, int]]) -> bool:
    """Whether the anchor has more than half of one of the spans, or is more than half inside of it."""
    for start, end in spans:
        common = min(anchor.end, end) - max(anchor.start, start)
        if 2 * common > min(anchor.end - anchor.start, end - start):
            return True
    return False
