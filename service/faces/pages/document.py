"""The viewer's model of a document: blocks of text in which a quote and its evidence are marked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from index.records import Structure
from index.text import Span, line_spans
from index.types import Block
from service.faces.pages.lists import ShownItem, shown_items
from service.faces.pages.marks import Marking, Segment
from service.faces.pages.tables import ShownTable, shown_table

WINDOW = 40_000
"""Code points shown on each side of the current offset. Browsers are slow with longer pages."""

_LONGEST_WORD = 100
"""Code points that are searched for a boundary between words."""
_LONGEST_ROW = 2000
"""Code points that are searched for the start of a row."""
_FIELD = re.compile(r"(?:From|To|Cc|Date|Attachments): (?=\S)")
"""The beginning of a line of the head of a mail, as the readers of mails write it."""
_MOST_FIELDS = 8


@dataclass(frozen=True, slots=True)
class ShownBlock:
    """A block to show: ``parts`` of running text and code, or what its kind has instead.

    ``fields`` are the lines of the head of a mail: name and value.
    """

    kind: str
    level: int
    page: int | None
    """Number of the page that starts with this block."""
    parts: tuple[Segment, ...] = ()
    items: tuple[ShownItem, ...] = ()
    table: ShownTable | None = None
    fields: tuple[tuple[tuple[Segment, ...], tuple[Segment, ...]], ...] = ()
    is_first: bool = False
    """Whether the quote begins in it, or the first part of the quote that is shown."""


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """The part of a document around an offset. ``before`` and ``after`` are offsets of adjacent parts.

    ``has_quote`` if something of the quote is marked in it.
    """

    blocks: tuple[ShownBlock, ...]
    before: int | None
    after: int | None
    has_quote: bool


def document_page(
    marking: Marking,
    structure: Structure,
    *,
    at: int,
    within: Span | None = None,
    is_mail: bool = False,
) -> DocumentPage:
    """The blocks within :data:`WINDOW` of an offset, or in a span. The first and the last may be cut.

    Of a mail, the lines before each message are shown as its head.
    """
    text, (low, high) = marking.text, within or (at - WINDOW, at + WINDOW)
    shown = [
        _cut_block(text, block, low, high)
        for block in structure.blocks
        if block.end > low and block.start < high
    ]
    pages = _page_starts(structure)
    blocks = tuple(
        _show_block_with_flag(marking, block, pages.get(block.start), is_mail=is_mail)
        for block in _with_whole_code(text, shown, pages)
    )
    before = after = None
    if shown and shown[0].start > structure.blocks[0].start:
        before = max(0, shown[0].start - WINDOW)
    if shown and shown[-1].end < structure.blocks[-1].end:
        after = shown[-1].end + WINDOW
    return DocumentPage(blocks, before, after, marking.has_first)


def _cut_block(text: str, block: Block, low: int, high: int) -> Block:
    """The part of a block inside a window, cut between words, or between the rows of a table, if possible."""
    start, end = block.start, block.end
    start_of = _row_start if block.kind == "table" else _word_start
    if start < low:
        start = start_of(text, block.start, low)
    if end > high:
        end = start_of(text, block.start, high)
    return replace(block, start=start, end=end)


def _word_start(text: str, after: int, at: int) -> int:
    """The last start of a word shortly before ``at`` and after ``after``; ``at`` if there is none."""
    low = max(after, at - _LONGEST_WORD)
    return next((cut for cut in range(at, low, -1) if text[cut - 1].isspace()), at)


def _row_start(text: str, after: int, at: int) -> int:
    """The last start of a line shortly before ``at`` and after ``after``, or else that of a word."""
    return text.rfind("\n", max(after, at - _LONGEST_ROW), at) + 1 or _word_start(text, after, at)


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


def _with_whole_code(text: str, blocks: Iterable[Block], pages: dict[int, int]) -> Iterator[Block]:
    """The blocks, those of one piece of code as one: blank lines divide it into passages, not for readers."""
    last: Block | None = None
    for block in blocks:
        continues = last is not None and last.kind == block.kind == "code" and block.start not in pages
        if last is not None and continues and text[last.end : block.start].isspace():
            last = replace(last, end=block.end)
            continue
        if last is not None:
            yield last
        last = block
    if last is not None:
        yield last


def _show_block_with_flag(marking: Marking, block: Block, page: int | None, *, is_mail: bool) -> ShownBlock:
    had_first = marking.has_first
    shown = _show_block(marking, block, page, is_mail=is_mail)
    return replace(shown, is_first=marking.has_first and not had_first)


def _show_block(marking: Marking, block: Block, page: int | None, *, is_mail: bool) -> ShownBlock:
    shown = ShownBlock(block.kind, block.level, page)
    if block.kind == "list":
        return replace(shown, items=shown_items(marking, block.start, block.end))
    if block.kind == "table":
        return replace(shown, table=shown_table(marking, block))
    if block.kind == "code":
        return replace(shown, parts=marking.parts(_line_start(marking.text, block.start), block.end))
    if is_mail and block.kind == "paragraph" and (fields := _mail_fields(marking, block)):
        return replace(shown, kind="mail", fields=fields)
    return replace(shown, parts=marking.parts(*_heading_span(marking.text, block)))


def _line_start(text: str, start: int) -> int:
    """The start of the line whose first word is at ``start``; its indentation is no part of a block."""
    first = text.rfind("\n", 0, start) + 1
    return first if text[first:start].isspace() else start


def _mail_fields(
    marking: Marking, block: Block
) -> tuple[tuple[tuple[Segment, ...], tuple[Segment, ...]], ...]:
    """The lines of the head of a mail; none if a line of the block is no field."""
    if not _FIELD.match(marking.text, block.start, block.end):
        return ()
    lines = line_spans(marking.text, block.start, block.end)
    names = [_FIELD.match(marking.text, *line) for line in lines]
    if len(lines) > _MOST_FIELDS or not all(names):
        return ()
    return tuple(
        (marking.parts(line[0], name.end()), marking.parts(name.end(), line[1]))
        for line, name in zip(lines, names, strict=True)
        if name is not None
    )


def _heading_span(text: str, block: Block) -> Span:
    """The span of a heading's words without markup; the whole block if it is no heading."""
    at = text.find(block.title, block.start, block.end) if block.title else -1
    return (block.start, block.end) if at < 0 else (at, at + len(block.title))
