"""Tell which rows have what a question asks of a column: "rooms without a projector", "out of stock".

Cells that say yes or no, a stock that is nought, and ranges such as "1 to 5 years" have no words of the
question: what they say is compared with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import regex

from index.patterns import lazy_pattern
from index.search.ranges import Range, amounts_in, only_range, unit_of
from index.search.tables.asked import Asked

_YES = frozenset("yes y true x ja oui si sí ✓ ✔ ☑ • available included".split())
_NO = frozenset("no n false nein non none ✗ ✘ ☐ - – — unavailable".split())
_NOT = r"(?:no|without|not|lacks?|lacking|missing|ohne|kein\w*|sans|\w+n['’]t)"
_NEGATES = lazy_pattern(rf"\b(?:{_NOT}|never|neither|nor|except|unless|nicht|außer)\b", regex.IGNORECASE)
_MORE = lazy_pattern(
    r"\b(?:neither|nor|except|unless|(?:no|not|n['’]t)\s+(?:more|less|fewer|only|just|out|sold|run))\b|"
    r"n['’]t\s+(?:more|less|fewer|only|just|out|sold|run)\b",
    regex.IGNORECASE,
)
"""What turns a negation again, or limits a number."""
_EITHER = lazy_pattern(r"\b(?:or|oder|ou)\b", regex.IGNORECASE)
_ASKS_ROWS = lazy_pattern(
    r"\b(?:which|what|how\s+many|list|name|show|welche\w*|wie\s+viele|quel(?:le)?s?)\b", regex.IGNORECASE
)
"""A question that can want rows that it does not name."""
_OUT_OF_STOCK = lazy_pattern(
    r"\b(?:out\s+of\s+stock|sold\s+out|(?:has|have)\s+run\s+out|ran\s+out|not\s+in\s+stock|no\s+longer\s+in\s+stock|"
    r"ausverkauft|nicht\s+vorrätig)\b",
    regex.IGNORECASE,
)
_STOCK = ("stock bestand lager lagerbestand vorrat", "quantity available inventory")
"""Words of the names of columns that tell a stock; the latter only if no column has one of the former."""
_WORD = lazy_pattern(r"\p{L}+|[%°€$£]")
_LONGEST_LABEL = 60
"""Code points of a first cell in which a range may be a part."""
_FITS, _FAILS = 1.5, -4.0
"""Added to the strength of a row."""
_BY_AMOUNT = {True: 2.5, False: _FAILS, None: 0.0}
"""The same, by whether its range has the amount that is asked for: it is one of several that have another."""


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
    amounts: Sequence[Range]
    names: Sequence[str] = ()

    @staticmethod
    def of(asked: Asked, names: Sequence[str]) -> RowConditions:
        """Read a question, for a table with these names of columns."""
        is_plain = _ASKS_ROWS.search(asked.text) is not None and _MORE.search(asked.text) is None
        wanted = _wanted(asked, names) if is_plain else {}
        return RowConditions(wanted, amounts_in(asked.text), names)

    @property
    def is_any(self) -> bool:
        """Whether it asks for anything that a cell can be compared with."""
        return bool(self.wanted or self.amounts)

    def weight(self, cells: Mapping[int, str]) -> float:
        """What is added to the strength of a row with these cells, by their columns."""
        found = [self._weight(column, cell) for column, cell in cells.items()]
        return _FAILS if _FAILS in found else max(found, default=0.0)

    def _weight(self, column: int, cell: str) -> float:
        """The weight of a cell that is what is asked for, or is not; 0 if it is about something else."""
        if column in self.wanted:
            said = truth(cell)
            if said is None and not self.wanted[column] and regex.fullmatch(r"\s*[0-9]+\s*", cell):
                said = cell.strip().strip("0") != ""
            if said is not None:
                return _FITS if said == self.wanted[column] else _FAILS
        name = self.names[column] if column < len(self.names) else ""
        return _BY_AMOUNT[has_amount(self.amounts, cell, name, column)]


def names_row(asked: Asked, cells: Mapping[int, str]) -> bool:
    """Whether a question names a row with these cells, by the words of one of its first two."""
    return any(
        truth(cell) is None and only_range(cell, is_part=True) is None and asked.names(cell)
        for cell in list(cells.values())[:2]
        if regex.search(r"\p{L}{2}", cell)
    )


def _wanted(asked: Asked, names: Sequence[str]) -> dict[int, bool]:
    """By column, what its cell is to say; of two columns with "or" or a negation nothing is certain."""
    if _OUT_OF_STOCK.search(asked.text):
        for words in _STOCK:
            known = asked.words(words)
            if columns := [at for at, name in enumerate(names) if asked.words(name) & known]:
                return {min(columns, key=lambda at: len(names[at].split())): False}
    named = [at for at, name in enumerate(names) if asked.names(name)]
    is_negated = _NEGATES.search(asked.text) is not None
    if len(named) > 1 and (is_negated or _EITHER.search(asked.text)):
        return {}
    if not is_negated:
        return dict.fromkeys(named, True)
    return {at: False for at in named if _is_without(asked.text, names[at])}


def _is_without(text: str, name: str) -> bool:
    without = rf"\b{_NOT}\b(?:\s+\w+){{0,2}}?\s+{regex.escape(name.split(maxsplit=1)[0][:4])}"
    return regex.search(without, text, regex.IGNORECASE) is not None


def has_amount(amounts: Sequence[Range], cell: str, name: str, column: int) -> bool | None:
    """Whether the range that a cell says has one of some amounts; None if that is not certain.

    A range without a unit has that of the column's ``name``. Of the first cell it may be a part: "Parcel up
    to 2 kg".
    """
    told = only_range(cell, is_part=not column and len(cell) <= _LONGEST_LABEL) if amounts else None
    if told is None:
        return None
    units = [told.unit] if told.unit else list(map(unit_of, _WORD.findall(name)))
    found = [
        one.has(amount)
        for amount in amounts
        for one in [replace(told, unit=amount.unit if amount.unit in units else told.unit)]
        if one.unit and one.may_have(amount)
    ]
    return True if True in found else False if False in found else None
