"""Carry out an operation on the cells of one table: choose its column and rows, and read the figures.

Everything that the question says must be accounted for: by the names of columns, the labels of rows, the
title, the headings and the caption of the table, or by the operation. A word that is not is a condition that
would be missed, so nothing is computed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from index.search.tables.asked import Asked
from index.search.tables.figures import Figures, NotFigures, figures_of, is_period, with_unit
from index.search.tables.grid import Grid, Row
from index.search.tables.operations import (
    Operation,
    OperationName,
    asks_for_period,
    is_total,
    measures_of,
    tells_time,
)
from index.search.tables.years import Years, is_from_to, year_of, years_of
from index.text.sentences import Span

MOST_CELLS = 1000
"""Most cells of one column that are read: each is cited."""
_IN_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_ASKS_FOR_FIGURE = re.compile(
    r"\bhow (?:high|much|many|long|tall|big|old|large|deep|wide|heavy|fast|expensive)\b", re.IGNORECASE
)
_ASKS_FOR_LABEL = re.compile(r"\b(?:which|who|whose)\b", re.IGNORECASE)
_MOST_SHOWN = 1500
"""Most code points of rows that are shown together."""
_UNCLEAR_MARK = "Whether a point or a comma separates decimals is not clear."
_UNCLEAR_SIGN = "Some figures are negative, and the order by value is not that by amount."
_MANY_NUMBERS = 0.5
"""Share of numbers among the cells of a column of figures."""


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
    return _Computation(operation, asked, text, grid, context).result()


@dataclass(slots=True)
class _Computation:
    """One operation on one table."""

    operation: Operation
    asked: Asked
    text: str
    grid: Grid
    context: str
    known: frozenset[int] = frozenset()
    names: list[frozenset[int]] = field(default_factory=list)

    def result(self) -> Computed | None:
        operation, asked = self.operation, self.asked.terms
        words = self.asked.words
        self.known = words(self.context) | self.asked.idle | words(operation.words)
        self.names = [words(_IN_BRACKETS.sub(" ", name)) or words(name) for name in self.grid.names]
        named = self._named_rows()
        if operation.name not in ("higher", "lower"):
            years = years_of(self.asked.text)
            if years and not self._is_in_context(years):
                return self._within(years, named)
            if len(named) > 1 and is_from_to(self.asked.text):
                return None  # what lies between them is not known
        if asks_for_period(self.asked.text) and operation.name != "count" and len(named) == 1:
            return self._across(named[0])
        if len(named) == 1 or not any(self.names):
            return None
        if operation.name == "count":
            return self._count_rows(asked) or self._count(asked)
        return self._compare(named, self._label_column())

    def _is_in_context(self, years: Years) -> bool:
        """Whether the title or the headings name these years, and no row or column is of one year."""
        names = [*self.grid.names, *(self._label(row) for row in self.grid.rows)]
        is_said = all(str(year) in self.context for year in years.ends)
        return bool(years.ends) and is_said and not any(map(year_of, names))

    def _within(self, years: Years, named: Sequence[Row]) -> Computed | None:
        """The operation on the rows, or the columns, of the years that the question is about."""
        column = self._year_column()
        if column is None:
            is_across = len(named) == 1 and asks_for_period(self.asked.text)
            return self._across(named[0], years) if is_across else None
        if self.operation.name == "count":
            return None
        label = column if asks_for_period(self.asked.text) else self._label_column()
        rows = [row for row in self._plain_rows(label) if self._year(row, column) in years]
        if column:
            rows = [row for row in rows if not named or row in named]
        measure = self._measure(rows, label, are_named=True, but=column)
        if measure is None or not {self._year(row, column) for row in rows}.issuperset(years.ends):
            return None
        said = [years.words, self.grid.name(column), *(self._label(row) for row in named)]
        accounted = self._accounted(rows, rows, measure, label) | self.asked.words("\n".join(said))
        if self.asked.terms - accounted:
            return None
        conditions = [] if column == label else [(row, column) for row in rows]
        return self._down(rows, measure, label, conditions)

    def _year_column(self) -> int | None:
        """The column that says of what year each row is: the first one, or the only other one with years."""
        rows = [row for row in self.grid.rows if not is_total(self._label(row))]
        found = [
            at
            for at in range(max(1, len(self.names)))
            if (at == 0 or tells_time(self.grid.name(at))) and all(self._year(row, at) for row in rows)
        ]
        return found[0] if found and (found[0] == 0 or len(found) == 1) else None

    def _year(self, row: Row, column: int) -> int | None:
        return year_of(self._cell(row, column))

    def _compare(self, named: Sequence[Row], label: int) -> Computed | None:
        """The operation on the ``named`` rows, or on all where none is named."""
        rows = named or self._plain_rows(label)
        measure = self._measure(rows, label, are_named=bool(named))
        if measure is None:
            return None
        missing = self.asked.terms - self._accounted(rows, named, measure, label)
        if not missing:
            return self._down(rows, measure, label, [])
        found = None if named else self._condition(rows, missing, {label, measure})
        if found is None:
            return None
        column, rows = found
        return self._down(rows, measure, label, [(row, column) for row in rows])

    def _accounted(
        self, rows: Sequence[Row], named: Sequence[Row], measure: int, label: int
    ) -> frozenset[int]:
        """The words of the question that the table, its title and the operation account for."""
        words = self.asked.words
        groups = {row.group for row in rows if row.group and self._is_group_asked(row.group)}
        said = [*self.operation.measures, self.grid.name(measure), self.grid.name(label)]
        said += [self._label(row) for row in named]
        said += [self.text[slice(*group)] for group in groups]
        return self.known | words("\n".join(said))

    def _cell(self, row: Row, column: int) -> str:
        span = row.cells.get(column)
        return self.text[span[0] : span[1]] if span else ""

    def _label(self, row: Row) -> str:
        return self._cell(row, 0) if self.grid.heads else self._cell(row, min(row.cells))

    def _named_rows(self) -> list[Row]:
        """The rows of whose labels the question has all words, without those that a longer label contains."""
        found: list[tuple[frozenset[int], Row]] = []
        headings = frozenset[int]().union(*self.names)
        for row in self.grid.rows:
            label = self._label(row)
            terms = self.asked.words(_IN_BRACKETS.sub(" ", label)) or self.asked.words(label)
            if terms and terms <= self.asked.terms and not terms <= headings | self.known:
                found.append((terms, row))
        longest = [(terms, row) for terms, row in found if not any(terms < other for other, _ in found)]
        by_group = [row for _, row in longest if row.group and self._is_group_asked(row.group)]
        return by_group if by_group and len(by_group) < len(longest) else [row for _, row in longest]

    def _is_group_asked(self, group: Span) -> bool:
        terms = self.asked.words(self.text[group[0] : group[1]])
        return bool(terms) and terms <= self.asked.terms

    def _label_column(self) -> int:
        """The column that says what each row is: one that the question names, of words, else the first."""
        for column, terms in enumerate(self.names):
            if terms and terms <= self.asked.terms and not self._is_numeric(column):
                return column
        return 0

    def _plain_rows(self, label: int) -> list[Row]:
        """The rows without totals; those of one group if the question names it."""
        rows = [
            row
            for row in self.grid.rows
            if label in row.cells and not any(is_total(self._cell(row, at)) for at in {0, label})
        ]
        grouped = [row for row in rows if row.group and self._is_group_asked(row.group)]
        return grouped or rows

    def _is_numeric(self, column: int) -> bool:
        cells = [self._cell(row, column) for row in self.grid.rows[:100] if column in row.cells]
        numbers = sum(isinstance(figures_of([cell]), Figures) for cell in cells)
        return numbers > _MANY_NUMBERS * len(cells)

    def _measure(
        self, rows: Sequence[Row], label: int, *, are_named: bool, but: int | None = None
    ) -> int | None:
        """The column of figures that the question is about; None if none is, or several are.

        A column that only has a year for a name is one of figures of many kinds: those of rows that the
        question names are compared, but not all.
        """
        operation, asked = self.operation, self.asked.terms
        numeric = [at for at in range(len(self.names)) if at not in (label, but) and self._is_numeric(at)]
        if operation.name in ("first", "last"):
            numeric = [at for at in numeric if self._is_dated(rows, at)]
        rated = []
        for at in numeric:
            shared = self.names[at] & asked
            is_named = 2 * len(shared) >= len(self.names[at]) and shared
            if is_named and (are_named or not all(map(is_period, self._shared_words(at)))):
                rated.append(((len(shared), len(shared) / len(self.names[at])), at))
        if not rated:
            measures = self.asked.words(" ".join(operation.measures + measures_of(self.asked.text)))
            rated = [((1, 1.0), at) for at in numeric if self.names[at] & measures]
        rated.sort(reverse=True)
        if not rated or (len(rated) > 1 and rated[0][0] == rated[1][0]):
            return None
        return rated[0][1]

    def _shared_words(self, column: int) -> list[str]:
        words = self.grid.name(column).split()
        return [word for word in words if self.asked.words(word) & self.asked.terms]

    def _is_dated(self, rows: Sequence[Row], column: int) -> bool:
        found = figures_of([self._cell(row, column) for row in rows if column in row.cells])
        return isinstance(found, Figures) and found.kind == "date"

    def _condition(
        self, rows: Sequence[Row], missing: frozenset[int], but: set[int]
    ) -> tuple[int, list[Row]] | None:
        """The only column whose cells have the missing words, with the rows that have them."""
        found = []
        for column in range(len(self.names)):
            if column in but or self._is_numeric(column):
                continue
            some = [row for row in rows if missing <= self.asked.words(self._cell(row, column))]
            if some:
                found.append((column, some))
        return found[0] if len(found) == 1 else None

    def _down(
        self, rows: Sequence[Row], measure: int, label: int, conditions: Sequence[tuple[Row, int]]
    ) -> Computed | None:
        """The operation on the cells of one column."""
        operation = self.operation
        used = [*((row, measure) for row in rows), *conditions]
        name = self.grid.name(measure)
        if len(rows) > MOST_CELLS:
            return self._declined(used[:MOST_CELLS], name, f"The column has more than {MOST_CELLS:,} cells.")
        if operation.name == "total":
            return self._total(rows, measure, used)
        if not rows or (operation.name in ("higher", "lower") and len(rows) != 2):
            return None
        labels = [self._cell(row, label) for row in rows]
        for_label = self._asks_for_label(measure)
        # Several rows for one of what is asked for would have to be added first.
        are_repeated = len({one.casefold() for one in labels}) < len(labels)
        if for_label and (are_repeated or not self._is_one_column(label)):
            return None
        best = self._best([self._cell(row, measure) for row in rows])
        if isinstance(best, str):
            return self._declined(used, name, best)
        found = [rows[at] for at in best]
        values = [self._cell(row, label if for_label else measure) for row in found]
        answering = [row.cells[label if for_label else measure] for row in found]
        lines = [(row.start, row.end) for row in found]
        return Computed(operation.name, ", ".join(dict.fromkeys(values)), "", name, used, answering, lines)

    def _is_one_column(self, column: int) -> bool:
        """Whether it is one, and not two that a page joined: its name is a word, or wholly asked for."""
        if not self.grid.is_drawn:
            return True
        return len(self.grid.name(column).split()) < 2 or self.asked.names(self.grid.name(column))

    def _asks_for_label(self, measure: int) -> bool:
        """Whether the answer is what a row is about, and not its figure."""
        if _ASKS_FOR_FIGURE.search(self.asked.text):
            return False
        is_comparison = self.operation.name in ("higher", "lower")
        is_named = bool(self.names[measure] & self.asked.terms)
        return is_comparison or not is_named or _ASKS_FOR_LABEL.search(self.asked.text) is not None

    def _across(self, row: Row, years: Years | None = None) -> Computed | None:
        """The operation on the cells of one row, in the columns of periods, or of these ``years`` alone."""
        operation, asked = self.operation, self.asked.terms
        if operation.name not in ("highest", "lowest", "higher", "lower"):
            return None
        words, label = self.asked.words, self._label(row)
        columns = [at for at in range(1, len(self.names)) if is_period(self.grid.name(at))]
        common = frozenset.intersection(*(self.names[at] for at in columns)) if columns else frozenset()
        named = [at for at in columns if self.names[at] - common and self.names[at] - common <= asked]
        if years:
            columns = [at for at in columns if year_of(self.grid.name(at)) in years]
            if not {year_of(self.grid.name(at)) for at in columns}.issuperset(years.ends):
                return None
        elif len(named) > 1:
            columns = named
        own = [self._own_name(at, row) for at in columns]
        accounted = self.known | words(label) | words("year period quarter month date fiscal financial FY")
        accounted = accounted.union(*(self.names[at] for at in columns))
        accounted |= words(years.words) if years else frozenset()
        if row.group:
            accounted |= words(self.text[slice(*row.group)])
        if asked - accounted or len(columns) < 2 or len(set(own)) < len(own):
            return None
        used = [(row, at) for at in columns]
        best = self._best([self._cell(row, at) for at in columns])
        if isinstance(best, str):
            return self._declined(used, label, best)
        found = [columns[at] for at in best]
        answering = [span for at in found if (span := self._period_span(at, row))]
        heads = [(one.start, one.end) for one in self.grid.heads if set(answering) & set(one.cells.values())]
        value = ", ".join(self._own_name(at, row) for at in found)
        return Computed(operation.name, value, "", label, used, answering, [*heads, (row.start, row.end)])

    def _period_span(self, column: int, row: Row) -> Span | None:
        return self.grid.named_at(column, row, lambda span: is_period(self.text[span[0] : span[1]]))

    def _own_name(self, column: int, row: Row) -> str:
        span = self._period_span(column, row)
        return self.text[span[0] : span[1]] if span else self.grid.name(column)

    def _best(self, cells: Sequence[str]) -> list[int] | str:
        """The places of the best cells by the operation, or why there are none."""
        found = figures_of(cells)
        if isinstance(found, NotFigures):
            return _reason(found, cells)
        operation = self.operation
        takes_most = operation.name in ("highest", "higher", "last")
        best: list[int] | None = None
        for values in (*found.readings, *self._by_amount(found)):
            ranked = sorted(set(values), reverse=takes_most)
            if len(ranked) < operation.nth:
                return "There are not so many different values."
            one = [at for at, value in enumerate(values) if value == ranked[operation.nth - 1]]
            if best not in (None, one):
                return _UNCLEAR_SIGN if len(found.readings) == 1 else _UNCLEAR_MARK
            best = one
        return best or "There is no cell."

    def _by_amount(self, found: Figures) -> list[list[Decimal]]:
        """The figures without their signs, which must give the same where the question may mean amounts.

        The larger of two losses may be either; the highest of a loss and a profit is the profit.
        """
        values = found.readings[0]
        is_by_value = self.operation.words.strip().lower() in (
            "highest",
            "lowest",
            "higher",
            "lower",
        )
        if is_by_value and any(value >= 0 for value in values):
            return []
        return [[abs(value) for value in values] for values in found.readings]

    def _total(self, rows: Sequence[Row], measure: int, used: Sequence[tuple[Row, int]]) -> Computed | None:
        """The sum of a column; None if the table has a total, which is then the answer."""
        if any(is_total(self._label(row)) or 0 not in row.cells for row in self.grid.rows):
            return None
        cells, name = [self._cell(row, measure) for row in rows], self.grid.name(measure)
        found = figures_of(cells, may_be_years=tells_time(name))
        if isinstance(found, NotFigures):
            return self._declined(used, name, _reason(found, cells))
        if found.kind == "date" or found.unit == "%":
            return self._declined(used, name, "Dates and percentages are not added.")
        if len(found.readings) > 1:
            return self._declined(used, name, _UNCLEAR_MARK)
        total = sum(found.readings[0], Decimal(0))
        value = f"{total:,.{found.places}f}" if found.grouped else f"{total:.{found.places}f}"
        return Computed("total", with_unit(value, found.unit), "", name, used, (), self._together(rows))

    def _count_rows(self, asked: frozenset[int]) -> Computed | None:
        """How many rows there are, where the table says what each is, and the question asks for that."""
        rows, counted = self.grid.rows, self.asked.words(self.operation.target)
        if not counted or counted != self.asked.words(self.grid.of) or asked - self.known - counted:
            return None
        used = [(row, min(row.cells)) for row in rows[:MOST_CELLS]]
        return Computed("count", str(len(rows)), "", self.grid.of, used, (), self._together(rows))

    def _count(self, asked: frozenset[int]) -> Computed | None:
        """How many different cells the column has that names what is counted."""
        counted = self.asked.words(self.operation.target)
        columns = [at for at, terms in enumerate(self.names) if terms and terms <= counted]
        if len(columns) != 1 or self._is_numeric(columns[0]):
            return None
        (column,) = columns
        accounted = self.known | self.names[column] | self.asked.words(self.grid.name(column))
        if asked - accounted:
            return None
        rows = [row for row in self.grid.rows if not is_total(self._label(row))]
        used, name = [(row, column) for row in rows if column in row.cells], self.grid.name(column)
        if len(used) < len(rows):
            return self._declined(used, name, "A row has no such cell.")
        if len(used) > MOST_CELLS:
            return self._declined(used[:MOST_CELLS], name, f"The column has more than {MOST_CELLS:,} cells.")
        values = {self._cell(row, column).casefold() for row in rows}
        return Computed("count", str(len(values)), "", name, used, (), self._together(rows))

    def _together(self, rows: Sequence[Row]) -> list[Span]:
        """The spans of the rows, neighbours as one; of the first row alone if they are long."""
        places = {row.start: number for number, row in enumerate(self.grid.rows)}
        runs: list[list[Row]] = []
        for row in rows:
            if runs and places[row.start] == places[runs[-1][-1].start] + 1:
                runs[-1].append(row)
            else:
                runs.append([row])
        spans = [(run[0].start, run[-1].end) for run in runs]
        is_short = sum(end - start for start, end in spans) <= _MOST_SHOWN
        return spans if is_short else [(rows[0].start, rows[0].end)]

    def _declined(self, used: Sequence[tuple[Row, int]], measure: str, reason: str) -> Computed:
        return Computed(self.operation.name, "", reason, measure, used)


def _reason(found: NotFigures, cells: Sequence[str]) -> str:
    cell = cells[found.at]
    if found.reason == "mixed_units":
        return f"The units differ: “{cell}”."
    return f"“{cell}” is no number." if cell else "A cell is empty."
