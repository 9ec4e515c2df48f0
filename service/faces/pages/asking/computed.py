"""A value that was computed of a table, as the page shows it: no quote, and with every cell that was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.answers import Reading
from service.faces.pages.asking.sources import SourceMaker
from service.faces.pages.languages import Language
from service.http.links import CitedWith

_MOST_CELLS = 100
"""Most cells with a link of their own; the API has them all."""


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell that was read: the label of its row, its words, and where they stand."""

    row: str
    text: str
    address: str


@dataclass(frozen=True, slots=True)
class ShownComputed:
    """A value, empty where none could be computed, and what was done in words, or why nothing was."""

    value: str
    words: str
    cells: Sequence[ShownCell]
    more: int


def shown_computed(reading: Reading | None, maker: SourceMaker, language: Language) -> ShownComputed | None:
    """Return the computed value as the page shows it; None if nothing was to be computed."""
    if reading is None:
        return None
    t = language.t
    what = t("{operation} by “{of}”", operation=_operation(reading.operation, language), of=reading.of)
    if reading.value:
        words = t("Computed from the cells of a table: {what}", what=what)
    else:
        words = t("Not computed ({what}): {reason}", what=what, reason=reading.reason)
    some = reading.cells[:_MOST_CELLS]
    # Each by itself: the document would show all cells of a long column as cited.
    addresses = [maker.addresses([CitedWith(one.locator, ((one.start, one.end),))])[0] for one in some]
    cells = [
        ShownCell(one.row if one.row != one.text else one.column, one.text, address)
        for one, address in zip(some, addresses, strict=True)
    ]
    return ShownComputed(reading.value, words, cells, len(reading.cells) - len(some))


def _operation(name: str, language: Language) -> str:
    t = language.t
    names = {
        "highest": t("the highest"),
        "lowest": t("the lowest"),
        "total": t("the total"),
        "count": t("the number"),
        "first": t("the first"),
        "last": t("the last"),
        "higher": t("the higher"),
        "lower": t("the lower"),
    }
    return names[name]
