"""Widen sentences that were chosen to what a reader needs with them: lists, their introductions, headings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from index.citations.resolution import Resolution
from index.records import Structure
from index.search.extraction.introductions import (
    Heading,
    heading_words,
    introductions,
    is_statement,
    item_of,
)
from index.search.extraction.lists import LONGEST, widen
from index.search.extraction.parts import Part
from index.search.extraction.selection import Selected
from index.search.headings.dates import dated_heading
from index.search.headings.versions import version_heading
from index.search.sections import heading_above, running_text
from index.text.sentences import Span, sentence_spans

Resolve = Callable[[str], Resolution]
"""Returns what resolves the citations of a collection."""
_LONGEST_ITEM = 600
"""Most code points of an item that is quoted from its beginning, if a later sentence of it was chosen."""
_LONGEST_BEFORE = 400
_NEEDS_BEFORE = re.compile(
    r"\b(?:it|they|he|she|this|that|you|we|these|those)\s+(?:is|are|was|were|does|do|did|has|have|can|will|must|may)"
    r"(?:\s+not|n['’]t)?\s*[.!]?$",
    re.IGNORECASE,
)
"""A sentence that leaves out what the one before it says: "Do not drive while it is."."""


def widen_all(
    resolve: Resolve, chosen: Iterable[Selected], parts: Sequence[Part], question: str
) -> list[Selected]:
    """The sentences, each with the list that it introduces, or is an item of if the question asks for one.

    An item alone has what introduces it. Asked for the date of a section, the heading that has it takes the
    place of the sentence below.
    """
    found = []
    for one in chosen:
        asked = parts[one.part].query if len(parts) > 1 else question
        at = max(0, one.start - LONGEST)
        sha256 = bytes.fromhex(one.hit.citation.text_sha256)
        resolution = resolve(one.hit.citation.collection)
        text = resolution.moment.text(sha256, at, one.end + LONGEST)
        found.append(_widen(resolution, one, text, at, asked))
    return found


def _widen(resolution: Resolution, one: Selected, text: str, at: int, question: str) -> Selected:
    """Widen one sentence in the text around it, which begins at offset ``at`` of the document."""
    span = one.start - at, one.end - at
    above: list[Span] = []
    if (heading := dated_heading(text, span[0], question)) is not None:
        span = heading
    elif item_of(text, span[0]) is not None or widen(text, span, question) != span:
        span, above = _widen_within(resolution, one, text, at, question)
    elif _NEEDS_BEFORE.search(text[slice(*span)]):
        span = _with_sentence_before(text, span)
    if (heading := version_heading(text, span, question)) is not None and heading not in above:
        above = [heading, *above]
    start, end = span
    return replace(
        one,
        start=at + start,
        end=at + end,
        words=text[start:end],
        introductions=tuple((at + first, at + last) for first, last in above),
    )


def _widen_within(
    resolution: Resolution, one: Selected, text: str, at: int, question: str
) -> tuple[Span, list[Span]]:
    """Widen a sentence up to the nearest headings, whose numbers make them look like items.

    Returns with it what introduces it. ``text`` begins at offset ``at`` of the document.
    """
    span = one.start - at, one.end - at
    version = resolution.moment.version_by_text(one.hit.citation.document_id, one.hit.citation.text_sha256)
    if version is None:
        return span, []
    structure = resolution.moment.structure(version)
    first, last = running_text(structure, one.start, one.end)
    first, last = max(0, first - at), last - at
    running = text[first:last]
    own = span[0] - first, span[1] - first
    wide = widen(running, own, question)
    heading = _heading(resolution, one, structure, at + first)
    wide, above = with_introductions(running, wide, heading)
    return (first + wide[0], first + wide[1]), [(first + begin, first + end) for begin, end in above]


def _heading(resolution: Resolution, one: Selected, structure: Structure, at: int) -> Heading | None:
    """The nearest heading above a sentence, its span relative to an offset of the document."""
    block = heading_above(structure, one.start)
    if block is None:
        return None
    text = resolution.moment.text(bytes.fromhex(one.hit.citation.text_sha256), block.start, block.end)
    start, end = heading_words(text, 0, len(text))
    return Heading((block.start + start - at, block.start + end - at), text[start:end])


def with_introductions(text: str, span: Span, heading: Heading | None) -> tuple[Span, list[Span]]:
    """A span in an item, and what introduces it.

    If the item begins with no sentence, the span becomes wider up to that beginning.
    """
    start, end = span
    item = item_of(text, start)
    if item is None:
        return span, []
    first = sentence_spans(text, item, end)[0]
    if start > first[0] and end - first[0] <= _LONGEST_ITEM and not is_statement(text[slice(*first)]):
        start = first[0]
    return (start, end), introductions(text, item, heading)


def introduction_in_passage(one: Selected) -> str:
    """What introduces a sentence, as far as its passage and the headings of that have it; mostly empty."""
    cited = one.hit.citation
    start = one.start - cited.start
    if not 0 <= start < len(one.hit.text) or item_of(one.hit.text, start) is None:
        return ""
    heading = Heading((-1, -1), cited.section[-1]) if cited.section else None
    _, above = with_introductions(one.hit.text, (start, one.end - cited.start), heading)
    words = [cited.section[-1] if span == (-1, -1) else one.hit.text[slice(*span)] for span in above]
    return "\n".join(words)


def _with_sentence_before(text: str, span: Span) -> Span:
    """The span with the sentence before it in its line."""
    start, end = span
    line = text.rfind("\n", 0, start) + 1
    before = sentence_spans(text, line, start)
    if not before or start - before[-1][0] > _LONGEST_BEFORE:
        return span
    return before[-1][0], end
