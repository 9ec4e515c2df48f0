"""Weigh the rows of a table, and the sentences beside it, by what the question names and wants.

Rows share the words of their columns and of the headings, so what tells them apart is their label, the first
cell. Of `Total assets` and `Total current assets` the question "What were the total assets?" names the first:
all words of its label are asked for. The weights are chosen on the development part of TAT-QA.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import nlargest

from index.search.judged import JudgedSentence
from index.search.tables.asked import Asked
from index.search.tables.row_conditions import RowConditions, names_row
from index.search.tables.wants import Want, introduces_table, want_of
from index.text.tables import numbered_cells, table_at
from index.types import Block

_NAMED, _PARTLY_NAMED = 1.0, 0.6
"""Added to the strength of a row all of whose label is asked for: where the row, its columns and the headings
say all that the question says, and otherwise by the share that they say."""
_NAMED_IN_PROSE = 0.3
"""The part of it where the question wants no figure."""
_GROUP = -1.5
"""Added to a line that only names the group of rows below it."""
_ROW: Mapping[Want, float] = {"period": 1.2, "prose": -2.5, "definition": -0.5}
_INTRODUCTION: Mapping[Want, float] = {"period": -1.0, "figure": -1.0, "table": 3.0}
"""Added to rows, and to sentences that announce a table, by what the question wants."""
_INTRODUCTION_ELSE = -0.5
_LOOKED_AT = 5
"""Rows whose labels are compared, the strongest: others do not become the best."""


def weigh_beside_tables(
    judged: Sequence[JudgedSentence], asked: Asked, text: str, at: int, tables: Sequence[Block]
) -> list[JudgedSentence]:
    """Return sentences with their strengths as a table in the same hit changes them.

    ``text`` is the text around them from offset ``at`` of the document.
    """
    rows = [place for place, one in enumerate(judged) if one.is_row]
    looked_at = set(nlargest(_LOOKED_AT, rows, lambda place: judged[place].strength))
    weigher = _Weigher(text, at, tables, asked, [judged[place] for place in rows])
    return [
        one._replace(strength=one.strength + weigher.weight(one, is_looked_at=place in looked_at))
        for place, one in enumerate(judged)
    ]


class _Weigher:
    """Weighs the sentences of one hit."""

    def __init__(
        self, text: str, at: int, tables: Sequence[Block], asked: Asked, rows: Sequence[JudgedSentence]
    ) -> None:
        self._text = text
        self._at = at
        self._tables = tables
        self._asked = asked
        self._rows = rows
        self._want = want_of(asked.text)
        self._missing: dict[int, frozenset[int]] = {}
        self._conditions: dict[int, RowConditions] = {}

    def weight(self, one: JudgedSentence, *, is_looked_at: bool) -> float:
        start, end = one.start - self._at, one.end - self._at
        table = table_at(self._tables, one.start) if one.is_row else None
        if table is None:
            if not introduces_table(self._text[start:end]):
                return 0.0
            return _INTRODUCTION.get(self._want, _INTRODUCTION_ELSE)
        weight = _ROW.get(self._want, 0.0) + self._by_conditions(table, start, end)
        return weight + self._by_label(table, start, end) if is_looked_at else weight

    def _by_conditions(self, table: Block, start: int, end: int) -> float:
        if table.columns is None:
            return 0.0
        if (conditions := self._conditions.get(table.start)) is None:
            conditions = RowConditions.of(self._asked, table.columns.names)
            if conditions.is_any and self._names_row_of(table):
                conditions = RowConditions({}, ())
            self._conditions[table.start] = conditions
        return conditions.weight(self._cells(table, start, end)) if conditions.is_any else 0.0

    def _names_row_of(self, table: Block) -> bool:
        """Whether the question names a row of a table; it asks of that, and not for the rows that fit."""
        return any(
            names_row(self._asked, self._cells(table, row.start - self._at, row.end - self._at))
            for row in self._rows
            if table.start <= row.start < table.end
        )

    def _cells(self, table: Block, start: int, end: int) -> dict[int, str]:
        cells = numbered_cells(self._text, table.columns, start, end)
        return {at: self._text[first:last] for at, (first, last) in cells.items()}

    def _by_label(self, table: Block, start: int, end: int) -> float:
        cells = numbered_cells(self._text, table.columns, start, end)
        if not cells:
            return 0.0
        first, last = cells[min(cells)]
        share = self._asked.share(self._text[first:last])
        weight = _GROUP if len(cells) == 1 else 0.0
        if not share:
            return weight
        named = share * self._accounted(table, start, end)
        return weight + named * (_NAMED_IN_PROSE if self._want in ("prose", "definition") else 1.0)

    def _accounted(self, table: Block, start: int, end: int) -> float:
        """The weight of a named row, by how much of the question it says together with its column names."""
        missing = self._unsaid(table)
        if missing:
            missing -= frozenset(self._asked.hashes(self._text[start:end]))
        share = len(missing) / max(1, len(self._asked.terms))
        return _PARTLY_NAMED * (1.0 - share) if missing else _NAMED

    def _unsaid(self, table: Block) -> frozenset[int]:
        """The words of the question that the lines of column names lack."""
        if (known := self._missing.get(table.start)) is None:
            columns = table.columns
            body = max(0, (columns.body if columns else table.start) - self._at)
            said = [self._text[max(0, table.start - self._at) : body], *(columns.names if columns else ())]
            known = self._asked.terms - self._asked.idle - frozenset(self._asked.hashes("\n".join(said)))
            self._missing[table.start] = known
        return known
