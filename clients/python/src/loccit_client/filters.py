"""Comparisons in filters, as frameworks write them and as Loccit does."""

from __future__ import annotations

from typing import Any

COMPARISONS = {
    "==": "eq",
    "!=": "ne",
    ">": "gt",
    ">=": "gte",
    "<": "lt",
    "<=": "lte",
    "in": "in",
    "not in": "nin",
    "nin": "nin",
}
"""Loccit's operators by those of Haystack and LlamaIndex."""


def comparison(operator: str, key: str, value: object) -> dict[str, Any]:
    """A comparison with an operator of a framework. Raises :class:`ValueError` if Loccit has none like it."""
    if operator not in COMPARISONS:
        known = ", ".join(COMPARISONS)
        raise ValueError(f"Loccit has no filter {operator!r}. It has {known}, and combines them by and, or.")
    return {"type": COMPARISONS[operator], "key": key, "value": value}
