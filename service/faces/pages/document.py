"""The viewer's model of a document: blocks of text in which a quote and its evidence are marked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from index.records import Structure
from index.text import Span, cells, item_spans, line_spans
from index.types import Block, Columns
from service.faces.pages.marks import Marking, Segment

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
    """True if the shown part of the quote begins in it."""


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


# Lists in the viewer: their items below each other as they are indented.


_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class ShownItem:
    """An item of a list, with its bullet or number, and the items below it."""

    parts: tuple[Segment, ...]
    items: tuple[ShownItem, ...]


@dataclass(slots=True)
class _Item:
    indent: int
    parts: tuple[Segment, ...]
    below: list[_Item]


def shown_items(marking: Marking, start: int, end: int) -> tuple[ShownItem, ...]:
    """The items of the list at a span of the text."""
    root = _Item(-1, (), [])
    above = [root]
    for first, last in item_spans(marking.text, start, end):
        item = _Item(_indent(marking.text, first), marking.parts(first, last), [])
        while item.indent <= above[-1].indent or len(above) > _DEEPEST:
            above.pop()
        above[-1].below.append(item)
        above.append(item)
    return _show_items(root.below)


def _indent(text: str, start: int) -> int:
    """Columns of white space before an item on its line; 0 if it does not begin its line."""
    before = text[text.rfind("\n", 0, start) + 1 : start]
    return len(before) if before.isspace() else 0


def _show_items(items: Sequence[_Item]) -> tuple[ShownItem, ...]:
    return tuple(ShownItem(one.parts, _show_items(one.below)) for one in items)


# Tables in the viewer: rows and cells of a table's text, no more than a browser shows at once.


MOST_CELLS = 10_000
MOST_COLUMNS = 60
_FEWEST_ROWS = 20
_SEPARATOR = "|"

_Cells = list[Span | None]


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row; a cell is empty where the row has none. ``is_lit`` if it has evidence."""

    cells: tuple[tuple[Segment, ...], ...]
    is_lit: bool = False


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A table: names of its columns, if it has any, and the rows around the quote.

    ``head`` are the lines of names that stand in the text; a table without them may have ``names``.
    ``before`` and ``after`` count the rows that are left out. If the table ``has_evidence``, its other rows
    are not to be lit, though the whole table may be quoted.
    """

    names: tuple[str, ...]
    head: tuple[ShownRow, ...]
    rows: tuple[ShownRow, ...]
    width: int
    before: int
    after: int
    has_evidence: bool


def shown_table(marking: Marking, table: Block) -> ShownTable:
    """The table of a block, which begins and ends with whole rows."""
    text, columns = marking.text, table.columns
    body = min(max(columns.body, table.start), table.end) if columns else table.start
    head = [_split_at_separators(text, *line) for line in line_spans(text, table.start, body)]
    lines = line_spans(text, body, table.end)
    width = min(MOST_COLUMNS, max([1, *(_count_columns(text, columns, line) for line in lines)]))
    most = max(_FEWEST_ROWS, MOST_CELLS // width)
    has_evidence = marking.has_evidence(table.start, table.end)
    first = max(
        0, min(_focused_row(marking, lines, has_evidence=has_evidence) - most // 3, len(lines) - most)
    )
    shown = lines[first : first + most]
    names = columns.names if columns and columns.labelled and not head else ()

    def row(spans: _Cells, *, is_lit: bool) -> ShownRow:
        return ShownRow(
            tuple(
                () if span is None else marking.parts(*span, first_is_evidence=has_evidence)
                for span in _fit_to_width(spans, width)
            ),
            is_lit,
        )

    return ShownTable(
        names=tuple(names[:width]),
        head=tuple(row(spans, is_lit=False) for spans in head),
        rows=tuple(
            row(_split_cells(text, columns, line), is_lit=marking.has_evidence(*line)) for line in shown
        ),
        width=width,
        before=first,
        after=len(lines) - first - len(shown),
        has_evidence=has_evidence,
    )


def _focused_row(marking: Marking, lines: Sequence[Span], *, has_evidence: bool) -> int:
    """The row that must be shown: the first with evidence, or else with a part of the quote."""
    is_wanted = marking.has_evidence if has_evidence else marking.has_quote
    return next((at for at, line in enumerate(lines) if is_wanted(*line)), 0)


def _count_columns(text: str, columns: Columns | None, line: Span) -> int:
    named = len(columns.names) if columns else 0
    return max(named, 1 if columns and columns.labelled else text.count(_SEPARATOR, *line) + 1)


def _split_cells(text: str, columns: Columns | None, line: Span) -> _Cells:
    if columns is None or not columns.labelled:
        return _split_at_separators(text, *line)
    found: _Cells = [None] * len(columns.names)
    at = 0
    for cell in cells(text, columns, *line):
        place = next((n for n in range(at, len(found)) if columns.names[n] == cell.column), None)
        if place is None:
            return _split_at_separators(text, *line)
        # With its name, which is a part of the text.
        found[place] = cell.start, cell.end
        at = place + 1
    return found


def _split_at_separators(text: str, start: int, end: int) -> _Cells:
    found: _Cells = []
    for part in text[start:end].split(_SEPARATOR):
        words = part.strip()
        first = start + len(part) - len(part.lstrip())
        found.append((first, first + len(words)) if words else None)
        start += len(part) + 1
    return found


def _fit_to_width(spans: _Cells, width: int) -> _Cells:
    """Make as many cells as there are columns; the last has the rest of a longer row."""
    if len(spans) <= width:
        return spans + [None] * (width - len(spans))
    rest = [span for span in spans[width - 1 :] if span is not None]
    return [*spans[: width - 1], (rest[0][0], rest[-1][1]) if rest else None]
