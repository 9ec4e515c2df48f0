"""Read amounts in one unit in all forms in which sentences write them: "45 minutes", "1 h 30", "€2.50".

English, with the units of time and money of German, French and Spanish; symbols hold in other languages, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import regex

from index.citations.statements.numbers import Number, read_numbers
from index.citations.statements.stand_ins import StandIn
from index.patterns import lazy_pattern

_UNITS = {
    "time": {"seconds? secs? sekunden? secondes? segundos?": "1",
             "minutes? mins? minuten? minutos?": "60",
             "h hours? hrs? stunden? std heures? horas?": "3600",
             "days? tage? jours? días?": "86400",
             "weeks? wochen? semaines? semanas?": "604800"},
    "months": {"months? monaten? monate mois mes(?:es)?": "1",
               "years? jahren? jahre ans années? años?": "12"},
    "length": {"mm millimet(?:re|er)s?": "1", "cm centimet(?:re|er)s?": "10", "m met(?:re|er)s?": "1000",
               "km kilomet(?:re|er)s?": "1000000"},
    "volume": {"ml millilit(?:re|er)s?": "1", "cl centilit(?:re|er)s?": "10", "l lit(?:re|er)s?": "1000"},
    "mass": {"g grams? grammes?": "1", "kg kilos? kilograms? kilogrammes?": "1000", "t tonnes?": "1000000"},
    "euro": {"cents?": "1", "euros?": "100"},
    # Cents are of both: the other sentence tells of which.
    "dollar": {"cents?": "1", r"(?:us\s)?dollars? dólar(?:es)?": "100"},
    "pound": {"pence penny": "1", "pounds?": "100"},
    "franc": {"centimes? rappen": "1", "francs? franken francos?": "100"},
}  # fmt: skip
_FORMS = [
    (lazy_pattern(forms.replace(" ", "|")), measure, Decimal(factor))
    for measure, some in _UNITS.items()
    for forms, factor in some.items()
]
_WORDS = [form for some in _UNITS.values() for forms in some for form in forms.split()]
_SHORTEST = 3
"""Letters from which a unit may have capitals: "Minuten", but not "M"."""
_UNIT = (
    rf"(?:(?i:{'|'.join(one for one in _WORDS if len(one) >= _SHORTEST)})"
    rf"|{'|'.join(one for one in _WORDS if len(one) < _SHORTEST)})\b"
)
_UNIT_WORD = lazy_pattern(_UNIT)
_PARTS = {"half": "0.5", "three": "0.75", "quarter": "0.25", "more": "1.5", "one": "1"}
_ALSO = r" and (?:(?P<half>a half)|(?P<quarter>a quarter)|(?P<three>three[ -]quarters))"
_BEHIND = lazy_pattern(rf"(?:{_ALSO})?[\s\-]?(?P<unit>{_UNIT})(?![²³'’])")
_FRACTION = lazy_pattern(
    rf"\b(?:(?:(?P<half>half an?)|(?P<three>three[ -]quarters of an?)|(?P<quarter>a quarter of an?)"
    rf"|(?P<more>(?:one|an?) and a half)) (?P<unit>{_UNIT})"
    rf"|(?P<one>one) (?P<unit>{_UNIT})(?:{_ALSO})?"
    rf"|(?P<one>an?) (?P<unit>{_UNIT}){_ALSO})",
    regex.IGNORECASE,
)
_ONE = lazy_pattern(rf"\b(?<!(?:\d|{_UNIT}|\bonce|\btwice|\btimes)\s)an? (?P<unit>{_UNIT})", regex.IGNORECASE)
"""One of a unit, which only with a smaller one behind it is an amount: "an hour and 30 minutes"."""
_HOURS = lazy_pattern(
    r"(?<![\p{L}\p{N}.,:])(?P<hours>\d{1,3})\s?h(?:rs?)?\s?(?P<minutes>[0-5]\d)(?![\p{N}.,:]\p{N}|\p{N})"
    rf"(?:\s?m(?:in(?:ute)?s?)?\b)?+(?!\s?(?:[%€$£]|{_UNIT}))"
)
_AND = lazy_pattern(r",? (?:and|und|et|y) |,? ?")
_BETWEEN = lazy_pattern(r"\b(?:between|zwischen|entre)\s\Z", regex.IGNORECASE)
_PERIOD = lazy_pattern(r" ?/| (?:an?|per|each|every|pro|par|por)\b", regex.IGNORECASE)

_CURRENCIES = {"€": "euro", "EUR": "euro", "$": "dollar", "US$": "dollar", "USD": "dollar", "£": "pound",
               "GBP": "pound", "CHF": "franc"}  # fmt: skip
_MARK = r"(?P<mark>(?<!\p{L})(?:US)?\$|[€£]|\b(?:EUR|USD|GBP|CHF)\b)"
_MONEY_MARK = lazy_pattern(_MARK)
_MARK_BEFORE = lazy_pattern(rf"{_MARK}\s?\Z")
_MARK_BEHIND = lazy_pattern(rf"\s?{_MARK}")
_LONGEST_MARK = 4
_SCALE = lazy_pattern(r"\s?(?P<scale>[km])\b(?![²³'’])", regex.IGNORECASE)
_SCALES = {"k": Decimal(1000), "m": Decimal(10**6)}
_CENTS = Decimal(100)


@dataclass(frozen=True, slots=True)
class _Amount:
    """A number of units at ``[start, end)``, in the smallest unit of its measure; ``unit`` is one of its own.

    Without a form it is compared with the same measure in any form, so also with one of several parts.
    """

    start: int
    end: int
    measure: str
    form: str
    values: frozenset[Decimal]
    unit: Decimal

    def stand_in(self) -> StandIn:
        return StandIn(self.start, self.end, self.measure, self.form, values=self.values, is_exact=False)

    def with_part(self, part: _Amount) -> _Amount:
        """Add an amount of a smaller unit: "1 hour 30 minutes"."""
        values = frozenset(one + that for one in self.values for that in part.values)
        return _Amount(self.start, part.end, self.measure, "", values, part.unit)

    def has_part(self, part: _Amount, sentence: str) -> bool:
        """Tell whether an amount behind it is a part of it, as in "2 years and 6 months"."""
        is_smaller = part.measure == self.measure and part.unit < self.unit and max(part.values) < self.unit
        return (
            is_smaller
            and self.end <= part.start
            and (between := _AND.fullmatch(sentence, self.end, part.start)) is not None
            and _BETWEEN.search(sentence, max(0, self.start - 10), self.start) is None
            # "For 2 weeks, 5 days a week" are two.
            and not ("," in between[0] and _PERIOD.match(sentence, part.end))
        )


def may_have_amounts(sentence: str, words: Iterable[str]) -> bool:
    """Tell whether a sentence may have amounts; ``words`` are its own in small letters."""
    return (
        any(map(_is_unit, words))
        or _MONEY_MARK.search(sentence) is not None
        or _HOURS.search(sentence) is not None
    )


@lru_cache(20_000)
def _is_unit(word: str) -> bool:
    return _UNIT_WORD.fullmatch(word) is not None


def read_amounts(sentence: str) -> Iterator[StandIn]:
    """The amounts of a sentence, each in the smallest unit of its measure, in order."""
    found = sorted(_single(sentence), key=lambda one: (one.start, -one.end))
    openings = list(_ONE.finditer(sentence))
    taken: set[int] = set()
    for at, one in enumerate(found):
        if at in taken:
            continue
        whole = one
        for to in range(at + 1, len(found)):
            if whole.has_part(found[to], sentence):
                whole = whole.with_part(found[to])
                taken.add(to)
        yield (_with_one(whole, openings, sentence) or whole).stand_in()


def _with_one(part: _Amount, openings: Sequence[regex.Match[str]], sentence: str) -> _Amount | None:
    """An amount with the one of a larger unit before it: "an hour and 30 minutes"."""
    for match in openings:
        for one in _amounts_of(match.start(), match.end(), [Decimal(1)], match["unit"], " in words"):
            if one.has_part(part, sentence):
                return one.with_part(part)
    return None


def _single(sentence: str) -> Iterator[_Amount]:
    """The amounts of one unit each, and those of hours with minutes: "1 h 30"."""
    taken: list[tuple[int, int]] = []
    for match in _HOURS.finditer(sentence):
        taken.append(match.span())
        value = 3600 * Decimal(match["hours"]) + 60 * Decimal(match["minutes"])
        yield _Amount(*match.span(), "time", "", frozenset([value]), Decimal(60))
    for match in _FRACTION.finditer(sentence):
        taken.append(match.span())
        value = _parts(match)
        yield from _amounts_of(*match.span(), [value], match["unit"], f" in words {value}")
    for number in read_numbers(sentence):
        if not number.is_percent and not any(
            start < number.end and number.start < end for start, end in taken
        ):
            yield from _of_number(sentence, number)


def _of_number(sentence: str, number: Number) -> Iterator[_Amount]:
    if money := _money(sentence, number):
        yield money
    elif unit := _BEHIND.match(sentence, number.end):
        part = _parts(unit)
        values = [value + part for value in number.values]
        yield from _amounts_of(number.start, unit.end(), values, unit["unit"], " in words" if part else "")


def _parts(match: regex.Match[str]) -> Decimal:
    """The sum of the parts in words that a match has: 1.5 for "one" and "and a half"."""
    return sum(
        (Decimal(_PARTS[name]) for name, found in match.groupdict().items() if found and name in _PARTS),
        Decimal(0),
    )


def _money(sentence: str, number: Number) -> _Amount | None:
    """An amount with the sign of a currency: "€2.50", "2 EUR", "$5m"."""
    before = _MARK_BEFORE.search(sentence, max(0, number.start - _LONGEST_MARK - 1), number.start)
    sign = before or _MARK_BEHIND.match(sentence, number.end)
    if sign is None:
        return None
    scale = _SCALE.match(sentence, number.end) if before else None
    start, end = (sign.start(), number.end) if before else (number.start, sign.end())
    factor = _CENTS * (_SCALES[scale["scale"].lower()] if scale else 1)
    # Without a form it is compared always: alone, "USD 20" would be a name with a number.
    form = (
        ""
        if sign["mark"].startswith(tuple("CEGU"))
        else f"{sign['mark']}{scale['scale'].lower() if scale else ''}"
    )
    values = frozenset(value * factor for value in number.values)
    return _Amount(start, scale.end() if scale else end, _CURRENCIES[sign["mark"]], form, values, _CENTS)


def _amounts_of(start: int, end: int, values: Sequence[Decimal], unit: str, added: str) -> Iterator[_Amount]:
    """So many of a unit, in each measure that has one of this name: cents are of euros and of dollars."""
    for form, measure, factor in _FORMS:
        if form.fullmatch(unit.lower()):
            in_base = frozenset(value * factor for value in values)
            # "US" would be a name between the number and its unit.
            name = "" if len(unit.split()) > 1 else f"{unit.lower().rstrip('s')}{added}"
            yield _Amount(start, end, measure, name, in_base, factor)
