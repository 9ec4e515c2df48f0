"""Begin a quote at the question that it answers, or at the heading in its line."""

from __future__ import annotations

import regex

from index.patterns import lazy_pattern
from index.search.extraction.wording import missing_words
from index.search.leads.finding import Names, lead_before
from index.text.sentences import LIST_ITEM, Span

_FRAGMENT = 6
"""Most words of an answer that is shown with its question even where that stands apart."""
_ANSWERS_YES_OR_NO = lazy_pattern(
    r"(?:yes|no|not|never|neither|only|of course|certainly|sure|ja|nein|nicht|oui|non|sí|si|sì|nee)\b",
    regex.IGNORECASE,
)
_ITEM_OR_ROW = lazy_pattern(rf"{LIST_ITEM}|[^\n]*(?:\t| \| )")
_WORD = lazy_pattern(r"[\p{L}\p{M}\p{N}]+")


def lead_start(text: str, span: Span, question: str) -> int:
    """Where a quote begins that answers a question."""
    return with_lead(text, span, lambda said: not missing_words(question, said))[0]


def with_lead(text: str, span: Span, names: Names) -> Span:
    """The span of a quote, from the question that it answers or the heading in its line, if there is one.

    Where the question stands apart, as headings do, it is part of the quote only if the answer cannot be
    understood without it: "Eighteen."
    """
    start, end = span
    if _ITEM_OR_ROW.match(text, start, end):
        return span
    if (lead := lead_before(text, start, names)) is None:
        return span
    is_near = "\n\n" not in text[lead[1] : start]
    return (lead[0], end) if is_near or _is_fragment(text[start:end]) else span


def _is_fragment(answer: str) -> bool:
    return len(_WORD.findall(answer)) <= _FRAGMENT or _ANSWERS_YES_OR_NO.match(answer) is not None
