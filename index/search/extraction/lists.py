"""Widen a sentence to the list that it introduces, or an item to its list if the question asks for one.

A list is consecutive items, each beginning on a line of its own, with a sentence before them. The span stays
verbatim: from the beginning of that sentence to the end of the last item.
"""

from __future__ import annotations

import re

from index.search.question.wanted import asks_for_several, asks_for_steps, list_after
from index.text.sentences import LIST_ITEM, Span, item_spans, sentence_spans

LONGEST = 3000
"""Most code points of a span that is widened: a longer list is no answer."""
_ITEM_LINE = re.compile(rf"^{LIST_ITEM}+", re.MULTILINE)
_GAP = re.compile(r"\n[^\S\n]*\n")
_HEADING = ("#", "=")
_ENDS_SENTENCE = (":", "：", ".", "?", "!", "…", "。", "？", "！", ",", ";")


def widen(text: str, span: Span, question: str) -> Span:
    """Return the span with the list that its sentence introduces, or else as it is.

    If the question asks for several, or for the steps by which something is done, an item becomes the whole
    list, with the sentence before it, and a sentence brings the list after its paragraph.
    """
    start, end = span
    several = asks_for_several(question) or asks_for_steps(question)
    if (line := _item_line(text, start)) is not None:
        if not several:
            return span
        first = _first_item(text, line)
        wide = _introduction(text, first), max(end, _list_end(text, first))
    elif (after := list_after(text, _paragraph_end(text, end) if several else end)) is not None:
        wide = start, _list_end(text, after)
    else:
        return span
    return wide if wide[1] - wide[0] <= LONGEST else span


def _paragraph_end(text: str, at: int) -> int:
    """The end of the line, which in most texts is that of the paragraph."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _item_line(text: str, start: int) -> int | None:
    """The line that an item begins on, if a span begins with the item or with its words."""
    line = text.rfind("\n", 0, start) + 1
    match = _ITEM_LINE.match(text, line)
    return line if match is not None and start <= match.end() else None


def _first_item(text: str, line: int) -> int:
    """The line of the first item of the list that has an item on this line."""
    first = line
    while first:
        before = text.rfind("\n", 0, first - 1) + 1
        if not text[before : first - 1].strip():
            break
        if _ITEM_LINE.match(text, before):
            line = before
        first = before
    return line


def _list_end(text: str, first: int) -> int:
    """The end of the list whose first item begins here; blank lines may be between its items."""
    end = first
    while True:
        gap = _GAP.search(text, end)
        end = gap.start() if gap else len(text)
        if gap is None or not _ITEM_LINE.match(text, gap.end()):
            return item_spans(text, first, end)[-1][1]
        end = gap.end()


def _introduction(text: str, first: int) -> int:
    """The beginning of the sentence just before a list; of the list itself, if there is none."""
    before = text[:first].rstrip()
    if text.count("\n", len(before), first) > 2:
        return first
    spans = sentence_spans(text, before.rfind("\n\n") + 1, len(before))
    if not spans or text.startswith(_HEADING, spans[-1][0]):
        return first
    # A line alone above the list is its heading.
    is_heading = text.count("\n", len(before), first) > 1 and not before.endswith(_ENDS_SENTENCE)
    return first if is_heading else spans[-1][0]
