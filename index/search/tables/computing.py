"""Carry out an operation on the cells of one table: on its column, or across a row.

Everything that the question says must be accounted for: by the names of columns, the labels of rows, the
title, the headings and the caption of the table, or by the operation. A word that is not is a condition that
would be missed, so nothing is computed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from index.search.tables.asked import Asked
from index.search.tables.extremes import UNCLEAR_MARK, best_cells, reason
from index.search.tables.figures import NotFigures, figures_of, is_period, with_unit
from index.search.tables.grid import Grid, Row
from index.search.tables.operations import (
    Operation,
    OperationName,
    asks_for_period,
    is_total,
    tells_time,
)
from index.search.tables.prices import KINDS, asks_price
from index.search.tables.selection import Selection
from index.search.tables.timetables import Timetable
from index.search.tables.years import Years, is_from_to, year_of, years_of
from index.text.sentences import Span

MOST_CELLS = 1000
"""Most cells of one column that are read: each is cited."""
_ASKS_FOR_FIGURE = re.compile(
    r"\bhow (?:high|much|many|long|tall|big|old|large|deep|wide|heavy|fast|expensive)\b", re.IGNORECASE
)
_ASKS_FOR_LABEL = re.compile(r"\b(?:which|who|whose)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Computed:
    """The outcome of an operation. ``value`` is empty if it was declined, for the ``reason``.

    ``used`` are all cells that were read, each with its row and the number of its column; ``answering`` are
    those that say the value, and ``lines`` the rows and lines of names that they stand in.
    """

    operation: OperationName
    value: str
    reason: str
    measure: str
    used: Sequence[tuple[Row, int]]
    answering: Sequence[Span] = ()
    lines: Sequence[Span] = ()


def compute(operation: Operation, asked: Asked, text: str, grid: Grid, context: str) -> Computed | None:
    """Carry out the question's operation on a table of the whole ``text``; None if it is not about it.

    ``context`` are the title, the headings and the caption above the table.
    """
    if len(grid.rows) < 2:
        return None
    computation = _Computation(operation, asked, Selection(operation, asked, text, grid, context))
    return computation.first_trip() or computation.result()


@dataclass(frozen=True, slots=True)
class _Computation:
    """One operation on one table."""

    operation: Operation
    asked: Asked
    table: Selection

    def first_trip(self) -> Computed | None:
        """The first or the last trip of a timetable; None if the question asks for none, or it is none."""
        found = Timetable(self.table).best()
        if found is None:
            return None
        value = self.table.cell(found.rows[0], found.column)
        answering = [row.cells[found.column] for row in found.rows]
        lines = [(row.start, row.end) for row in found.rows]
        name = self.table.grid.name(found.column)
        return Computed(self.operation.name, value, "", name, found.used, answering, lines)

    def result(self) -> Computed | None:
        operation, asked = self.operation, self.asked.terms
        named = self.table.named_rows()
        if operation.name not in ("higher", "lower"):
            years = years_of(self.asked.text)
            if years and not self.table.is_in_context(years):
                return self._within(years, named)
            if len(named) > 1 and is_from_to(self.asked.text):
                return None  # what lies between them is not known
        if asks_for_period(self.asked.text) and operation.name != "count" and len(named) == 1:
            return self._across(named[0])
        if len(named) == 1 or not any(self.table.names):
            return None
        if operation.name == "count":
            return self._count_rows(asked) or self._count(asked)
        return self._compare(named, self.table.label_column())

    def _within(self, years: Years, named: Sequence[Row]) -> Computed | None:
        """The operation on the rows, or the columns, of the years that the question is about."""
        column = self.table.year_column()
        if column is None:
            is_across = len(named) == 1 and asks_for_period(self.asked.text)
            return self._across(named[0], years) if is_across else None
        if self.operation.name == "count":
            return None
        label = column if asks_for_period(self.asked.text) else self.table.label_column()
        rows = [row for row in self.table.plain_rows(label) if self.table.year(row, column) in years]
        if column:
            rows = [row for row in rows if not named or row in named]
        measure = self.table.measure(rows, label, are_named=True, but=column)
        if measure is None or not {self.table.year(row, column) for row in rows}.issuperset(years.ends):
            return None
        said = [years.words, self.table.grid.name(column), *(self.table.label(row) for row in named)]
        accounted = self.table.accounted(rows, rows, measure, label) | self.asked.words("\n".join(said))
        if self.asked.terms - accounted:
            return None
        conditions = [] if column == label else [(row, column) for row in rows]
        return self._down(rows, measure, label, conditions)

    def _compare(self, named: Sequence[Row], label: int) -> Computed | None:
        """The operation on the ``named`` rows, or on all where none is named."""
        rows = named or self.table.plain_rows(label)
        measure = self.table.measure(rows, label, are_named=bool(named))
        if measure is None:
            return None
        rows = [row for row in rows if not self.table.is_other_rate(row, measure)]
        missing = self.asked.terms - self.table.accounted(rows, named, measure, label)
        if not missing:
            return self._down(rows, measure, label, [])
        found = None if named else self.table.condition(rows, missing, {label, measure})
        if found is None:
            return None
        column, rows = found
        return self._down(rows, measure, label, [(row, column) for row in rows])

    def _down(
        self, rows: Sequence[Row], measure: int, label: int, conditions: Sequence[tuple[Row, int]]
    ) -> Computed | None:
        """The operation on the cells of one column."""
        operation = self.operation
        used = [*((row, measure) for row in rows), *conditions]
        name = self.table.grid.name(measure)
        if len(rows) > MOST_CELLS:
            return self._declined(used[:MOST_CELLS], name, f"The column has more than {MOST_CELLS:,} cells.")
        if operation.name == "total":
            return self._total(rows, measure, used)
        if not rows or (operation.name in ("higher", "lower") and len(rows) != 2):
            return None
        labels = [self.table.cell(row, label) for row in rows]
        for_label = self._asks_for_label(measure)
        # Several rows for one of what is asked for would have to be added first.
        are_repeated = len({one.casefold() for one in labels}) < len(labels)
        if for_label and ((are_repeated and not self.table.has_keys) or not self.table.is_one_column(label)):
            return None
        best = best_cells(self.operation, [self.table.cell(row, measure) for row in rows])
        if isinstance(best, str):
            return self._declined(used, name, best)
        found = [rows[at] for at in best]
        values = [self.table.cell(row, label if for_label else measure) for row in found]
        if for_label and are_repeated:
            values = [
                f"{value} ({self.table.cell(row, 0)})" for value, row in zip(values, found, strict=True)
            ]
        answering = [row.cells[label if for_label else measure] for row in found]
        lines = [(row.start, row.end) for row in found]
        return Computed(operation.name, ", ".join(dict.fromkeys(values)), "", name, used, answering, lines)

    def _asks_for_label(self, measure: int) -> bool:
        """Whether the answer is what a row is about, and not its figure."""
        if _ASKS_FOR_FIGURE.search(self.asked.text):
            return False
        is_comparison = self.operation.name in ("higher", "lower")
        if "price" in self.operation.measures and not asks_price(self.asked.text):
            return True  # what is expensive is a thing, whatever else names the column
        is_named = bool(self.table.names[measure] & self.asked.terms)
        return is_comparison or not is_named or _ASKS_FOR_LABEL.search(self.asked.text) is not None

    def _across(self, row: Row, years: Years | None = None) -> Computed | None:
        """The operation on the cells of one row, in the columns of periods, or of these ``years`` alone."""
        operation, asked = self.operation, self.asked.terms
        if operation.name not in ("highest", "lowest", "higher", "lower"):
            return None
        words, label = self.asked.words, self.table.label(row)
        columns = [at for at in range(1, len(self.table.names)) if is_period(self.table.grid.name(at))]
        common = frozenset.intersection(*(self.table.names[at] for at in columns)) if columns else frozenset()
        named = [
            at for at in columns if self.table.names[at] - common and self.table.names[at] - common <= asked
        ]
        if years:
            columns = [at for at in columns if year_of(self.table.grid.name(at)) in years]
            if not {year_of(self.table.grid.name(at)) for at in columns}.issuperset(years.ends):
                return None
        elif len(named) > 1:
            columns = named
        own = [self.table.own_name(at, row) for at in columns]
        accounted = (
            self.table.known | words(label) | words("year period quarter month date fiscal financial FY")
        )
        accounted = accounted.union(*(self.table.names[at] for at in columns))
        accounted |= words(years.words) if years else frozenset()
        if row.group:
            accounted |= words(self.table.text[slice(*row.group)])
        if asked - accounted or len(columns) < 2 or len(set(own)) < len(own):
            return None
        used = [(row, at) for at in columns]
        best = best_cells(self.operation, [self.table.cell(row, at) for at in columns])
        if isinstance(best, str):
            return self._declined(used, label, best)
        found = [columns[at] for at in best]
        answering = [span for at in found if (span := self.table.period_span(at, row))]
        heads = [
            (one.start, one.end) for one in self.table.grid.heads if set(answering) & set(one.cells.values())
        ]
        value = ", ".join(self.table.own_name(at, row) for at in found)
        return Computed(operation.name, value, "", label, used, answering, [*heads, (row.start, row.end)])

    def _total(self, rows: Sequence[Row], measure: int, used: Sequence[tuple[Row, int]]) -> Computed | None:
        """The sum of a column; None if the table has a total, which is then the answer."""
        if any(is_total(self.table.label(row)) or 0 not in row.cells for row in self.table.grid.rows):
            return None
        cells, name = [self.table.cell(row, measure) for row in rows], self.table.grid.name(measure)
        found = figures_of(cells, may_be_years=tells_time(name))
        if isinstance(found, NotFigures):
            return self._declined(used, name, reason(found, cells))
        if found.kind == "date" or found.unit == "%":
            return self._declined(used, name, "Dates and percentages are not added.")
        if len(found.readings) > 1:
            return self._declined(used, name, UNCLEAR_MARK)
        total = sum(found.readings[0], Decimal(0))
        value = f"{total:,.{found.places}f}" if found.grouped else f"{total:.{found.places}f}"
        return Computed("total", with_unit(value, found.unit), "", name, used, (), self.table.together(rows))

    def _count_rows(self, asked: frozenset[int]) -> Computed | None:
        """How many rows there are, where the table says what each is, and the question asks for that."""
        rows, counted = self.table.grid.rows, self.asked.words(self.operation.target)
        if (
            not counted
            or counted != self.asked.words(self.table.grid.of)
            or asked - self.table.known - counted
        ):
            return None
        used = [(row, min(row.cells)) for row in rows[:MOST_CELLS]]
        return Computed("count", str(len(rows)), "", self.table.grid.of, used, (), self.table.together(rows))

    def _count(self, asked: frozenset[int]) -> Computed | None:
        """How many different cells the column has that names what is counted."""
        counted = self.asked.words(self.operation.target)
        columns = [at for at, terms in enumerate(self.table.names) if terms and terms <= counted]
        if not columns and self.table.is_of_any_kind(0) and counted & self.asked.words(KINDS):
            columns = [0]
        if len(columns) != 1 or self.table.is_numeric(columns[0]):
            return None
        (column,) = columns
        accounted = self.table.known | self.table.names[column] | self.table.label_words(column)
        rows = [row for row in self.table.grid.rows if not is_total(self.table.label(row))]
        conditions: list[tuple[Row, int]] = []
        if missing := asked - accounted:
            condition = self.table.condition(rows, missing, {column})
            if condition is None:
                return None
            rows = condition[1]
            conditions = [(row, condition[0]) for row in rows]
        used, name = [(row, column) for row in rows if column in row.cells], self.table.grid.name(column)
        if len(used) < len(rows):
            return self._declined(used, name, "A row has no such cell.")
        if len(used) > MOST_CELLS:
            return self._declined(used[:MOST_CELLS], name, f"The column has more than {MOST_CELLS:,} cells.")
        values = {self.table.cell(row, column).casefold() for row in rows}
        if conditions and len(values) < len(rows):
            return None  # several things have one name, or one thing has several rows
        together = self.table.together(rows)
        return Computed("count", str(len(values)), "", name, [*used, *conditions], (), together)

    def _declined(self, used: Sequence[tuple[Row, int]], measure: str, reason: str) -> Computed:
        return Computed(self.operation.name, "", reason, measure, used)
