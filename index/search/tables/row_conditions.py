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
_NOT = r"(?:no|without|not|lacks?|lacking|missing|ohne|kein\w*|sans|\w+n['’]t)"
_NEGATES = regex.compile(rf"\b(?:{_NOT}|never|neither|nor|except|unless|nicht|außer)\b", regex.IGNORECASE)
_MORE = regex.compile(
    r"\b(?:neither|nor|except|unless|(?:no|not|n['’]t)\s+(?:more|less|fewer|only|just|out|sold|run))\b|"
    r"n['’]t\s+(?:more|less|fewer|only|just|out|sold|run)\b",
    regex.IGNORECASE,
)
"""What turns a negation again, or limits a number."""
_EITHER = regex.compile(r"\b(?:or|oder|ou)\b", regex.IGNORECASE)
_ASKS_ROWS = regex.compile(
    r"\b(?:which|what|how\s+many|list|name|show|welche\w*|wie\s+viele|quel(?:le)?s?)\b", regex.IGNORECASE
)
"""A question that can want rows that it does not name."""
_OUT_OF_STOCK = regex.compile(
    r"\b(?:out\s+of\s+stock|sold\s+out|(?:has|have)\s+run\s+out|ran\s+out|not\s+in\s+stock|no\s+longer\s+in\s+stock|"
    r"ausverkauft|nicht\s+vorrätig)\b",
    regex.IGNORECASE,
)
_STOCK = ("stock bestand lager lagerbestand vorrat", "quantity available inventory")
"""Words of the names of columns that tell a stock; the latter only if no column has one of the former."""
_PLAIN = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])|\d+(?:[.,]\d+)?"
_NUMBER = rf"(?P<{{}}>{_PLAIN.replace('{', '{{').replace('}', '}}')})"
_GROUPED = regex.compile(r"(?<=\d),(?=\d{3}\b)")
_UNCLEAR = regex.compile(r"(?<![\d.])\d{1,3}\.\d{3}(?!\d)")
"""A thousand in one language, and one in another."""
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
    rf"\b(?P<amount>{_PLAIN}|{'|'.join(_WORDS)})[\s-]+(?P<unit>\p{{L}}+)", regex.IGNORECASE
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
        is_plain = _ASKS_ROWS.search(asked.text) is not None and _MORE.search(asked.text) is None
        wanted = _wanted(asked, names) if is_plain else {}
        amounts = [
            (_decimal(match["amount"]), match["unit"].casefold())
            for match in _AMOUNT.finditer(asked.text)
            if not _UNCLEAR.fullmatch(match["amount"])
            and not _BOUNDS.search(asked.text[max(0, match.start() - 20) : match.start()])
        ]
        return RowConditions(wanted, amounts)

    @property
    def is_any(self) -> bool:
        """Whether it asks for anything that a cell can be compared with."""
        return bool(self.wanted or self.amounts)

    def weight(self, cells: Mapping[int, str]) -> float:
        """What is added to the strength of a row with these cells, by their columns."""
        found = [self._fits(column, cell) for column, cell in cells.items()]
        return _FAILS if False in found else _FITS if True in found else 0.0

    def _fits(self, column: int, cell: str) -> bool | None:
        """Whether a cell is what is asked for; None if that is not about it."""
        if column in self.wanted:
            said = truth(cell)
            if said is None and not self.wanted[column] and regex.fullmatch(r"\s*[0-9]+\s*", cell):
                said = cell.strip().strip("0") != ""
            if said is not None:
                return said == self.wanted[column]
        for amount, unit in self.amounts:
            if (found := _is_in_range(amount, unit, cell)) is not None:
                return found
        return None


def names_row(asked: Asked, cells: Mapping[int, str]) -> bool:
    """Whether a question names a row with these cells, by the words of one of its first two."""
    return any(
        truth(cell) is None and not _RANGE.fullmatch(cell.strip()) and asked.names(cell)
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


def _is_in_range(amount: Decimal, unit: str, cell: str) -> bool | None:
    """Whether an amount is in the range that a cell says, in the same unit; None if it says none."""
    match = None if _UNCLEAR.search(cell) else _RANGE.fullmatch(cell.strip())
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
    return (
        Decimal(_WORDS.index(word))
        if word in _WORDS
        else Decimal(_GROUPED.sub("", written).replace(",", "."))
    )
