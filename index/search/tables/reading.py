"""Compute what a question asks of the tables that were found, and cite every cell that is read.

A table is read as a whole, though the passages that were found may have only some of its rows. One that goes
on in a neighbouring block under the same columns is one table; where a neighbour may belong to it, nothing is
computed, because rows could be missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from index.answers import ReadCell, Reading
from index.citations import citing
from index.protocols import History, Passages
from index.records import PlacedPassage, VersionRecord
from index.search.named import name_of
from index.search.tables.asked import Asked
from index.search.tables.computing import Computed, compute
from index.search.tables.grid import Grid, Row, grid_of
from index.search.tables.operations import Operation, operation_of
from index.search.tables.records import MEDIA_TYPES, record_grids
from index.text.tables import shift_tables
from index.types import Block

_LONGEST = 200_000
"""Code points of the longest table that is read."""
_DRAWN = "application/pdf"
"""Files in which tables are recognised by the places of words."""
_CAPTION_LINES = 3
_LONGEST_CAPTION = 300


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table of a passage that was found, with the titles and headings above it."""

    version: VersionRecord
    table: Block
    section: tuple[str, ...]


def tables_of(passages: Iterable[PlacedPassage]) -> Iterator[FoundTable]:
    """The tables that passages have rows of, each once."""
    known = set[tuple[int, int]]()
    for one in passages:
        for table in one.passage.tables:
            if (place := (one.version.key, table.start)) not in known:
                known.add(place)
                yield FoundTable(one.version, table, one.passage.section)


def has_value(passage: PlacedPassage, reading: Reading) -> bool:
    """Tell if a passage has a cell in which a computed value stands, or one that was read if it has none."""
    version = passage.version
    if (version.document_id, version.number) != (reading.document_id, reading.version):
        return False
    values = [cell for cell in reading.cells if cell.is_value] or reading.cells
    return any(passage.passage.start <= cell.start < passage.passage.end for cell in values)


class TableReader:
    """Computes what one question asks."""

    def __init__(self, passages: Passages, history: History, asked: Asked) -> None:
        self._passages = passages
        self._history = history
        self._asked = asked

    def read(self, tables: Iterable[FoundTable]) -> Reading | None:
        """Compute what the question asks of the first of the tables that it is about."""
        operation = operation_of(self._asked.text)
        if operation is None:
            return None
        for found in tables:
            if (reading := self._read_one(operation, found)) is not None:
                return reading
        return None

    def _read_one(self, operation: Operation, found: FoundTable) -> Reading | None:
        blocks = self._history.structure(found.version).blocks
        if found.version.media_type in MEDIA_TYPES:
            return self._read_records(operation, found, blocks)
        place = next((at for at, one in enumerate(blocks) if one.start == found.table.start), None)
        if place is None:
            return None
        parts = _whole_table(blocks, place)
        if parts is None or parts[-1].end - parts[0].start > _LONGEST:
            return None
        above = _above(blocks, blocks.index(parts[0]))
        start = min([parts[0].start, *(one.start for one in above)])
        text = self._passages.text(found.version.text_sha256, start, parts[-1].end)
        grid = _joined([grid_of(text, one) for one in shift_tables(parts, -start)])
        grid = replace(grid, is_drawn=found.version.media_type == _DRAWN)
        captions = [text[one.start - start : one.end - start] for one in above]
        captions += [text[row.start : row.end] for row in grid.heads[:-1]]
        name = name_of(PurePosixPath(found.version.document_id).stem)
        context = "\n".join([found.version.title, name, *found.section, *captions])
        computed = compute(operation, self._asked, text, grid, context)
        return None if computed is None else _cited(computed, found.version, text, start, grid)

    def _read_records(
        self, operation: Operation, found: FoundTable, blocks: Sequence[Block]
    ) -> Reading | None:
        """Compute what the question asks of the arrays of a JSON file; prose in it could be a part."""
        length = blocks[-1].end if blocks else 0
        if length > _LONGEST or any(one.kind not in ("table", "heading") for one in blocks):
            return None
        text = self._passages.text(found.version.text_sha256, 0, length)
        stem = PurePosixPath(found.version.document_id).stem
        for array in record_grids(text, [one for one in blocks if one.kind == "table"]):
            grid = replace(array, of=array.of or stem)
            context = f"{found.version.title}\n{grid.of}"
            if (computed := compute(operation, self._asked, text, grid, context)) is not None:
                return _cited(computed, found.version, text, 0, grid)
        return None


def _whole_table(blocks: Sequence[Block], place: int) -> list[Block] | None:
    """The blocks of a table, neighbours with its columns; None if one may be a part without their names."""
    columns = blocks[place].columns
    if columns is None:
        return None
    first = last = place
    while first and _continues(blocks[first - 1], columns.names):
        first -= 1
    while last + 1 < len(blocks) and _continues(blocks[last + 1], columns.names):
        last += 1
    beside = [*blocks[max(0, first - 1) : first], *blocks[last + 1 : last + 2]]
    if any(one.kind == "table" and one.columns is None for one in beside):
        return None
    return list(blocks[first : last + 1])


def _continues(block: Block, names: Sequence[str]) -> bool:
    return block.kind == "table" and block.columns is not None and tuple(block.columns.names) == tuple(names)


def _above(blocks: Sequence[Block], place: int) -> list[Block]:
    """The short paragraphs and the heading right above a table."""
    found: list[Block] = []
    for one in reversed(blocks[max(0, place - _CAPTION_LINES) : place]):
        if one.kind not in ("paragraph", "heading") or one.end - one.start > _LONGEST_CAPTION:
            break
        found.insert(0, one)
        if one.kind == "heading":
            break
    return found


def _joined(grids: Sequence[Grid]) -> Grid:
    return replace(grids[0], rows=[row for grid in grids for row in grid.rows])


def _cited(computed: Computed, version: VersionRecord, text: str, at: int, grid: Grid) -> Reading:
    """The reading with locators; ``text`` begins at offset ``at`` of the version's text."""

    def locator(start: int, end: int) -> str:
        return citing.locator_of(version, at + start, at + end)

    def cell(start: int, end: int, row: Row, column: int) -> ReadCell:
        label = text[slice(*row.first)]
        is_value = (start, end) in computed.answering
        return ReadCell(
            locator(start, end), text[start:end], at + start, at + end, label, grid.name(column), is_value
        )

    spans = {row.cells[column]: (row, column) for row, column in computed.used if column in row.cells}
    for row in {row.start: row for row, _ in computed.used}.values():  # the labels in which the value stands
        spans |= {span: (row, column) for column, span in row.cells.items() if span in computed.answering}
    for row in grid.heads:
        spans |= {span: (row, column) for column, span in row.cells.items() if span in computed.answering}
    return Reading(
        computed.operation,
        computed.value,
        computed.reason,
        computed.measure,
        version.document_id,
        version.number,
        tuple(cell(*span, row, column) for span, (row, column) in spans.items()),
        tuple(locator(*span) for span in computed.lines),
    )
