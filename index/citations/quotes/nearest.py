"""Find the words of a text that are most similar to a quote, those for its first and last word too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import regex
from rapidfuzz.distance import Levenshtein

from index.citations.anchoring import Anchor, AnchoringText
from index.citations.quotes.occurrences import Quote
from index.text.differences import IDEOGRAPHIC, Edit, word_diff
from index.text.typography import folded

_END_MARKS = (".", "!", "?", "。", "！", "？", "…")
_WORD = regex.compile(rf"[{IDEOGRAPHIC}]\p{{M}}*|[\w--[{IDEOGRAPHIC}]]+(?:['’-]\w+)*", regex.VERSION1)
_BREAK = regex.compile(r"[.!?…][\"'”’»)\]]*\s|[。！？]|\n")
"""Where a sentence or a paragraph ends: the words beyond stand for none of the quote's."""
_MOST_WORDS = 8
_FARTHEST = 200
"""Most code points on each side in which words are looked for."""


def nearest(text: AnchoringText, quote: Quote) -> Anchor | None:
    """The words most similar to a quote, without context; None if none is similar enough.

    The alignment ends with the last words that are equal. Where the quote has others before or after them, as
    many of the source's words in the same sentence stand for these.
    """
    found = next(iter(text.near(quote)), None)
    if found is None:
        return None
    edits = word_diff(quote.exact, text.text[found.start : found.end])
    start = found.start - _before(text.text, found.start, _replaced(edits))
    end = found.end + _after(text.text, found.end, _replaced(edits[::-1]))
    mark = quote.exact.rstrip()[-1:]
    if mark in _END_MARKS and text.text[end : end + 1] == mark:
        end += 1
    if (start, end) == (found.start, found.end):
        return found
    like = Levenshtein.normalized_similarity
    similarity = like(folded(quote.exact).text.strip(), folded(text.text[start:end]).text.strip())
    return replace(found, start=start, end=end, similarity=similarity)


def _replaced(edits: Sequence[Edit]) -> int:
    """The number of the quote's words at the end where ``edits`` begin for which the source has none."""
    count = 0
    for edit in edits:
        if edit.kind == "delete":
            count += len(_WORD.findall(edit.text))
        elif edit.kind == "insert" or _WORD.search(edit.text):
            return count if edit.kind == "equal" else 0
    return count


def _after(text: str, end: int, words: int) -> int:
    """The length of so many words after an offset, in the same sentence."""
    stretch = text[end : end + _FARTHEST]
    if cut := _BREAK.search(stretch):
        stretch = stretch[: cut.start()]
    spans = [match.span() for match in _WORD.finditer(stretch)][: min(words, _MOST_WORDS)]
    return spans[-1][1] if spans else 0


def _before(text: str, start: int, words: int) -> int:
    """The length of so many words before an offset, in the same sentence."""
    stretch = text[max(0, start - _FARTHEST) : start]
    breaks = [match.end() for match in _BREAK.finditer(stretch)]
    stretch = stretch[breaks[-1] :] if breaks else stretch
    spans = [match.span() for match in _WORD.finditer(stretch)]
    few = spans[-min(words, _MOST_WORDS) :] if words else []
    return len(stretch) - few[0][0] if few else 0
