"""Find exact occurrences of a quote in a text, as whole words if the quote has whole words.

The time is linear in the length of the text for any quote: of words that occur very often, only occurrences
near the expected position, or next to the quote's context, are examined. Offsets are Unicode code points,
spans half open.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from index.text.typography import Folded, fold_text
from index.text.word_boundaries import WINDOW, is_inside_word, splits_word, word_end

LONGEST_CONTEXT = 512
"""Code points of prefix and suffix that are compared."""

_MOST = 128
"""Most occurrences examined on each side of the expected position."""
_MOST_SKIPPED = 40_000
"""Most occurrences inside longer words that are skipped; fewer for long quotes, so that at most
``_MOST_COMPARED`` code points are compared."""
_MOST_COMPARED = 5_000_000


@dataclass(frozen=True, slots=True)
class Quote:
    """Words with the text around them, and where they started (W3C TextQuoteSelector and position).

    ``torn`` says whether the quote began and ended inside longer words in its source. If it is None, the
    context decides; without context, both are possible.
    """

    exact: str
    prefix: str = ""
    suffix: str = ""
    start: int | None = None
    torn: tuple[bool, bool] | None = None


@dataclass(frozen=True, slots=True)
class _Wholeness:
    """The test for whole words: a quote of whole words does not match inside a longer word."""

    is_whole: Callable[[int], bool]
    whole_start: bool
    whole_end: bool


def occurrences(text: str, quote: Quote) -> set[int]:
    """Return the starts of the exact occurrences; only the most likely if there are very many."""
    if not quote.exact:
        return set()
    whole = _wholeness(text, quote)
    expected = min(max(quote.start or 0, 0), len(text))
    near = [*islice(_forwards(text, quote.exact, expected, whole), _MOST)]
    if expected:
        near += islice(_backwards(text, quote.exact, expected, whole), _MOST)
    return {*near, *(_adjoining(text, quote, whole) if len(near) >= _MOST else ())}


def alike(text: str, inner: Folded, words: str) -> Iterator[tuple[int, int]]:
    """Yield, in order, the spans of whole words that equal ``words`` except for typography.

    ``inner`` is the folded text. A part of a ligature does not match.
    """
    sought = fold_text(words).text.strip()
    if not sought:
        return
    starts, ends = inner.starts, inner.ends

    def is_whole(at: int) -> bool:
        last = at + len(sought) - 1
        if at and starts[at - 1] == starts[at]:
            return False
        if last + 1 < len(ends) and ends[last + 1] == ends[last]:
            return False
        return not splits_word(text, *inner.span(at, last + 1))

    for at in _forwards(inner.text, sought, 0, _Wholeness(is_whole, whole_start=True, whole_end=True)):
        yield inner.span(at, at + len(sought))


def _wholeness(text: str, quote: Quote) -> _Wholeness:
    length, (before, after) = len(quote.exact), (quote.prefix[-WINDOW:], quote.suffix[:WINDOW])
    if quote.torn is not None:
        start_torn, end_torn = quote.torn
        return _Wholeness(
            lambda start: (
                (start_torn or not is_inside_word(text, start))
                and (end_torn or not is_inside_word(text, start + length))
            ),
            not start_torn,
            not end_torn,
        )
    quoted = before + quote.exact + after
    start_torn, end_torn = is_inside_word(quoted, len(before)), is_inside_word(quoted, len(before) + length)

    def is_whole(start: int) -> bool:
        # Compare only as much context as the quote has.
        low = max(0, start - len(before))
        here = text[low : start + length + len(after)]
        at = start - low
        return (start_torn or not is_inside_word(here, at)) and (
            end_torn or not is_inside_word(here, at + length)
        )

    return _Wholeness(is_whole, bool(before) and not start_torn, bool(after) and not end_torn)


def _adjoining(text: str, quote: Quote, whole: _Wholeness) -> Iterator[int]:
    """Yield starts of occurrences with part of their context before or after them."""
    for length in (LONGEST_CONTEXT, 32, 8):
        for before, after in (
            (quote.prefix[-length:], quote.suffix[:length]),
            (quote.prefix[-length:], ""),
            ("", quote.suffix[:length]),
        ):
            if before or after:
                found = islice(_all(text, before + quote.exact + after), _MOST)
                yield from filter(whole.is_whole, (at + len(before) for at in found))


def _all(text: str, sought: str) -> Iterator[int]:
    at = -1
    while (at := text.find(sought, at + 1)) >= 0:
        yield at


def _forwards(text: str, sought: str, at: int, whole: _Wholeness) -> Iterator[int]:
    """Yield starts of accepted occurrences from an offset on."""
    left = max(_MOST, min(_MOST_SKIPPED, _MOST_COMPARED // len(sought)))
    while left and (at := text.find(sought, at)) >= 0:
        if whole.is_whole(at):
            yield at
            at += 1
        else:
            left -= 1
            # A match that must begin with a word cannot begin before this word ends.
            at = max(at + 1, word_end(text, at) if whole.whole_start else 0)


def _backwards(text: str, sought: str, until: int, whole: _Wholeness) -> Iterator[int]:
    """Yield starts of accepted occurrences before an offset, nearest first.

    Searches the reversed text: the time of ``str.rfind`` is proportional to text length times quote length.
    """
    length = len(sought)
    limit = min(len(text), until + length - 1)
    reverse = _Wholeness(lambda at: whole.is_whole(limit - at - length), whole.whole_end, whole.whole_start)
    found = _forwards(text[:limit][::-1], sought[::-1], 0, reverse)
    return (limit - at - length for at in found)
