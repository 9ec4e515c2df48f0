"""Tell which rows have what a question asks of a column: "rooms without a projector", "out of stock".

Cells that say yes or no, a stock that is nought, and ranges such as "1 to 5 years" have no words of the
question: what they say is compared with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import regex

from index.search.tables.asked import Asked

_YES = frozenset("yes y true x ja oui si sí ✓ ✔ ☑ • available included".split())
_NO = frozenset("no n false nein non none ✗ ✘ ☐ - – — unavailable".split())
_NOT = r"(?:no|without|not|lacks?|lacking|missing|ohne|kein\w*|sans)"
_OUT_OF_STOCK = regex.compile(
    r"\b(?:out\s+of\s+stock|sold\s+out|(?:has|have)\s+run\s+out|ran\s+out|not\s+in\s+stock|no\s+longer\s+in\s+stock|"
    r"ausverkauft|nicht\s+vorrätig)\b",
    regex.IGNORECASE,
)
_STOCK = "stock quantity available inventory bestand lager vorrat"
_NUMBER = r"(?P<{}>\d+(?:[.,]\d+)?)"
_RANGE = regex.compile(
    rf"(?:(?P<below>under|less\s+than|below|up\s+to|at\s+most|unter|bis(?:\s+zu)?)\s+{_NUMBER.format('most')}"
    rf"|(?P<above>over|more\s+than|above|from|at\s+least|über|ab|mehr\s+als)\s+{_NUMBER.format('least')}"
    rf"|{_NUMBER.format('first')}\s*(?:-|–|to|bis)\s*{_NUMBER.format('last')}"
    rf"|{_NUMBER.format('open')}\s*(?:\+|(?:(?P<unit>\p{{L}}+)\s+)?(?:or|and|und)\s+(?:more|over|above|mehr)))"
    r"\s*(?P<unit>\p{L}*)",
    regex.IGNORECASE,
)
_WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()
_AMOUNT = regex.compile(
    rf"\b(?P<amount>\d+(?:[.,]\d+)?|{'|'.join(_WORDS)})[\s-]+(?P<unit>\p{{L}}+)", regex.IGNORECASE
)
_BOUNDS = regex.compile(
    r"(?:under|than|below|up\s+to|most|over|above|from|least|until|between|to|and|unter|über|bis|ab|als|[-–])\s*$",
    regex.IGNORECASE,
)
"""Before an amount that is a bound itself, as that of a row may be."""
_INCLUSIVE = frozenset(("up to", "at most", "bis", "bis zu", "from", "at least", "ab"))
_FITS, _FAILS = 1.5, -4.0
"""Added to the strength of a row."""


def truth(cell: str) -> bool | None:
    """What a cell says that says yes or no; None for another one."""
    word = cell.strip().casefold()
    return True if word in _YES else False if word in _NO else None


@dataclass(frozen=True, slots=True)
class RowConditions:
    """What a question asks of the columns of a table: whether a cell is yes, is nought, or has an amount.

    ``wanted`` has by column whether its cell is to say yes, or be more than nought.
    """

    wanted: Mapping[int, bool]
    amounts: Sequence[tuple[Decimal, str]]

    @staticmethod
    def of(asked: Asked, names: Sequence[str]) -> RowConditions:
        """Read a question, for a table with these names of columns."""
        wanted = {}
        is_out = _OUT_OF_STOCK.search(asked.text) is not None
        for column, name in enumerate(names):
            if is_out and asked.words(name) & asked.words(_STOCK):
                wanted[column] = False
            elif asked.names(name):
                without = rf"\b{_NOT}\b(?:\s+\w+){{0,2}}?\s+{regex.escape(name.split()[0][:4])}"
                wanted[column] = regex.search(without, asked.text, regex.IGNORECASE) is None
        amounts = [
            (_decimal(match["amount"]), match["unit"].casefold())
            for match in _AMOUNT.finditer(asked.text)
            if not _BOUNDS.search(asked.text[: match.start()])
        ]
        return RowConditions(wanted, amounts)

    def weight(self, cells: Mapping[int, str]) -> float:
        """What is added to the strength of a row with these cells, by their columns."""
        found = [self._fits(column, cell) for column, cell in cells.items()]
        return _FAILS if False in found else _FITS if True in found else 0.0

    def _fits(self, column: int, cell: str) -> bool | None:
        """Whether a cell is what is asked for; None if that is not about it."""
        if column in self.wanted:
            said = truth(cell)
            if said is None and not self.wanted[column] and regex.fullmatch(r"\s*\d+\s*", cell):
                said = int(cell) > 0
            return None if said is None else said == self.wanted[column]
        for amount, unit in self.amounts:
            if (found := _is_in_range(amount, unit, cell)) is not None:
                return found
        return None


def _is_in_range(amount: Decimal, unit: str, cell: str) -> bool | None:
    """Whether an amount is in the range that a cell says, in the same unit; None if it says none."""
    match = _RANGE.fullmatch(cell.strip())
    if match is None or "".join(match.captures("unit")).casefold().rstrip("s") != unit.rstrip("s"):
        return None
    if match["most"]:
        most, is_inside = _decimal(match["most"]), " ".join(match["below"].casefold().split()) in _INCLUSIVE
        return amount < most or (is_inside and amount == most)
    if match["least"]:
        least, is_inside = _decimal(match["least"]), " ".join(match["above"].casefold().split()) in _INCLUSIVE
        return amount > least or (is_inside and amount == least)
    if match["open"]:
        return amount >= _decimal(match["open"])
    return _decimal(match["first"]) <= amount <= _decimal(match["last"])


def _decimal(written: str) -> Decimal:
    word = written.casefold()
    return Decimal(_WORDS.index(word)) if word in _WORDS else Decimal(written.replace(",", "."))
