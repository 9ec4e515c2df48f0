"""Where the very words of a quote stand in a text, as whole words if the quote's are whole.

Searching takes time that grows with the text, whatever the words: what stands very often is looked at near
the expected place, and where the context adjoins. Offsets are Unicode code points, spans half open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from index.typography import Folded, folded
from index.word_boundaries import WINDOW, inside, tears, word_end

LONGEST_CONTEXT = 512
"""Code points of prefix and suffix that are looked at."""

_MOST = 128
"""Of the same words that are looked at on each side of the expected place."""
_MOST_TORN = 40_000
"""Places with the words as parts of longer ones that are passed over; of long quotes fewer, so that no more
than ``_MOST_COMPARED`` code points are compared."""
_MOST_COMPARED = 5_000_000


@dataclass(frozen=True, slots=True)
class Quote:
    """Words with the text around them, and where they started (W3C TextQuoteSelector and position).

    ``torn`` says whether they began and ended inside of longer words where they were quoted. When it is
    None the context tells; without context, they may have.
    """

    exact: str
    prefix: str = ""
    suffix: str = ""
    start: int | None = None
    torn: tuple[bool, bool] | None = None


@dataclass(frozen=True, slots=True)
class _Wholeness:
    """Whether words that were found count: not if they are parts of longer ones and the quote's were not."""

    stands: Callable[[int], bool]
    whole_start: bool
    whole_end: bool


def occurrences(text: str, quote: Quote) -> set[int]:
    """Where the very words start: all, or if there are very many, those most likely."""
    if not quote.exact:
        return set()
    whole = _wholeness(text, quote)
    expected = min(max(quote.start or 0, 0), len(text))
    near = [*islice(_forwards(text, quote.exact, expected, whole), _MOST)]
    if expected:
        near += islice(_backwards(text, quote.exact, expected, whole), _MOST)
    return {*near, *(_adjoining(text, quote, whole) if len(near) >= _MOST else ())}


def alike(text: str, inner: Folded, words: str) -> Iterator[tuple[int, int]]:
    """The spans of whole words that differ from these in nothing but typography, in order.

    ``inner`` is the fold of the text. Half of a ligature is not the letter.
    """
    fold = folded(words).text.strip()
    if not fold:
        return
    starts, ends = inner.starts, inner.ends

    def stands(at: int) -> bool:
        last = at + len(fold) - 1
        if at and starts[at - 1] == starts[at]:
            return False
        if last + 1 < len(ends) and ends[last + 1] == ends[last]:
            return False
        return not tears(text, *inner.span(at, last + 1))

    for at in _forwards(inner.text, fold, 0, _Wholeness(stands, whole_start=True, whole_end=True)):
        yield inner.span(at, at + len(fold))


def _wholeness(text: str, quote: Quote) -> _Wholeness:
    length, (before, after) = len(quote.exact), (quote.prefix[-WINDOW:], quote.suffix[:WINDOW])
    if quote.torn is not None:
        start_torn, end_torn = quote.torn
        return _Wholeness(
            lambda start: (
                (start_torn or not inside(text, start)) and (end_torn or not inside(text, start + length))
            ),
            not start_torn,
            not end_torn,
        )
    said = before + quote.exact + after
    start_torn, end_torn = inside(said, len(before)), inside(said, len(before) + length)

    def stands(start: int) -> bool:
        # No more is looked at than what is known of the quote.
        low = max(0, start - len(before))
        here = text[low : start + length + len(after)]
        at = start - low
        return (start_torn or not inside(here, at)) and (end_torn or not inside(here, at + length))

    return _Wholeness(stands, bool(before) and not start_torn, bool(after) and not end_torn)


def _adjoining(text: str, quote: Quote, whole: _Wholeness) -> Iterator[int]:
    """Where the very words start with some of their context before or after them."""
    for length in (LONGEST_CONTEXT, 32, 8):
        for before, after in (
            (quote.prefix[-length:], quote.suffix[:length]),
            (quote.prefix[-length:], ""),
            ("", quote.suffix[:length]),
        ):
            if before or after:
                found = islice(_all(text, before + quote.exact + after), _MOST)
                yield from filter(whole.stands, (at + len(before) for at in found))


def _all(text: str, sought: str) -> Iterator[int]:
    at = -1
    while (at := text.find(sought, at + 1)) >= 0:
        yield at


def _forwards(text: str, sought: str, at: int, whole: _Wholeness) -> Iterator[int]:
    """Where something starts that stands, from an offset on."""
    left = max(_MOST, min(_MOST_TORN, _MOST_COMPARED // len(sought)))
    while left and (at := text.find(sought, at)) >= 0:
        if whole.stands(at):
            yield at
            at += 1
        else:
            left -= 1
            # What has to begin with a word does not before this one ends.
            at = max(at + 1, word_end(text, at) if whole.whole_start else 0)


def _backwards(text: str, sought: str, until: int, whole: _Wholeness) -> Iterator[int]:
    """Where something starts that stands, before an offset, nearest first.

    In the reversed text, since ``str.rfind`` takes time that grows with text times quote.
    """
    length = len(sought)
    limit = min(len(text), until + length - 1)
    reverse = _Wholeness(lambda at: whole.stands(limit - at - length), whole.whole_end, whole.whole_start)
    found = _forwards(text[:limit][::-1], sought[::-1], 0, reverse)
    return (limit - at - length for at in found)
