"""Widen a sentence to the list that it introduces, or an item to its list if the question asks for one.

A list is consecutive items, each beginning on a line of its own, with a sentence before them. The span stays
verbatim: from the beginning of that sentence to the end of the last item.
"""

from __future__ import annotations

import re

from index.search.extraction.introductions import are_alternatives, introduces, is_beside, item_of
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
    list, with the sentence before it, and a sentence brings the list after its paragraph. Of items that each
    say something, the one that answers is enough: they are no steps.
    """
    start, end = span
    several = asks_for_several(question)
    whole = several or asks_for_steps(question)
    if (line := _item_line(text, start)) is not None:
        if not whole:
            return span
        first = _first_item(text, line)
        last = _list_end(text, first)
        if not several and are_alternatives(text, first, last):
            return span
        wide = _introduction(text, first), max(end, last)
    elif (after := list_after(text, _paragraph_end(text, end) if whole else end)) is not None:
        if not _is_introduced(text, start, after):
            return span
        wide = start, _list_end(text, after)
    else:
        return span
    return wide if wide[1] - wide[0] <= LONGEST else span


def _is_introduced(text: str, start: int, after: int) -> bool:
    """Whether the sentence at ``start``, or the last one after it, introduces the list that follows."""
    own = item_of(text, start)
    if own is not None and is_beside(text, own, after):
        return False
    spans = sentence_spans(text, start, after)
    item = item_spans(text, after, _list_end(text, after))[0]
    return introduces(text[slice(*spans[-1])], text[slice(*item)])


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
    """The line of the first item of the list that has an item on this line.

    Blank lines may be between items of one line each.
    """
    first = line
    while first:
        before = text.rfind("\n", 0, first - 1) + 1
        if not text[before : first - 1].strip():
            above = text.rfind("\n", 0, max(0, before - 1)) + 1
            if first != line or not before or not _ITEM_LINE.match(text, above):
                break
            before = above
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
    if not spans or text.startswith(_HEADING, spans[-1][0]) or _ITEM_LINE.match(text, spans[-1][0]):
        return first
    # A line alone above the list is its heading.
    is_heading = text.count("\n", len(before), first) > 1 and not before.endswith(_ENDS_SENTENCE)
    item = item_spans(text, first, _list_end(text, first))[0]
    is_other = not introduces(text[slice(*spans[-1])], text[slice(*item)])
    return first if is_heading or is_other else spans[-1][0]
