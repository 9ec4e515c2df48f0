"""Recognise the rows at the top of a table that name its columns."""

import re
from collections.abc import Sequence

Row = Sequence[str]

_MAX_NAME = 100
"""Characters of the longest column name."""
_NOT_A_NAME = re.compile(
    r"""[-+(]?[.,\s'%$€£¥]*+\d[\d.,\s'%$€£¥)]*+(?:[eE][-+]?\d+)?\Z  # a number, an amount
    | \d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?:[T\s].*)?\Z                 # a date
    | (?:true|false|null|none|n/?a)\Z
    | (?:https?|ftp|mailto):
    | [^\s@]+@[^\s@]+\Z""",
    re.IGNORECASE | re.VERBOSE,
)
_AMOUNT = re.compile(r"[-+(–—]?\s*+[$€£¥]?\s*+[-+(–—]?\s*+\d[\d.,\s']*+[%$€£¥]?\s*+\)?\s*+%?\Z")
_MAX_NAME_ROWS = 5
"""Rows of names above the first row of numbers, at most."""
_SAMPLE = 100
"""Rows that decide whether the first one is a header."""
_YEAR = re.compile(r"(?:1[5-9]|20|21)\d\d\Z")


def looks_like_header(first: Row, below: Sequence[Row]) -> bool:
    """Whether a row is the header of the rows below it.

    Then its cells are short and different, are no numbers, dates or addresses (but years are names in many
    tables), and none of them is repeated in its column.
    """
    names = [cell.strip() for cell in first if cell.strip()]
    if not below or len(names) < max(1, max(len(row) for row in below) // 2):
        return False
    if len(names) == 1 and not all(not is_name(row[0].strip()) for row in below if row[0].strip()):
        # In a single column of words a header would look like any other cell.
        return False
    if len({name.casefold() for name in names}) < len(names):
        return False
    if not all(is_name(name) for name in names) or all(map(_YEAR.match, names)):
        return False
    return not any(cell and cell == name for row in below for cell, name in zip(row, first, strict=False))


def is_name(cell: str) -> bool:
    """Whether a cell may be a column name: it is short, and a year or no number, date or address."""
    if len(cell) > _MAX_NAME:
        return False
    return bool(_YEAR.match(cell)) or not _NOT_A_NAME.match(cell)


def count_name_rows(rows: Sequence[Row]) -> int:
    """Count the rows at the top of a table that name its columns; 0 if none does.

    Other than :func:`looks_like_header` it takes several rows, years above numbers, and wants a column of
    numbers or a third column: a form with two columns of words has no header.
    """
    first_values = next(
        (at for at, row in enumerate(rows[: _MAX_NAME_ROWS + 1]) if any(map(is_value, row[1:]))), 0
    )
    above = [at for at, row in enumerate(rows[:first_values]) if any(cell.strip() for cell in row[1:])]
    if above and all(is_name(cell) for row in rows[: above[-1] + 1] for cell in row):
        return above[-1] + 1
    width = max((len(row) for row in rows[:_SAMPLE]), default=0)
    is_wide = width > 2 or any(not is_name(cell) for row in rows[1:_SAMPLE] for cell in row if cell)
    return int(len(rows) > 1 and is_wide and looks_like_header(rows[0], rows[1:_SAMPLE]))


def is_value(cell: str) -> bool:
    """Whether a cell is a number or an amount, and not a year."""
    cell = cell.strip()
    return bool(_AMOUNT.match(cell)) and not _YEAR.match(cell)


def spread_names(rows: Sequence[Row]) -> list[list[str]]:
    """Repeat the names of upper rows to their right where the lowest row would otherwise repeat its own.

    ``Sales`` above the first of ``2023 | 2022 | 2023 | 2022`` is above the second, too, up to the next name.
    """
    if len(rows) < 2:
        return [list(row) for row in rows]
    *upper, lowest = rows
    names = [name.strip().casefold() for name in lowest if name.strip()]
    if len(set(names)) == len(names):
        return [list(row) for row in rows]
    spread = []
    for row in upper:
        cells, last = [*row, *[""] * (len(lowest) - len(row))], ""
        for at, cell in enumerate(cells):
            last = cell.strip() or last
            if not cell.strip() and at < len(lowest) and lowest[at].strip():
                cells[at] = last
        spread.append(cells)
    return [*spread, list(lowest)]


def join_names(rows: Sequence[Row]) -> tuple[str, ...]:
    """Join the names of each column, from above: ``Sales`` below ``2023`` gives ``2023 Sales``."""
    width = max((len(row) for row in rows), default=0)
    names: list[list[str]] = [[] for _ in range(width)]
    for row in rows:
        for parts, cell in zip(names, row, strict=False):
            if cell.strip() and cell not in parts:
                parts.append(" ".join(cell.split()))
    return tuple(" ".join(parts) for parts in names)
