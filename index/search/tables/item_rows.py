"""Find the rows of a table that a question for its items asks for: those of a group, or of a total."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from index.search.tables.asked import Asked
from index.search.tables.grid import Grid, Row
from index.search.tables.operations import is_total
from index.text.sentences import Span

_ITEMS = re.compile(
    r"\b(?:what|which|list|name)\b.*\b(?:components?|items?|types|kinds|categories|elements|segments|countries|"
    r"regions|currencies|positions|classes|sources)\b",
    re.IGNORECASE,
)
_OF_TABLE = re.compile(r"\b(?:in|of|from) (?:the|this) table\b|\blisted\b", re.IGNORECASE)
_OF_ONE = re.compile(
    r"\b(?:the|which) (?:component|item|segment|country|region|currency)\b|"
    r"\b(?:highest|lowest|most|least|largest|smallest|greatest)\b",
    re.IGNORECASE,
)
_MOST_ROWS = 30


def asks_for_items(question: str) -> bool:
    """Whether a question asks for several items, such as components."""
    return _ITEMS.search(question) is not None and _OF_ONE.search(question) is None


def item_rows(asked: Asked, text: str, grid: Grid) -> Sequence[Row]:
    """The rows that a question for items asks for, which follow each other; none if there are none.

    Rows of the group that the question names; or those above the total that it names; or all rows, if it asks
    for those of the table. Totals are no items.
    """

    def is_asked(span: Span) -> bool:
        return asked.names(text[slice(*span)])

    rows = grid.rows
    grouped = [row for row in rows if row.group and is_asked(row.group)]
    if grouped:
        found = _until_total(text, grouped)
    elif (at := next((at for at, row in enumerate(rows) if is_asked(row.first)), None)) is not None:
        above = [row for row in rows[:at] if row.group == rows[at].group]
        found = _until_total(text, list(reversed(above)))[::-1]
    elif _OF_TABLE.search(asked.text):
        found = [row for row in rows if not _is_total(text, row)]
    else:
        found = []
    return found if 1 < len(found) <= _MOST_ROWS else ()


def _until_total(text: str, rows: Iterable[Row]) -> list[Row]:
    found: list[Row] = []
    for row in rows:
        if _is_total(text, row):
            break
        found.append(row)
    return found


def _is_total(text: str, row: Row) -> bool:
    """Whether a row is a total, or has no label, as subtotals often have none."""
    return 0 not in row.cells or is_total(text[slice(*row.first)])
