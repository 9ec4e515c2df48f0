"""Find the section around a passage."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from index.records import Structure


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
