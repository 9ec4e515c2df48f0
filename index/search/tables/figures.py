"""The figures in the cells of a column: numbers with their unit, years and dates.

Figures are compared only if all of them are of one kind and one unit. Whether a point or a comma separates
decimals is decided by the whole column; where it cannot be, the figures are read both ways, and whoever
compares them must find the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from index.text.months import MONTHS

Kind = Literal["number", "date"]

_CURRENCY = r"[$€£¥₹]|(?:US|A|C|NZ|HK)\$|USD|EUR|GBP|CHF|JPY"
_DIGITS = r"\d(?:[\d.,'’ \u00a0\u2009\u202f]*\d)?"
_NUMBER = re.compile(
    rf"(?P<open>\()?\s?(?P<sign>[-+\u2212\u2013])?\s?(?P<before>{_CURRENCY})?\s?(?P<open2>\()?\s?"
    rf"(?P<sign2>[-+\u2212\u2013])?\s?(?P<digits>{_DIGITS})\s?(?P<close>\))?\s?(?P<after>%|{_CURRENCY}|[^\W\d_][\w/²³°]*\.?)?"
    r"\s?(?P<close2>\))?\Z"
)
"""A number in a cell in which no two spaces follow each other."""
_FOOTNOTE = re.compile(r"(?<=[\d%)])\s*(?:\((?:\d|[a-z])\)|\[\w{1,2}\]|[*†‡]+)\Z")
_YEAR = re.compile(r"(?:1[0-9]|20|21)\d\d\Z")
_GROUPS = re.compile(r"(?:\d{1,3}(?:[,'’ \u00a0\u2009\u202f]\d{3})*|\d{1,2}(?:,\d{2})+,\d{3})(?:\.\d+)?\Z")
_GROUPS_OF_POINTS = re.compile(r"\d{1,3}(?:[.'’ \u00a0\u2009\u202f]\d{3})*(?:,\d+)?\Z")
_PLAIN = re.compile(r"\d+(?:\.\d+)?\Z")
_PLAIN_COMMA = re.compile(r"\d+(?:,\d+)?\Z")
_ONE_COMMA = re.compile(r"\d{1,3},\d{3}\Z")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?\Z")
_MONTHS = [month[:3].lower() for month in MONTHS]
_DAY_MONTH = re.compile(r"(\d{1,2})\.?\s+([A-Za-z]{3})[a-z]*\.?,?\s+(\d{4})\Z")
_MONTH_DAY = re.compile(r"([A-Za-z]{3})[a-z]*\.?\s+(?:(\d{1,2})(?:st|nd|rd|th)?,?\s+)?(\d{4})\Z")
_DAY_ALONE = re.compile(r"\d{1,2}\.?\s+[A-Za-z]{3,9}\.?|[A-Za-z]{3,9}\.?\s+\d{1,2}(?:st|nd|rd|th)?")
_NO_YEAR = 1000
"""Stands for the year of days that have none."""
_SPACES = re.compile(r"[ '’\u00a0\u2009\u202f]")


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of cells, all of one ``kind`` and ``unit``, in every way in which they can be read.

    A date is a number of the form yyyymmdd. ``places`` is the most decimals of any, ``grouped`` says whether
    thousands are separated.
    """

    kind: Kind
    unit: str
    readings: Sequence[Sequence[Decimal]]
    places: int = 0
    grouped: bool = False


@dataclass(frozen=True, slots=True)
class NotFigures:
    """Why cells cannot be compared or added; ``at`` is the first one at fault."""

    reason: Literal["no_number", "mixed_units"]
    at: int


def figures_of(cells: Sequence[str], *, may_be_years: bool = True) -> Figures | NotFigures:
    """Read cells as figures, or say why they are none. Numbers such as 1889 are years, if they may be."""
    words = [_FOOTNOTE.sub("", " ".join(cell.split())) for cell in cells]
    dates = [_date(one) for one in words]
    if None in dates:
        dates = _days_in_order(words)
    are_amounts = not may_be_years and all(map(_YEAR.match, words))
    if not are_amounts and all(date is not None for date in dates):
        return Figures("date", "", [[Decimal(date) for date in dates if date is not None]])
    parts = [_NUMBER.match(one) for one in words]
    for at, one in enumerate(parts):
        if one is None:
            return NotFigures("no_number", at)
    found = [one for one in parts if one is not None]
    units = [_unit(one) for one in found]
    unit = next(filter(None, units), "")
    # A currency sign often stands at the first and the last row only; other units are given or not.
    for at, own in enumerate(units):
        if own != unit and not (not own and _is_currency(unit)):
            return NotFigures("mixed_units", at)
    readings = _readings([one["digits"] for one in found])
    if not readings:
        at = next(at for at, one in enumerate(found) if not _readings([one["digits"]]))
        return NotFigures("no_number", at)
    signs = [_sign(one) for one in found]
    signed = [[sign * value for sign, value in zip(signs, values, strict=True)] for values in readings]
    places = max((-_exponent(value) for value in readings[0]), default=0)
    grouped = any(re.search(r"\d[,'’ \u00a0]\d{3}(?!\d)", one["digits"]) for one in found)
    return Figures("number", unit, signed, max(places, 0), grouped)


def _readings(digits: Sequence[str]) -> list[list[Decimal]]:
    """The values by a point as decimal mark, and by a comma where the digits do not rule it out.

    A single comma before three digits, as in ``1,577``, separates thousands, unless another cell shows that
    commas are decimal marks.
    """
    ways: list[list[Decimal]] = []
    if all(_GROUPS.match(one) or _PLAIN.match(one) for one in digits):
        ways.append([Decimal(_SPACES.sub("", one).replace(",", "")) for one in digits])
    if all(_GROUPS_OF_POINTS.match(one) or _PLAIN_COMMA.match(one) for one in digits):
        by_comma = [Decimal(_SPACES.sub("", one).replace(".", "").replace(",", ".")) for one in digits]
        is_sure = not ways
        has_points = any("." in one for one in digits)
        if by_comma not in ways and (is_sure or (has_points and not any(map(_ONE_COMMA.match, digits)))):
            ways.append(by_comma)
    return ways


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _sign(one: re.Match[str]) -> int:
    opened = one["open"] or one["open2"]
    closed = one["close"] or one["close2"]
    minus = any(sign in ("-", "\u2212", "\u2013") for sign in (one["sign"], one["sign2"]))
    return -1 if minus or (opened and closed) else 1


def _unit(one: re.Match[str]) -> str:
    after = (one["after"] or "").rstrip(".")
    return " ".join(filter(None, (one["before"] or "", after)))


def _is_currency(unit: str) -> bool:
    return re.fullmatch(_CURRENCY, unit) is not None


def with_unit(value: str, unit: str) -> str:
    """A value with its unit as cells have it: signs of currencies stand before it."""
    parts = (unit, value) if _is_currency(unit) else (value, unit)
    return " ".join(filter(None, parts))


def _date(cell: str) -> int | None:
    """A year or a date as yyyymmdd; None if the cell is neither."""
    if _YEAR.match(cell):
        return int(cell) * 10_000
    if found := _ISO.match(cell):
        return _number(*map(int, found.groups()))
    if (found := _DAY_MONTH.match(cell)) and found[2].lower() in _MONTHS:
        return _number(int(found[3]), _MONTHS.index(found[2].lower()) + 1, int(found[1]))
    if (found := _MONTH_DAY.match(cell)) and found[1].lower() in _MONTHS:
        return _number(int(found[3]), _MONTHS.index(found[1].lower()) + 1, int(found[2] or 0))
    return None


def _days_in_order(cells: Sequence[str]) -> list[int | None]:
    """Days without a year, such as "25 April", that follow each other; else None for each.

    From December to January they may be of two years.
    """
    dates = [_date(f"{cell} {_NO_YEAR}") if _DAY_ALONE.fullmatch(cell) else None for cell in cells]
    known = [date for date in dates if date is not None]
    return dates if len(known) == len(cells) and known == sorted(known) else [None] * len(cells)


def _number(year: int, month: int, day: int) -> int:
    return year * 10_000 + month * 100 + day


def is_period(name: str) -> bool:
    """Whether the name of a column is that of a year or of another span of time."""
    return _PERIOD.search(name) is not None


_PERIOD = re.compile(
    r"(?<!\d)(?:1[5-9]|20|21)\d\d(?!\d)|\b(?:FY|CY|Q[1-4]|H[12]|1H|2H)\s?'?\d{0,4}\b|\bquarter\b"
    rf"|\b(?:{'|'.join(MONTHS)})\b"
    r"|\A(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)\b",
    re.IGNORECASE,
)
