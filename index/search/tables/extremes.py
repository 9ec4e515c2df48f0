"""The cells of a column that come first by an operation: highest, lowest, first, last, higher, lower."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from index.search.tables.figures import Figures, NotFigures, figures_of
from index.search.tables.operations import Operation

UNCLEAR_MARK = "Whether a point or a comma separates decimals is not clear."
_UNCLEAR_SIGN = "Some figures are negative, and the order by value is not that by amount."


def best_cells(operation: Operation, cells: Sequence[str]) -> list[int] | str:
    """The places of the best cells by the operation, or why there are none."""
    found = figures_of(cells)
    if isinstance(found, NotFigures):
        return reason(found, cells)
    takes_most = operation.name in ("highest", "higher", "last")
    best: list[int] | None = None
    for values in (*found.readings, *_by_amount(operation, found)):
        ranked = sorted(set(values), reverse=takes_most)
        if len(ranked) < operation.nth:
            return "There are not so many different values."
        one = [at for at, value in enumerate(values) if value == ranked[operation.nth - 1]]
        if best not in (None, one):
            return _UNCLEAR_SIGN if len(found.readings) == 1 else UNCLEAR_MARK
        best = one
    return best or "There is no cell."


def _by_amount(operation: Operation, found: Figures) -> list[list[Decimal]]:
    """The figures without their signs, which must give the same where the question may mean amounts.

    The larger of two losses may be either; the highest of a loss and a profit is the profit.
    """
    values = found.readings[0]
    is_by_value = operation.words.strip().lower() in ("highest", "lowest", "higher", "lower")
    if is_by_value and any(value >= 0 for value in values):
        return []
    return [[abs(value) for value in values] for values in found.readings]


def reason(found: NotFigures, cells: Sequence[str]) -> str:
    """Why cells cannot be compared or added, for people."""
    cell = cells[found.at]
    if found.reason == "mixed_units":
        return f"The units differ: “{cell}”."
    return f"“{cell}” is no number." if cell else "A cell is empty."
