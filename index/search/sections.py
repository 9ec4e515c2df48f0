"""Find the section around a passage, and the running text around a sentence."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from index.records import Structure
from index.types import Block

_RUNNING = ("paragraph", "list")


def section_span(structure: Structure, start: int, end: int, *, most: int) -> tuple[int, int]:
    """Return the span of the section that a passage is in: its heading, and the text up to the next heading.

    Of a section longer than ``most`` code points, the span has the blocks nearest to the passage that fit.
    """
    blocks = structure.blocks
    first = bisect_right(blocks, start, key=lambda one: one.end)
    last = bisect_left(blocks, end, key=lambda one: one.start) - 1
    if first > last:
        return start, end
    span = start, end
    for at in (first, last):  # a passage may begin and end inside a block
        wider = min(span[0], blocks[at].start), max(span[1], blocks[at].end)
        span = wider if wider[1] - wider[0] <= most else span
    grows = True
    while grows:
        grows = False
        if (
            last + 1 < len(blocks)
            and blocks[last + 1].kind != "heading"
            and blocks[last + 1].end - span[0] <= most
        ):
            last, grows = last + 1, True
            span = span[0], blocks[last].end
        if first and blocks[first].kind != "heading" and span[1] - blocks[first - 1].start <= most:
            first, grows = first - 1, True
            span = blocks[first].start, span[1]
    return span


def running_text(structure: Structure, start: int, end: int) -> tuple[int, int]:
    """Return the span of the paragraphs and lists around a sentence.

    It ends at the nearest headings, tables with their captions, and code; a sentence in one of these has that
    block alone.
    """
    blocks = structure.blocks
    first = bisect_right(blocks, start, key=lambda one: one.end)
    last = bisect_left(blocks, end, key=lambda one: one.start) - 1
    if first > last:
        return start, end
    if blocks[first].kind in _RUNNING:
        while first and blocks[first - 1].kind in _RUNNING:
            first -= 1
    if blocks[last].kind in _RUNNING and not _is_caption(blocks, last + 1):
        while last + 1 < len(blocks) and blocks[last + 1].kind in _RUNNING:
            last += 1
    return min(start, blocks[first].start), max(end, blocks[last].end)


def heading_above(structure: Structure, at: int) -> Block | None:
    """The nearest heading above an offset; None without one, and in tables and code."""
    blocks = structure.blocks
    last = bisect_right(blocks, at, key=lambda one: one.start) - 1
    if last < 0 or blocks[last].kind not in _RUNNING:
        return None
    return next((one for one in reversed(blocks[:last]) if one.kind == "heading"), None)


def _is_caption(blocks: Sequence[Block], at: int) -> bool:
    return [one.kind for one in blocks[at : at + 2]] == ["paragraph", "table"]
