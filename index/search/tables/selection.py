"""Select the column and the rows of a table that a question is about, and account for its words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from index.search.tables.asked import Asked
from index.search.tables.figures import Figures, figures_of, is_period
from index.search.tables.grid import Grid, Row
from index.search.tables.operations import Operation, is_total, measures_of, tells_time
from index.search.tables.prices import KINDS, is_rate_of_other, price_words, spans_asked
from index.search.tables.row_conditions import truth
from index.search.tables.years import Years, year_of
from index.text.sentences import Span

_IN_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_MOST_SHOWN = 1500
"""Most code points of rows that are shown together."""
_MANY_NUMBERS = 0.5
"""Share of numbers among the cells of a column of figures."""


@dataclass
class Selection:
    """A table of the whole ``text``, seen by a question and its operation.

    ``context`` are the title, the headings and the caption above the table. It or the operation accounts for
    the terms ``known``; ``names`` are the terms of each column's name.
    """

    operation: Operation
    asked: Asked
    text: str
    grid: Grid
    context: str
    known: frozenset[int] = field(init=False)
    names: list[frozenset[int]] = field(init=False)

    def __post_init__(self) -> None:
        words = self.asked.words
        self.known = words(self.context) | self.asked.idle | words(self.operation.words)
        self.names = [words(_IN_BRACKETS.sub(" ", name)) or words(name) for name in self.grid.names]

    def is_in_context(self, years: Years) -> bool:
        """Whether the title or the headings name these years, and no row or column is of one year."""
        names = [*self.grid.names, *(self.label(row) for row in self.grid.rows)]
        is_said = all(str(year) in self.context for year in years.ends)
        return bool(years.ends) and is_said and not any(map(year_of, names))

    def year_column(self) -> int | None:
        """The column that says of what year each row is: the first one, or the only other one with years."""
        rows = [row for row in self.grid.rows if not is_total(self.label(row))]
        found = [
            at
            for at in range(max(1, len(self.names)))
            if (at == 0 or tells_time(self.grid.name(at))) and all(self.year(row, at) for row in rows)
        ]
        return found[0] if found and (found[0] == 0 or len(found) == 1) else None

    def year(self, row: Row, column: int) -> int | None:
        return year_of(self.cell(row, column))

    def accounted(
        self, rows: Sequence[Row], named: Sequence[Row], measure: int, label: int
    ) -> frozenset[int]:
        """The words of the question that the table, its title and the operation account for."""
        words = self.asked.words
        groups = {row.group for row in rows if row.group and self.is_group_asked(row.group)}
        said = [*self.operation.measures, self.grid.name(measure)]
        said += [self.label(row) for row in named]
        said.append(price_words(self.asked.text, self.grid.name(measure)))
        said += [self.text[slice(*group)] for group in groups]
        return self.known | self.label_words(label) | words("\n".join(said))

    def label_words(self, column: int) -> frozenset[int]:
        """The words of a column's name, and those for things of any kind where it says no more."""
        words = self.asked.words(self.grid.name(column))
        return words | self.asked.words(KINDS) if self.is_of_any_kind(column) else words

    def is_of_any_kind(self, label: int) -> bool:
        """Whether the column that names the rows only says that they are things: "Item", or nothing."""
        return self.asked.words(self.grid.name(label)) <= self.asked.words(KINDS)

    def cell(self, row: Row, column: int) -> str:
        span = row.cells.get(column)
        return self.text[span[0] : span[1]] if span else ""

    def label(self, row: Row) -> str:
        return self.cell(row, 0) if self.grid.heads else self.cell(row, min(row.cells))

    def named_rows(self) -> list[Row]:
        """The rows of whose labels the question has all words, without those that a longer label contains."""
        found: list[tuple[frozenset[int], Row]] = []
        headings = frozenset[int]().union(*self.names)
        for row in self.grid.rows:
            label = self.label(row)
            terms = self.asked.words(_IN_BRACKETS.sub(" ", label)) or self.asked.words(label)
            if terms and terms <= self.asked.terms and not terms <= headings | self.known:
                found.append((terms, row))
        longest = [(terms, row) for terms, row in found if not any(terms < other for other, _ in found)]
        by_group = [row for _, row in longest if row.group and self.is_group_asked(row.group)]
        return by_group if by_group and len(by_group) < len(longest) else [row for _, row in longest]

    def is_group_asked(self, group: Span) -> bool:
        terms = self.asked.words(self.text[group[0] : group[1]])
        return bool(terms) and terms <= self.asked.terms

    def label_column(self) -> int:
        """The column that says what each row is: one that the question names, of words, else the first."""
        for column, terms in enumerate(self.names):
            if terms and terms <= self.asked.terms and not self.is_numeric(column):
                return column
        if self.has_keys:
            plain = (at for at in range(1, len(self.names)) if self._is_of_words(at))
            return next(plain, 0)
        return 0

    @cached_property
    def has_keys(self) -> bool:
        """Whether the first column has a code for each row, such as "P-210": each is a thing of its own."""
        cells = [self.cell(row, 0).casefold() for row in self.grid.rows]
        return (
            len(set(cells)) == len(cells)
            and not self.is_numeric(0)
            and all(any(map(str.isdigit, cell)) and " " not in cell for cell in cells)
            and not any(map(is_period, cells))
        )

    def _is_of_words(self, column: int) -> bool:
        cells = [self.cell(row, column) for row in self.grid.rows]
        return all(cells) and not any(one.isdigit() for cell in cells for one in cell)

    def is_boolean(self, column: int) -> bool:
        """Whether the cells of a column say yes or no."""
        return all(truth(self.cell(row, column)) is not None for row in self.grid.rows)

    def plain_rows(self, label: int) -> list[Row]:
        """The rows without totals; those of one group if the question names it."""
        rows = [
            row
            for row in self.grid.rows
            if label in row.cells and not any(is_total(self.cell(row, at)) for at in {0, label})
        ]
        grouped = [row for row in rows if row.group and self.is_group_asked(row.group)]
        return grouped or rows

    def is_other_rate(self, row: Row, column: int) -> bool:
        """Tell if another cell of a row says that its figure in a column is for another unit."""
        name = self.grid.name(column)
        return any(is_rate_of_other(name, self.cell(row, at)) for at in row.cells if at != column)

    def is_numeric(self, column: int) -> bool:
        cells = [self.cell(row, column) for row in self.grid.rows[:100] if column in row.cells]
        numbers = sum(isinstance(figures_of([cell]), Figures) for cell in cells)
        return numbers > _MANY_NUMBERS * len(cells)

    def measure(
        self, rows: Sequence[Row], label: int, *, are_named: bool, but: int | None = None
    ) -> int | None:
        """The column of figures that the question is about; None if none is, or several are.

        A column that only has a year for a name is one of figures of many kinds: those of rows that the
        question names are compared, but not all.
        """
        operation = self.operation
        asked = self.asked.terms | self.asked.words(spans_asked(self.asked.text))
        numeric = [at for at in range(len(self.names)) if at not in (label, but) and self.is_numeric(at)]
        if operation.name in ("first", "last"):
            numeric = [at for at in numeric if self.is_dated(rows, at)]
        rated = []
        for at in numeric:
            shared = self.names[at] & asked
            is_named = 2 * len(shared) >= len(self.names[at]) and shared
            if is_named and (are_named or not all(map(is_period, self.shared_words(at)))):
                rated.append(((len(shared), len(shared) / len(self.names[at])), at))
        if not rated:
            # Of "what costs the least" a price is rather meant than a fee.
            for words in map(self.asked.words, (*operation.measures, *measures_of(self.asked.text))):
                if rated := [((1, 1.0), at) for at in numeric if self.names[at] & words]:
                    break
        rated.sort(reverse=True)
        if not rated or (len(rated) > 1 and rated[0][0] == rated[1][0]):
            return None
        return rated[0][1]

    def shared_words(self, column: int) -> list[str]:
        words = self.grid.name(column).split()
        asked = self.asked.terms | self.asked.words(spans_asked(self.asked.text))
        return [word for word in words if self.asked.words(word) & asked]

    def is_dated(self, rows: Sequence[Row], column: int) -> bool:
        found = figures_of([self.cell(row, column) for row in rows if column in row.cells])
        return isinstance(found, Figures) and found.kind == "date"

    def condition(
        self, rows: Sequence[Row], missing: frozenset[int], but: set[int]
    ) -> tuple[int, list[Row]] | None:
        """The only column whose cells have the missing words, with the rows that have them."""
        found = []
        for column in range(len(self.names)):
            if column in but or self.is_numeric(column):
                continue
            some = [row for row in rows if missing <= self.asked.words(self.cell(row, column))]
            if not some and missing <= self.names[column] and self.is_boolean(column):
                some = [row for row in rows if truth(self.cell(row, column))]
            if some:
                found.append((column, some))
        return found[0] if len(found) == 1 else None

    def is_one_column(self, column: int) -> bool:
        """Whether it is one, and not two that a page joined: its name is a word, or wholly asked for."""
        if not self.grid.is_drawn:
            return True
        return len(self.grid.name(column).split()) < 2 or self.asked.names(self.grid.name(column))

    def period_span(self, column: int, row: Row) -> Span | None:
        return self.grid.named_at(column, row, lambda span: is_period(self.text[span[0] : span[1]]))

    def own_name(self, column: int, row: Row) -> str:
        span = self.period_span(column, row)
        return self.text[span[0] : span[1]] if span else self.grid.name(column)

    def together(self, rows: Sequence[Row]) -> list[Span]:
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
