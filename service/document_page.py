"""A document as the viewer shows it: blocks of text with a quote and its evidence marked."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from index.records import Structure
from index.sentences import Span, item_spans
from index.types import Block

WINDOW = 40_000
"""Code points shown on each side of the place that is looked at: a browser shows no more with pleasure."""

_LONGEST_WORD = 100
"""Code points that are looked through for a place between words."""

Mark = Literal["", "quote", "evidence"]


@dataclass(frozen=True, slots=True)
class Segment:
    """Text of one kind. ``first``: the quote begins with it."""

    text: str
    mark: Mark
    first: bool = False


@dataclass(frozen=True, slots=True)
class ShownBlock:
    """A block as it is shown: ``lines`` are a list's items; other blocks have one."""

    kind: str
    level: int
    page: int | None
    """Number of the page that begins with this block."""
    lines: tuple[tuple[Segment, ...], ...]


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """The part of a document around an offset; ``before`` and ``after`` are offsets to go on from."""

    blocks: tuple[ShownBlock, ...]
    before: int | None
    after: int | None


def document_page(
    text: str, structure: Structure, *, quote: Span, evidence: Sequence[Span], at: int
) -> DocumentPage:
    """The blocks within :data:`WINDOW` of an offset, the first and last of them cut off where it ends."""
    low, high = at - WINDOW, at + WINDOW
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
    """The part of a block inside a window, cut between words where there are any."""
    start, end = block.start, block.end
    if start < low:
        start = _gap(text, block.start, low)
    if end > high:
        end = _gap(text, block.start, high)
    return replace(block, start=start, end=end)


def _gap(text: str, after: int, at: int) -> int:
    """The last offset up to ``at``, near it and after ``after``, at which a word may begin; else ``at``."""
    low = max(after, at - _LONGEST_WORD)
    return next((cut for cut in range(at, low, -1) if text[cut - 1].isspace()), at)


def _page_starts(structure: Structure) -> dict[int, int]:
    """For the first block at or after each page's start, the page's number."""
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
    """The blocks, with the first segment of the quote told."""
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
    """The words of a heading without the marks around them; the block itself if it is none."""
    at = text.find(block.title, block.start, block.end) if block.title else -1
    return (block.start, block.end) if at < 0 else (at, at + len(block.title))


def segments(text: str, span: Span, quote: Span, evidence: Sequence[Span]) -> Iterator[Segment]:
    """The span cut where quote and evidence begin and end."""
    return _segments(text, span, quote, _merged(evidence))


def _segments(text: str, span: Span, quote: Span, evidence: Sequence[Span]) -> Iterator[Segment]:
    """Likewise, of evidence that ascends and does not meet: a page with much of it has many lines."""
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
    """The spans in order, with those that meet joined and without empty ones."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif start < end:
            merged.append((start, end))
    return merged
