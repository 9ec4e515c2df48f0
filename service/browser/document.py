"""The viewer's model of a document: blocks of text in which a quote and its evidence are marked."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from index.records import Structure
from index.text import Span, item_spans
from index.types import Block

WINDOW = 40_000
"""Code points shown on each side of the current offset. Browsers are slow with longer pages."""

_LONGEST_WORD = 100
"""Code points that are searched for a boundary between words."""

Mark = Literal["", "quote", "evidence"]


@dataclass(frozen=True, slots=True)
class Segment:
    """Text with one mark. ``first`` is true for the segment that the quote begins with."""

    text: str
    mark: Mark
    first: bool = False


@dataclass(frozen=True, slots=True)
class ShownBlock:
    """A block to show. ``lines`` are the items of a list; other blocks have one line."""

    kind: str
    level: int
    page: int | None
    """Number of the page that starts with this block."""
    lines: tuple[tuple[Segment, ...], ...]


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """The part of a document around an offset. ``before`` and ``after`` are offsets of adjacent parts."""

    blocks: tuple[ShownBlock, ...]
    before: int | None
    after: int | None


def document_page(
    text: str,
    structure: Structure,
    *,
    quote: Span,
    evidence: Sequence[Span],
    at: int,
    within: Span | None = None,
) -> DocumentPage:
    """The blocks within :data:`WINDOW` of an offset, or in a span. The first and the last may be cut."""
    low, high = within or (at - WINDOW, at + WINDOW)
    shown = [
        _cut(text, block, low, high) for block in structure.blocks if block.end > low and block.start < high
    ]
    pages, evidence = _page_starts(structure), _merged(evidence)
    blocks = tuple(
        _with_first(_shown(text, block, quote, evidence, pages.get(block.start)) for block in shown)
    )
    before = after = None
    if shown and shown[0].start > structure.blocks[0].start:
        before = max(0, shown[0].start - WINDOW)
    if shown and shown[-1].end < structure.blocks[-1].end:
        after = shown[-1].end + WINDOW
    return DocumentPage(blocks, before, after)


def _cut(text: str, block: Block, low: int, high: int) -> Block:
    """The part of a block inside a window, cut between words if possible."""
    start, end = block.start, block.end
    if start < low:
        start = _word_start(text, block.start, low)
    if end > high:
        end = _word_start(text, block.start, high)
    return replace(block, start=start, end=end)


def _word_start(text: str, after: int, at: int) -> int:
    """The last start of a word shortly before ``at`` and after ``after``; ``at`` if there is none."""
    low = max(after, at - _LONGEST_WORD)
    return next((cut for cut in range(at, low, -1) if text[cut - 1].isspace()), at)


def _page_starts(structure: Structure) -> dict[int, int]:
    """Page numbers by the offset of the first block at or after each page's start."""
    starts: dict[int, int] = {}
    blocks = iter(structure.blocks)
    block = next(blocks, None)
    for number, offset in enumerate(structure.pages, 1):
        while block is not None and block.start < offset:
            block = next(blocks, None)
        if block is not None:
            starts[block.start] = number
    return starts


def _shown(text: str, block: Block, quote: Span, evidence: Sequence[Span], page: int | None) -> ShownBlock:
    spans: Iterable[Span] = [_heading_span(text, block)]
    if block.kind == "list":
        spans = item_spans(text, block.start, block.end)
    lines = tuple(tuple(_segments(text, span, quote, evidence)) for span in spans)
    return ShownBlock(block.kind, block.level, page, lines)


def _with_first(blocks: Iterable[ShownBlock]) -> Iterator[ShownBlock]:
    """The blocks, with the first marked segment flagged as such."""
    found = False
    for block in blocks:
        lines = []
        for line in block.lines:
            marked = next((at for at, part in enumerate(line) if part.mark), None)
            if marked is not None and not found:
                found = True
                line = (*line[:marked], replace(line[marked], first=True), *line[marked + 1 :])  # noqa: PLW2901
            lines.append(line)
        yield replace(block, lines=tuple(lines))


def _heading_span(text: str, block: Block) -> Span:
    """The span of a heading's words without markup; the whole block if it is no heading."""
    at = text.find(block.title, block.start, block.end) if block.title else -1
    return (block.start, block.end) if at < 0 else (at, at + len(block.title))


def segments(text: str, span: Span, quote: Span, evidence: Sequence[Span]) -> Iterator[Segment]:
    """A span, cut at the starts and ends of quote and evidence."""
    return _segments(text, span, quote, _merged(evidence))


def _segments(text: str, span: Span, quote: Span, evidence: Sequence[Span]) -> Iterator[Segment]:
    """Like :func:`segments`, for sorted evidence that does not overlap. Fast for many lines."""
    start, end = span
    first = bisect_right(evidence, start, key=lambda one: one[1])
    near = evidence[first : bisect_right(evidence, end, first, key=lambda one: one[0])]
    inside = {cut for one in (quote, *near) for cut in one if start < cut < end}
    at = 0
    for begin, until in pairwise(sorted({start, end} | inside)):
        mark: Mark = ""
        while at < len(near) and near[at][1] <= begin:
            at += 1
        if quote[0] <= begin < quote[1]:
            mark = "evidence" if at < len(near) and near[at][0] <= begin else "quote"
        yield Segment(text[begin:until], mark)


def _merged(spans: Iterable[Span]) -> list[Span]:
    """The spans in order; overlapping and adjacent ones are merged, empty ones dropped."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif start < end:
            merged.append((start, end))
    return merged
