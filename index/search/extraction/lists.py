"""Widen a sentence to the list that it introduces, or an item to its list if the question asks for one.

A list is consecutive items, each beginning on a line of its own, with a sentence before them. The span stays
verbatim: from the beginning of that sentence to the end of the last item. A line that says nothing alone
brings those below it: one that ends with a colon, and a title above lines such as "Cycling: 2 weeks".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.search.extraction.introductions import are_alternatives, introduces, is_beside, item_of
from index.search.question.wanted import asks_for_several, asks_for_steps, list_after
from index.text.sentences import COLONS, LIST_ITEM, Span, item_spans, sentence_spans

LONGEST = 3000
"""Most code points of a span that is widened: a longer list is no answer."""
_ITEM_LINE = re.compile(rf"^{LIST_ITEM}+", re.MULTILINE)
_GAP = re.compile(r"\n[^\S\n]*\n")
_HEADING = ("#", "=")
_LONGEST_BLOCK, _LONGEST_TITLE = 1000, 80
"""Most code points of lines without marks that are brought, and of the title above them."""
_LABELLED = re.compile(r"[^\W\d_][^:：|\n]{1,80}[:：]\s*\S")
_LEAST_LABELLED = 2 / 3
_FENCE = re.compile(r"`{3,}|~{3,}")
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
        wide = start, block_end(text, start, end)
    return wide if wide[1] - wide[0] <= LONGEST else span


def block_end(text: str, start: int, end: int) -> int:
    """Return the end of the lines that ``text[start:end]`` needs below it; ``end`` if it needs none.

    A line with a colon may already have the first of them, of labelled ones.
    """
    words, line_end = text[start:end].rstrip(), _paragraph_end(text, end)
    if text[end:line_end].strip() or words.startswith(_HEADING):
        return end
    line, *more = words.split("\n", 1)
    leads = line.rstrip().endswith(COLONS)
    begin = start + len(line) + 1 if more else line_end + 1
    if leads and not text[begin : _paragraph_end(text, begin)].strip():
        begin = _paragraph_end(text, begin) + 1
    last = _lines_end(text, begin)
    lines = text[begin:last].split("\n")
    if not lines[0].strip() or lines[0].startswith(_HEADING) or last - start > _LONGEST_BLOCK:
        return end
    needs = leads or _may_be_title(text, start, words)
    return max(end, last) if needs and ((leads and not more) or _are_labelled(lines)) else end


def _are_labelled(lines: Sequence[str]) -> bool:
    """Tell whether lines are several, and most have a label."""
    labelled = sum(_LABELLED.match(one.strip()) is not None for one in lines)
    return len(lines) > 1 and labelled >= _LEAST_LABELLED * len(lines)


def _may_be_title(text: str, start: int, words: str) -> bool:
    """Tell whether words are a whole line without an end, and neither a row nor labelled."""
    if start and text[start - 1] != "\n":
        return False
    if len(words) > _LONGEST_TITLE or "\n" in words or "|" in words or words.endswith(_ENDS_SENTENCE):
        return False
    return _LABELLED.match(words) is None


def _lines_end(text: str, begin: int) -> int:
    """The end of lines that begin here: at an empty line, or with a block of code."""
    if (fence := _FENCE.match(text, begin)) is not None:
        closing = text.find(f"\n{fence[0]}", fence.end())
        return _paragraph_end(text, closing + 1) if closing >= 0 else begin
    gap = _GAP.search(text, begin)
    return gap.start() if gap else len(text.rstrip())


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
