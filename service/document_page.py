"""A document as the viewer shows it: blocks of text with a quote and its evidence marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from index.records import Structure
from index.sentences import Span, item_spans
from index.types import Block

WINDOW = 40_000
"""Code points shown on each side of the place that is looked at: a browser shows no more with pleasure."""

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
    """The blocks within :data:`WINDOW` of an offset, at least the one that it is in."""
    low, high = at - WINDOW, at + WINDOW
    shown = [block for block in structure.blocks if block.end > low and block.start < high]
    pages = _page_starts(structure)
    blocks = tuple(
        _with_first(_shown(text, block, quote, evidence, pages.get(block.start)) for block in shown)
    )
    before = after = None
    if shown and shown[0].start > structure.blocks[0].start:
        before = max(0, shown[0].start - WINDOW)
    if shown and shown[-1].end < structure.blocks[-1].end:
        after = shown[-1].end + WINDOW
    return DocumentPage(blocks, before, after)


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
    lines = tuple(tuple(segments(text, span, quote, evidence)) for span in spans)
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
    start, end = span
    inside = {cut for one in (quote, *evidence) for cut in one if start < cut < end}
    cuts = sorted({start, end} | inside)
    for begin, until in pairwise(cuts):
        mark: Mark = ""
        if quote[0] <= begin < quote[1]:
            mark = "evidence" if any(low <= begin < high for low, high in evidence) else "quote"
        yield Segment(text[begin:until], mark)
