"""Choose cells of a table that questions can ask for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from index.text import cells, row_spans
from index.types import Block, Cell

_CHARACTERS = 200_000
"""Code points of a table that are looked at."""
_ROWS = 40
"""Rows of a table that are looked at."""
_ASKED = 8
"""Rows of a table that questions ask for."""
_MAX_ROW, _MAX_NAME, _MAX_CELL = 500, 60, 80
_WORD = re.compile(r"[^\W\d_]{2}|[\u3040-\u30ff\u4e00-\u9fff]")
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d\Z")
_NOTHING = frozenset({"-", "–", "—", "n/a", "na", "none", "nil", "yes", "no", "x", "?", "true", "false"})


@dataclass(frozen=True, slots=True)
class AskedCell:
    """A cell, by the words that name its row and its column, and the span of its whole row.

    Where the rows name what is asked about the columns, ``row`` is the name of the column. ``column`` is
    empty in a table of two columns without names, where ``row`` is a label.
    """

    row: str
    column: str
    answer: str
    span: tuple[int, int]
    columns: frozenset[str]
    """Everything that may be asked about the row."""


def cells_to_ask_for(text: str, table: Block, shuffled: Callable[..., list[Any]]) -> Iterator[AskedCell]:
    """Yield one cell of each of some rows, whose names are those of no other row that was looked at.

    A row is named by its first cell with words: a number or date says too little.
    """
    rows = shuffled(_rows(text, table), table.start)[:_ROWS]
    found = [(span, cells(text, table.columns, *span)) for span in rows]
    names = {span: name for span, some in found if (name := _named(text, some)) is not None}
    labels = Counter(text[one.start : one.end].casefold() for one in names.values())
    columns = frozenset(table.columns.names if table.columns else ())
    asked = 0
    for span, some in found:
        name = names.get(span)
        cell = _worth_asking(text, name, some, shuffled) if name else None
        if name is None or cell is None or asked == _ASKED:
            continue
        row, answer = text[name.start : name.end], text[cell.start : cell.end]
        if labels[row.casefold()] > 1:
            continue
        if cell.column and not name.column and not _YEAR.match(cell.column):
            # Where nothing names the first column, its cells mostly name what the columns differ in.
            yield AskedCell(cell.column, row, answer, span, frozenset(labels))
        elif cell.column or (table.columns is None and len(some) == 2):
            yield AskedCell(row, cell.column, answer, span, columns)
        else:
            continue
        asked += 1


def _rows(text: str, table: Block) -> list[tuple[int, int]]:
    """Rows of the table that are not too long to be quoted."""
    spans = row_spans(text, table, table.start, min(table.end, table.start + _CHARACTERS))
    return [(start, end) for start, end in spans if end - start <= _MAX_ROW]


def _named(text: str, some: Sequence[Cell]) -> Cell | None:
    return next(
        (
            one
            for one in some
            if _WORD.search(text, one.start, one.end)
            and one.end - one.start <= _MAX_NAME
            and text[one.start : one.end].casefold() not in _NOTHING
        ),
        None,
    )


def _worth_asking(
    text: str, name: Cell, some: Sequence[Cell], shuffled: Callable[..., list[Any]]
) -> Cell | None:
    """A cell with a number or, failing that, with words, to the right of the one that names the row."""
    fit = [
        one
        for one in some
        if one.start > name.start
        and one.end - one.start <= _MAX_CELL
        and text[one.start : one.end].casefold() not in _NOTHING
        and (not one.column or one.column != name.column)
        and text[one.start : one.end].casefold() not in text[name.start : name.end].casefold()
    ]
    numbers = [one for one in fit if any(map(str.isdigit, text[one.start : one.end]))]
    return next(iter(shuffled(numbers or fit)), None)
