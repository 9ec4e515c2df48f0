"""Choose the rows, lines of column names and cells of tables that are marked as the answer.

Column names are marked only if the question asks for them, as "In which year ...?" does; then they stand
first. Of a row that answers, its answering cells are those of the columns that the question names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from index.answers import Evidence, Reading
from index.citations import parse_locator
from index.records import VersionRecord
from index.search.ranges import Range, amounts_in, read_ranges
from index.search.tables.asked import Asked
from index.search.tables.figures import is_period
from index.search.tables.grid import Grid, Row, grid_of
from index.search.tables.item_rows import asks_for_items, item_rows
from index.search.tables.operations import asks_for_period, measures_of
from index.search.tables.prices import price_words
from index.search.tables.row_conditions import has_amount
from index.search.tables.row_names import is_name, name_column, names_only
from index.text.days import days_asked, days_of
from index.text.sentences import Span
from index.text.tables import cells_between, table_at
from index.types import Block, Cell

_OF_ITEMS = 0.5
"""Least probability of rows that are the items asked for."""
_OF_READ = 0.9
"""Least probability of a row in which a computed value stands."""
_FEW = 3
"""Most rows whose labels differ by their measures alone."""
_LONGEST_CAPTION = 100
_MEASURE = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)?(?:\s?-?[^\W\d]{1,3}\b|\s?%)?")
_OF_RANGES = (
    "old give get take pay need receive work worked employ employed serve served somebody someone person"
)
"""Words of a question for an amount in a range that say whose it is, or that it is asked for."""
_TELLS_NOTHING = re.compile(r"[-–—]+|n\s?/\s?a", re.IGNORECASE)
_LEAST_SHARE = 0.5
"""Least share of a column's name that a question has to name it."""


def light_names(
    lit: Sequence[Evidence], asked: Asked, text: str, tables: Sequence[Block], *, most: int
) -> tuple[Evidence, ...]:
    """Put the line of column names first if the question asks for a year, and the best sentence names none.

    ``text`` is the whole text.
    """
    if not lit or not asks_for_period(asked.text):
        return tuple(lit)
    best = lit[0]
    inside = [one for one in tables if one.start <= best.start < one.end]
    if not inside and is_period(text[best.start : best.end]):
        return tuple(lit)
    named = [row for one in inside or tables for row in grid_of(text, one).heads if _periods(text, row)]
    if not named:
        return tuple(lit)
    head = max(named, key=lambda row: (len(_periods(text, row)), row.start))
    cells = tuple(Cell(*span, "", "") for _, span in sorted(head.cells.items()))
    years = tuple(cell for cell in cells if is_period(text[cell.start : cell.end]))
    return (Evidence(head.start, head.end, best.score, cells, years), *lit)[:most]


def light_items(
    lit: Sequence[Evidence], asked: Asked, text: str, tables: Sequence[Block], *, most: int
) -> tuple[Evidence, ...]:
    """Put rows first that are the items which the question asks for, as one span from the first to the last.

    ``text`` is the whole text.
    """
    for table in tables if asks_for_items(asked.text) else ():
        rows = item_rows(asked, text, grid_of(text, table))
        if rows:
            span = rows[0].start, rows[-1].end
            best = max([_OF_ITEMS, *(one.score for one in lit)])
            labels = tuple(Cell(*row.first, text[slice(*row.first)], "") for row in rows)
            others = [one for one in lit if not (span[0] <= one.start and one.end <= span[1])]
            return (Evidence(*span, best, labels, labels), *others)[:most]
    return tuple(lit)


def _periods(text: str, row: Row) -> list[Span]:
    return [span for span in row.cells.values() if is_period(text[span[0] : span[1]])]


def light_reading(
    lit: Sequence[Evidence], reading: Reading | None, version: VersionRecord, within: Span, *, most: int
) -> tuple[Evidence, ...]:
    """Put the rows first in which a computed value stands; other rows of that table are not marked."""
    if reading is None or not reading.rows or reading.document_id != version.document_id:
        return tuple(lit)
    spans = [(one.start, one.end) for one in map(parse_locator, reading.rows)]
    best = max([_OF_READ, *(one.score for one in lit)])
    values = [Cell(one.start, one.end, one.row, one.column) for one in reading.cells if one.is_value]
    found = [
        Evidence(start, end, best, answering=_between(values, start, end))
        for start, end in spans
        if within[0] <= start and end <= within[1]
    ]
    return tuple(found[:most]) if found else tuple(one for one in lit if not one.cells)


def _between(cells: Sequence[Cell], start: int, end: int) -> tuple[Cell, ...]:
    return tuple(cell for cell in cells if start <= cell.start and cell.end <= end)


def with_cells(
    lit: Sequence[Evidence], asked: Asked, text: str, tables: Sequence[Block]
) -> tuple[Evidence, ...]:
    """Return the evidence with the cells of its rows and those that answer. ``text`` is the whole text."""
    return tuple(
        replace(
            one,
            cells=(cells := tuple(cells_between(text, tables, one.start, one.end))),
            answering=one.answering or answering_cells(cells, asked, text),
        )
        if not one.cells
        else one
        for one in lit
    )


def answering_cells(cells: Sequence[Cell], asked: Asked, text: str) -> tuple[Cell, ...]:
    """The cells of a row in the columns that the question names; the only cell beside the label, if it is.

    Words that all columns share tell none of them apart. Of a row whose figure the question has, its label
    answers: "Which item was 12,640?". Of one whose name stands behind a code, other cells may.
    """
    words = {cell: text[cell.start : cell.end] for cell in cells}
    labels = [cell for cell in cells if words[cell] == cell.row]
    values = [cell for cell in cells if cell not in labels]
    if labels and not asked.names(labels[0].row):
        said = [cell for cell in values if asked.names(words[cell])]
        if any(is_name(words[cell]) for cell in said):
            others = _of_columns([cell for cell in values if cell not in said], cells, asked)
            is_asked = is_name(labels[0].row) or asked.names(labels[0].column)
            return others or ((labels[0],) if is_asked else ())
        if said:
            return (labels[0],)
        if not is_name(labels[0].row):
            values = list(cells)  # "13:30 | Workshop: maps" answers when the workshop is
    return _of_columns(values, cells, asked)


def _of_columns(values: Sequence[Cell], cells: Sequence[Cell], asked: Asked) -> tuple[Cell, ...]:
    """The cells among the ``values`` of a row in the columns that the question names; or the only one."""
    if len(values) == 1:
        return tuple(values)
    days, _ = days_asked(asked.text)
    if days and (of_day := [cell for cell in values if _is_of(days, cell, cells)]):
        return tuple(of_day)
    measures = asked.words(" ".join(measures_of(asked.text)))
    own = [frozenset(asked.hashes(cell.column)) for cell in values]
    common = frozenset.intersection(*own) if own else frozenset()
    rated = [
        (_named_share(terms - common, asked, measures), terms & asked.terms, cell)
        for terms, cell in zip(own, values, strict=True)
    ]
    best = max((share for share, *_ in rated), default=0.0)
    if best < _LEAST_SHARE:
        # "Members" beside "Non-members", "With breakfast" beside "Without breakfast".
        said = [asked.words(cell.column) for cell in values]
        plain = [cell for words, cell in zip(said, values, strict=True) if words and words <= common]
        return tuple(plain) if len(plain) == 1 and asked.names(plain[0].column) else ()
    found = [(terms, cell) for share, terms, cell in rated if share == best]
    # "Half day" rather than "Day", where both are asked for.
    return tuple(cell for terms, cell in found if not any(terms < other for other, _ in found))


def _is_of(days: frozenset[int], cell: Cell, cells: Sequence[Cell]) -> bool:
    """Whether the column of one of the cells of a row is of these days."""
    return days <= (days_of(cell.column, (one.column for one in cells)) or frozenset())


def _named_share(terms: frozenset[int], asked: Asked, measures: frozenset[int]) -> float:
    """The share of a column's own words that the question has; a measure that it asks for counts as half."""
    share = len(terms & asked.terms) / len(terms) if terms else 0.0
    return max(share, _LEAST_SHARE if terms & measures else 0.0)


def is_named(one: Evidence, asked: Asked, text: str, above: str, tables: Sequence[Block] = ()) -> bool:
    """Whether the question names a row and the column of the cell that answers, and says nothing else.

    A row is named by its label, by the label without its measures where few rows have it ("Trailer 750 kg")
    or without what follows a comma ("Student, with card"), by words of its name that no other row has, or by
    an amount that is in its range; the column need not be clear then. ``above`` are the title and headings;
    its words, and those by which the question asks, may be in it, too, or in the short line above the table.
    """
    if not one.cells:
        return False
    amounts = [amount for amount in amounts_in(asked.text) if _is_of_range(one, amount, text)]
    if not amounts and not one.answering:
        return False
    table = table_at(tables, one.start)
    said = [above, text[one.start : one.end], *(f"{cell.column} {cell.row}" for cell in one.cells)]
    said += [_caption(text, table)] if table is not None else []
    days, words = days_asked(asked.text)
    if days and any(_is_of(days, cell, one.cells) for cell in one.answering):
        said.append(words)
    said += _equal_amounts(one.cells[0].row, asked)
    said += [price_words(asked.text, cell.column) for cell in one.answering]
    if amounts:
        said += [_OF_RANGES, *(asked.text[amount.start : amount.end] for amount in amounts)]
    if not asked.terms - asked.idle <= frozenset(asked.hashes("\n".join(said))):
        return False
    return bool(amounts) or asked.names(one.cells[0].row) or _is_named_among(one, asked, text, table)


def _is_named_among(one: Evidence, asked: Asked, text: str, table: Block | None) -> bool:
    """Whether the question names a row beside the others of its table, which are all read for that."""
    if table is None:
        return False
    grid = grid_of(text, table)
    return _is_bare_name(one, asked, text, grid) or _is_only_name(one, asked, text, grid)


def _equal_amounts(label: str, asked: Asked) -> list[str]:
    """The amounts of the question that a label has in another form: "6 metres" of "Tower 6 m"."""
    amounts = amounts_in(asked.text)
    told = {(one.unit, one.least, one.most) for one in read_ranges(label)} if amounts else set()
    return [asked.text[one.start : one.end] for one in amounts if (one.unit, one.least, one.most) in told]


def _caption(text: str, table: Block) -> str:
    """The short line above a table; empty where it is longer, or stands in a paragraph."""
    lines = text[max(0, table.start - 2 * _LONGEST_CAPTION) : table.start].rstrip().rsplit("\n", 2)
    is_alone = len(lines) < 2 or not lines[-2].strip()
    return lines[-1] if is_alone and len(lines[-1]) <= _LONGEST_CAPTION else ""


def _is_of_range(one: Evidence, amount: Range, text: str) -> bool:
    return any(
        has_amount([amount], text[cell.start : cell.end], cell.column, at)
        for at, cell in enumerate(one.cells)
    )


def _is_bare_name(one: Evidence, asked: Asked, text: str, grid: Grid) -> bool:
    """Whether the question has a label without its measures, which at most a few rows share.

    Without what follows a comma, no other row may have it: "Hotel, outside London" is not any hotel.
    """
    bare = _bare(one.cells[0].row)
    if bare == one.cells[0].row or not asked.names(bare):
        return False
    alike = sum(_bare(text[slice(*row.first)]) == bare for row in grid.rows)
    return alike <= (1 if "," in one.cells[0].row else _FEW)


def _is_only_name(one: Evidence, asked: Asked, text: str, grid: Grid) -> bool:
    """Whether the question names a row by words of its name that no other row of its table has."""
    rows = [{at: text[slice(*span)] for at, span in row.cells.items()} for row in grid.rows]
    own = next((at for at, row in enumerate(grid.rows) if row.start <= one.start < row.end), None)
    column = name_column(rows)
    if own is None or column is None or not is_name(name := rows[own].get(column, "")):
        return False
    others = (row.get(column, "") for at, row in enumerate(rows) if at != own)
    return names_only(asked, name, others, grid.names)


def _bare(label: str) -> str:
    return " ".join(_MEASURE.sub(" ", label.split(", ", 1)[0]).split()).casefold()


def empty_column(one: Evidence, asked: Asked, text: str, tables: Sequence[Block]) -> str:
    """The name of the column that the question asks for of a row whose cell there is empty; "" if none is.

    A cell with a dash or "n/a" is empty, too. The column is the one whose name the question has more words of
    than of any other: "Half day" rather than "Day".
    """
    table = table_at(tables, one.start)
    columns = table.columns if table is not None else None
    if columns is None or not one.cells or asked.share(one.cells[0].row) < _LEAST_SHARE:
        return ""
    taken = asked.words(one.cells[0].row)
    asked_of = {name: len(asked.words(name) - taken) for name in columns.names[1:] if asked.names(name)}
    best = max(asked_of.values(), default=0)
    named = [name for name, count in asked_of.items() if count == best]
    is_filled = any(
        cell.column in named and not _TELLS_NOTHING.fullmatch(text, cell.start, cell.end)
        for cell in one.cells
    )
    return "" if is_filled or not best else named[0]
