"""Find the words of a text that are most similar to a quote, including changed first and last words."""

from collections.abc import Sequence
from dataclasses import replace

import regex
from rapidfuzz.distance import Levenshtein

from index.citations.quotes.anchoring import Anchor, AnchoringText
from index.citations.quotes.occurrences import Quote
from index.patterns import lazy_pattern
from index.text.differences import IDEOGRAPHIC, Edit, word_diff
from index.text.typography import fold_text

_END_MARKS = (".", "!", "?", "。", "！", "？", "…")
_WORD = lazy_pattern(rf"[{IDEOGRAPHIC}]\p{{M}}*|[\w--[{IDEOGRAPHIC}]]+(?:['’-]\w+)*", regex.VERSION1)
_BREAK = lazy_pattern(r"[.!?…][\"'”’»)\]]*\s|[。！？]|\n")
"""Ends of sentences and paragraphs: a match does not extend across them."""
_MOST_WORDS = 8
_FARTHEST = 200
"""Most code points on each side in which words are looked for."""


def nearest(text: AnchoringText, quote: Quote) -> Anchor | None:
    """Find the words most similar to a quote, without context; None if none is similar enough.

    An alignment begins and ends with equal words. If the quote has other words before or after them, the
    match is extended by as many words of the same sentence.
    """
    found = next(iter(text.near(quote)), None)
    if found is None:
        return None
    edits = word_diff(quote.exact, text.text[found.start : found.end])
    start = found.start - _length_before(text.text, found.start, _count_deleted(edits))
    end = found.end + _length_after(text.text, found.end, _count_deleted(edits[::-1]))
    mark = quote.exact.rstrip()[-1:]
    if mark in _END_MARKS and text.text[end : end + 1] == mark:
        end += 1
    if (start, end) == (found.start, found.end):
        return found
    like = Levenshtein.normalized_similarity
    similarity = like(fold_text(quote.exact).text.strip(), fold_text(text.text[start:end]).text.strip())
    return replace(found, start=start, end=end, similarity=similarity)


def _count_deleted(edits: Sequence[Edit]) -> int:
    """Count the words that the quote has at its beginning and the source lacks, in ``edits`` from there."""
    count = 0
    for edit in edits:
        if edit.kind == "delete":
            count += len(_WORD.findall(edit.text))
        elif edit.kind == "insert" or _WORD.search(edit.text):
            return count if edit.kind == "equal" else 0
    return count


def _length_after(text: str, end: int, words: int) -> int:
    """The length of so many words after an offset, in the same sentence."""
    stretch = text[end : end + _FARTHEST]
    if cut := _BREAK.search(stretch):
        stretch = stretch[: cut.start()]
    spans = [match.span() for match in _WORD.finditer(stretch)][: min(words, _MOST_WORDS)]
    return spans[-1][1] if spans else 0


def _length_before(text: str, start: int, words: int) -> int:
    """The length of so many words before an offset, in the same sentence."""
    stretch = text[max(0, start - _FARTHEST) : start]
    breaks = [match.end() for match in _BREAK.finditer(stretch)]
    stretch = stretch[breaks[-1] :] if breaks else stretch
    spans = [match.span() for match in _WORD.finditer(stretch)]
    few = spans[-min(words, _MOST_WORDS) :] if words else []
    return len(stretch) - few[0][0] if few else 0
