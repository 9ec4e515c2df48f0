"""Read ranges of amounts: "5 to 10 years", "up to 2 kg", "from the fourth month on", "May to September".

English, German, French and Spanish are read. An amount without a bound is a range of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter

import regex

from index.citations.statements.numbers import NUMBER_WORDS, Number, read_numbers
from index.patterns import lazy_pattern
from index.text.languages import FUNCTION_WORDS, alphabetic_languages, is_english
from index.text.letter_case import fold_case

DAY_OF_WEEK, DAY_OF_YEAR = "day of the week", "day of the year"
"""Units of days and months that have names; the third of May is the day 503 of the year."""
DATES = {word: term for language in alphabetic_languages() for word, term in language.dates.items()}
DATES["may"] = "month5"
_NAMES = "|".join(sorted(map(regex.escape, DATES), key=len, reverse=True))
_DATE = lazy_pattern(
    r"(?:\b(?P<day>[0-3]?\d)(?:st|nd|rd|th|\.)?\s(?:of\s|de\s)?)?"
    r"\b(?!may\b(?<!\b(?:in|from|until|till|by|to|after)\smay))"
    r"(?!(?<=(?:^|[.!?]\s*))May\b(?!\s*(?:-|–|to\b|until\b)))"
    rf"(?P<name>(?i:{_NAMES}))s?\b\.?(?:\s(?P<behind>[0-3]?\d)(?:st|nd|rd|th)?(?![\d\p{{L}}:.]))?"
    r"(?:,?\s(?:19|20)\d\d\b)?"
)
"""A day of the week, a month, or a day of one; "may", and "May" that begins a sentence, are mostly verbs."""
_MONTH = 100
_UNITS = {
    name: unit
    for unit, names in {
        "year": "years yr yrs yo age jahr jahre jahren jährig jährige jährigen ans année années año años",
        "month": "months mth mths monat monate monaten monats mois meses",
        "week": "weeks wk wks woche wochen semaine semaines semana semanas",
        "day": "days tag tage tagen jour jours día días",
        "hour": "hours hr hrs h stunde stunden heure heures hora horas",
        "minute": "minutes min mins minuten minutos",
        "person": "persons people guest guests personen personne personnes persona personas gast gäste",
        "kg": "kilo kilos kilogram kilograms kilogramme kilogrammes",
        "g": "gram grams gramme grammes gramm",
        "km": "kilometre kilometres kilometer kilometers",
        "m": "metre metres meter meters mètre mètres metro metros",
        "litre": "l litres liter liters litros",
        "°": "°c °f degree degrees grad degrés grados",
        "€": "euro euros eur",
        "$": "dollar dollars usd",
        "£": "pound pounds gbp",
        "%": "percent prozent",
    }.items()
    for name in (unit, *names.split())
}
_COMMON = frozenset(_UNITS.values())
_TIMES = frozenset(("year", "month", "week", "day"))
_VALUES = frozenset([DAY_OF_WEEK, DAY_OF_YEAR, *"€ $ £ ¥ % cent chf".split()])
"""Units of dates, prices and shares: an amount of them is mostly what is told, and no condition."""
_NO_UNIT = FUNCTION_WORDS | frozenset("pm am p x uhr hasta tot till jusqu".split())
_PLURAL = lazy_pattern(r"(?:es|en|(?<!s)s|n|e)$")
_UNIT = lazy_pattern(
    r"[ \u00a0\u202f-]?(?P<unit>°\s?[CF]?\b|\p{L}[\p{L}\p{M}]*[²³]?|[€$£¥])(?:[\s-](?:olds?|alt|of\s+age)\b)?"
)
_LEAD = lazy_pattern(r"(?P<sign>(?<![^\s(;|])(?<!\d\s)[-−])$|(?P<unit>[€$£¥])\s?$")
_CLOCK = lazy_pattern(r"[:/]\d")
"""In a time of day, a date in digits or a fraction."""
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth",
    "erst zweit dritt viert fünft sechst siebt acht neunt zehnt elft zwölft",
    "premier deuxième troisième quatrième cinquième sixième septième huitième neuvième dixième onzième "
    "douzième",
    "primer segundo tercer cuarto quinto sexto séptimo octavo noveno décimo undécimo duodécimo",
)
_ORDINAL = {word: Decimal(n) for line in _ORDINALS for n, word in enumerate(line.split(), 1)}
_ORDINAL_WORD = lazy_pattern(rf"\b({'|'.join(_ORDINAL)})(?:e[nmrs]?|a)?(?=\s)", regex.IGNORECASE)
_DATE_WORDS = frozenset(word + ending for word in DATES for ending in ("", "s"))
_ORDINAL_WORDS = frozenset(word + ending for word in _ORDINAL for ending in ("", *"e en em er es a".split()))
_COUNTING = NUMBER_WORDS | _DATE_WORDS | _ORDINAL_WORDS
"""Words without one of which, and without a digit, a text has no amount; most sentences have none."""
_LETTERS, _DIGIT = lazy_pattern(r"\p{L}+"), lazy_pattern(r"\d")
_TH = lazy_pattern(r"(?:(?:st|nd|rd|th|er|e|ème)\b|\.)(?=[\s-]\p{L})")
_ABOVE = (
    r"\b(?:over|above|beyond|(?:more|older|longer|later|greater|heavier|larger|bigger|taller|higher)\s+than|"
    r"über|(?:mehr|älter|länger|später|schwerer|größer|höher)\s+als|plus\s+d[e'’]|más\s+de|mayor(?:es)?\s+de)|>"
)
_FROM = (
    r"\b(?:from|starting\s+(?:at|with)|at\s+least|minimum(?:\s+of)?|since|after|mindestens|ab|nach|"
    r"à\s+partir\s+d[eu]|au\s+moins|dès|après|a\s+partir\s+del?|desde|al\s+menos|después\s+de)|≥|>="
)
_UNDER = (
    r"\b(?:under|below|before|(?:less|fewer|younger|shorter|earlier|smaller|lighter|lower)\s+than|"
    r"unter|(?:weniger|jünger|kürzer|früher|leichter|kleiner)\s+als|moins\s+d[e'’]|menos\s+de|menor(?:es)?\s+de)|<"
)
_UP_TO = (
    r"\b(?:(?:up\s+to|until|till)(?:\s+and\s+including)?|at\s+most|within|maximum(?:\s+of)?|max\.?|"
    r"höchstens|maximal|innerhalb\s+von|bis(?:\s+zu[mr]?)?|jusqu['’](?:à|en)|au\s+plus|hasta)|≤|<="
)
_BEFORE = lazy_pattern(
    r"(?:\b(?:aged?|ages)\s+)?(?:(?P<between>\b(?:between|zwischen|entre))|\b(?P<of>de|von)|"
    rf"(?P<not>\b(?:not?|nicht|pas)\s+)?(?:(?P<above>{_ABOVE})|(?P<from>{_FROM})|(?P<under>{_UNDER})|(?P<up_to>{_UP_TO})))"
    r"(?:\s+(?:the|an?|de[mrn]|eine[mr]|l[ae]s?|el|los|age(?:\s+of)?))*\s*$|"
    r"\b(?P<aged>aged?|ages|age\s+of|I['’ ]a?m|turned)\s+$",
    regex.IGNORECASE,
)
_TO = lazy_pattern(
    r"\s*(?:(?P<and>\b(?:and|but|und|aber|et|mais|y|pero)\b)|-|–|—|"
    r"\b(?:to|until|till|through|up\s+to|bis(?:\s+zu[mr]?)?|à|au?|al|hasta|tot)\b)"
    rf"(?:\s+the\b)?(?:\s+(?:but\s+)?(?:(?P<but>{_UNDER})|(?P<most>{_UP_TO}))|\s+and\s+including\b)?\s*",
    regex.IGNORECASE,
)
_AND_OR = r"\s+(?:and|or|und|oder|et|ou|y|o)\s+"
_BEHIND = lazy_pattern(
    rf"(?:(?P<more>{_AND_OR}(?:more|over|above|older|longer|up(?!\s+to\b)|mehr|älter|länger|plus|más)|"
    rf"\s+(?:and\s+)?(?:up|on)wards?|\s+aufwärts)|{_AND_OR}(?:less|fewer|under|below|younger|shorter|weniger|jünger|kürzer|moins|menos))\b",
    regex.IGNORECASE,
)
_AGE = lazy_pattern(
    r"\b(?:aged?|ages|old(?:er)?|younger|yo|alt|älter|jünger|jährig\w*|I['’ ]a?m|turned)\b", regex.IGNORECASE
)
_OF = lazy_pattern(r"(?P<thing>\p{L}{3,})(?P<link>\s+(?:is|are|was|of|de|von|who\s+are|that\s+are))?,?\s+$")
_OF_AGE = (
    "child children kid adolescent teenager teen toddler infant baby adult senior minor youth kind kinder "
    "jugendliche erwachsene enfant adulte niño adulto"
)
_PEOPLE = "person people patient student pupil visitor passenger driver member son daughter boy girl everyone"
_NO_PEOPLE = (
    "dog puppy cat kitten pet horse pony animal car vehicle bike boat house building roof tree machine"
)
_BOUNDS = ("above", "from", "under", "up_to")
_OPPOSITE = {"above": "up_to", "under": "from"}
_WORD = lazy_pattern(r"[\s-]+\K\p{L}+")
_OF_AMOUNT = frozenset(
    "|after|nach|après|within|up to|up to and including|until|till|bis|bis zu|jusqu'à|hasta".split("|")
)
"""Bounds of a question that ask for one amount: "after 7 years" for the rows from five years on, too."""
_NUMBERED = frozenset(
    "version release course room platform number no nr page chapter day week level model type size class "
    "grade error code line gate track bus tram unit floor building zone part".split()
)
_NAME_BEFORE = lazy_pattern(
    r"(?P<name>\p{Lu}[\p{L}\p{N}-]*)\s$|\b(?P<the>the|in|since|of)\s$|(?P<word>\p{L}+)\s$|"
    r"(?P<joined>[\p{L}\p{N}:/.-])$"
)
"""What stands before a number that is part of a name: "HL-320", "STA 214", "course 2"."""
_YEARS = (1000, 2200)
_START, _UNIT_OF = attrgetter("start"), attrgetter("unit")
_BACK = 60
"""Code points before a number in which its bound, or the name that it is part of, is looked for."""


def unit_of(word: str) -> str:
    """A unit in one way of writing it, whatever its number; empty for a word that is none."""
    one = word.casefold().replace(" ", "")
    if one in _UNITS or one in _NO_UNIT:
        return _UNITS.get(one, "")
    one = _PLURAL.sub("", one)
    return f"{one[:-1]}y" if one.endswith("i") else one


_AGED, _PERSONS, _THINGS = (
    frozenset(filter(None, map(unit_of, words.split())))
    for words in (_OF_AGE, f"{_OF_AGE} {_PEOPLE}", _NO_PEOPLE)
)


@dataclass(frozen=True, slots=True)
class Range:
    """The amounts of a ``unit`` from ``least`` to ``most`` at ``[start, end)``; None where there is no bound.

    ``bound`` is what makes it a range, empty for an amount alone. That has two ends if it is unclear: a month
    has many days, and 1.000 is a thousand to some and one to others. ``thing`` is of what it may be the age,
    and ``is_age`` tells whether it is one for certain.
    """

    start: int
    end: int
    unit: str
    least: Decimal | None
    most: Decimal | None
    bound: str = ""
    has_least: bool = True
    has_most: bool = True
    thing: str = ""
    is_age: bool = False

    @property
    def is_value(self) -> bool:
        """Whether it is a price, a share or a date alone, which is rather told than a condition."""
        return not self.bound and self.unit in _VALUES

    @property
    def is_of_any(self) -> bool:
        """Whether things of any kind have its unit: years or kg, but not rooms."""
        return self.unit in _COMMON

    def has(self, amount: Range) -> bool | None:
        """Whether an amount is in it; None if that is not clear."""
        found = {self.holds(one) for one in (amount.least, amount.most) if one is not None}
        return found.pop() if len(found) == 1 else None

    def holds(self, value: Decimal) -> bool:
        """Whether a value is in it."""
        is_over = self.least is None or value > self.least or (self.has_least and value == self.least)
        is_under = self.most is None or value < self.most or (self.has_most and value == self.most)
        if self.least is not None and self.most is not None and self.least > self.most:
            return is_over or is_under  # from October to April
        return is_over and is_under

    def distance(self, amount: Range) -> Decimal:
        """How far the bounds are from an amount: the nearest range is the one that is meant."""
        bounds = [abs(one - (amount.most or 0)) for one in (self.least, self.most) if one is not None]
        return max(bounds) if len(bounds) > 1 else bounds[0]

    def may_have(self, amount: Range) -> bool:
        """Whether it has the unit of an amount, and is not the age of another thing, or a time for an age."""
        if self.unit != amount.unit or self.unit not in _TIMES:
            return self.unit == amount.unit
        if not amount.is_age:
            return not self.is_age
        if not self.thing or self.thing == amount.thing:
            return True
        if not amount.thing or amount.thing in _PERSONS:
            return self.thing not in _THINGS
        return not (self.is_age or self.thing in _PERSONS)


def read_ranges(text: str, units: Set[str] = frozenset()) -> list[Range]:
    """The ranges of a text, and the amounts that have no bound, in order.

    None where no number has one of these ``units``, or none at all; without units, all.
    """
    found: list[Range] = []
    amounts = sorted(_amounts(text), key=_START, reverse=True)
    if units and frozenset(("", *units)).isdisjoint(map(_UNIT_OF, amounts)):
        return []
    while amounts:
        one = amounts.pop()
        first = max(found[-1].end if found else 0, one.start - _BACK)
        before = _BEFORE.search(text[first : one.start])
        following = amounts[-1] if amounts else None
        if range_ := _joined(text, one, following, before) if following else None:
            amounts.pop()
        range_ = range_ or _alone(text, one, before, following)
        if before is not None and (range_.bound or before["aged"]):
            range_ = replace(range_, start=first + before.start())
        found.append(_with_thing(text, range_))
    return found


def only_range(cell: str, *, is_part: bool = False) -> Range | None:
    """The range that a cell is, or that is the only one in it if ``is_part``; None for another cell."""
    found = [one for one in read_ranges(cell) if one.bound]
    if len(found) != 1:
        return None
    rest = cell[: found[0].start] + cell[found[0].end :]
    return found[0] if is_part or rest.strip(" ().") in ("", "on") else None


@lru_cache(64)
def amounts_in(question: str) -> Sequence[Range]:
    """The amounts of a question; none if it asks for a range itself, as "more than 15 people" does."""
    found = [one for one in read_ranges(question) if one.unit]
    if not all(one.bound in _OF_AMOUNT for one in found):
        return ()
    return tuple(
        replace(one, least=one.most if one.least is None else one.least, most=one.least or one.most)
        if one.bound
        else one
        for one in found
        if not _is_of_name(question, one)
    )


def _is_of_name(question: str, one: Range) -> bool:
    """Whether what stands before a number makes it the number of one thing, or a year."""
    match = _NAME_BEFORE.search(question, max(0, one.start - _BACK), one.start)
    if match is None or one.unit in (DAY_OF_YEAR, DAY_OF_WEEK):
        return False
    if match["the"]:
        return one.most is not None and _YEARS[0] <= one.most < _YEARS[1]
    is_name = match["name"] is not None and match.start() > 0
    return is_name or match["joined"] is not None or (match["word"] or "").casefold() in _NUMBERED


def _joined(text: str, first: Range, last: Range, before: regex.Match[str] | None) -> Range | None:
    """The range from one amount to another; None if nothing joins them."""
    to = _TO.fullmatch(text, first.end, last.start)
    if to is None or first.unit not in ("", last.unit):
        return None
    kind, _ = _bound(before)
    is_from_to = kind in ("above", "from") and bool(to["but"] or to["most"])  # over 2 and under 10
    if to["and"] and not is_from_to and not (before and before["between"]):
        return None
    least, most = _first_of(first), last.most or Decimal(0)
    if last.unit == DAY_OF_YEAR and not first.unit:  # 1 to 15 May
        least += _first_of(last) // _MONTH * _MONTH
    if least > most and last.unit not in (DAY_OF_YEAR, DAY_OF_WEEK):
        if most >= 0:
            return None
        least, most = most, least
    return Range(first.start, last.end, last.unit, least, most, "to", kind != "above", to["but"] is None)


def _bound(before: regex.Match[str] | None) -> tuple[str, str]:
    """The kind of bound that the words before an amount make it, and these words; both empty for none."""
    kind = "" if before is None else next((kind for kind in _BOUNDS if before[kind]), "")
    if before is None or not kind:
        return "", ""
    if before["not"]:
        kind = _OPPOSITE.get(kind, kind)
        return kind, kind
    return kind, " ".join(before[kind].casefold().split())


def _first_of(one: Range) -> Decimal:
    """An amount as the least of a range: the first day of a month, but an unclear number is in thousands."""
    found = one.least if one.unit == DAY_OF_YEAR else one.most
    return found or Decimal(0)


def _alone(text: str, one: Range, before: regex.Match[str] | None, following: Range | None) -> Range:
    """The range that the words around an amount make of it, or the amount itself."""
    kind, bound = _bound(before)
    kind, bound = kind or one.bound, bound or one.bound
    end, unit = one.end, one.unit
    behind = _BEHIND.match(text, end)
    if behind is not None and not _is_bound_of(text, behind, following):
        kind = kind or ("from" if behind["more"] else "up_to")
        end, unit = (behind.end(), unit) if unit else _unit(text, behind.end())  # 10 or more people
    least = _first_of(one) if kind == "from" else one.most
    most = _first_of(one) if kind == "under" else one.most
    ends = {"": (one.least, one.most), "above": (least, None), "from": (least, None)}.get(kind, (None, most))
    return Range(one.start, end, unit, *ends, bound or kind, kind != "above", kind != "under")


def _is_bound_of(text: str, behind: regex.Match[str], following: Range | None) -> bool:
    """Whether words behind an amount are the bound of the next one: "under" of "2 kg and under 10 kg"."""
    if following is None or following.start - behind.end() > _BACK:
        return False
    bound = _BEFORE.search(text, behind.start(), following.start)
    return bound is not None and bound.start() < behind.end()


def _with_thing(text: str, one: Range) -> Range:
    """A range of time with what it may be the age of; an age without a unit is in years."""
    is_age = _AGE.search(text, one.start, one.end) is not None
    if (one.unit or ("year" if is_age else "")) not in _TIMES:
        return one
    word = _WORD.match(text, one.end) if is_age else None
    thing = unit_of(word[0]) if word else ""
    if thing not in _PERSONS | _THINGS:
        of = _OF.search(text, max(0, one.start - _BACK), one.start)
        is_told = of is not None and (one.bound or of["link"] or _AGE.match(text, one.start))
        thing = unit_of(of["thing"]) if of is not None and is_told else ""
    return replace(one, unit=one.unit or "year", thing=thing, is_age=is_age or thing in _AGED)


def _amounts(text: str) -> Iterator[Range]:
    """Yield the dates and the numbers, and the ordinals before a time."""
    words = frozenset(_LETTERS.findall(fold_case(text)))
    if words.isdisjoint(_COUNTING) and _DIGIT.search(text) is None:
        return
    dates = [] if words.isdisjoint(_DATE_WORDS) else list(_DATE.finditer(text))
    yield from map(_date, dates)
    numbers = read_numbers(text)
    # Tell the language once: it takes the whole text.
    is_in_english = any(len(one.values) > 1 for one in numbers) and is_english(text)
    for number in _outside(dates, numbers):
        if not _CLOCK.search(text, max(0, number.start - 1), number.end + 2):
            yield _counted(text, number, is_in_english=is_in_english)
    for match in () if words.isdisjoint(_ORDINAL_WORDS) else _ORDINAL_WORD.finditer(text):
        value, (end, unit) = _ORDINAL[fold_case(match[1])], _unit(text, match.end())
        if unit in _TIMES:
            yield Range(match.start(), end, unit, value, value)


def _outside(dates: Sequence[regex.Match[str]], numbers: Iterable[Number]) -> Iterator[Number]:
    """Yield the numbers that are no part of a date; both are in order."""
    at = 0
    for number in numbers:
        while at < len(dates) and dates[at].end() <= number.start:
            at += 1
        if at == len(dates) or number.start < dates[at].start():
            yield number


def _date(match: regex.Match[str]) -> Range:
    term = DATES[fold_case(match["name"])]
    value, day = Decimal(term.lstrip("daymonth")), int(match["day"] or match["behind"] or 0)
    if term.startswith("day"):
        return Range(*match.span(), DAY_OF_WEEK, value, value)
    value = value * _MONTH + day
    return Range(*match.span(), DAY_OF_YEAR, value, value if day else value + _MONTH - 1)


def _counted(text: str, number: Number, *, is_in_english: bool) -> Range:
    """A number with the unit that stands behind it, or the sign of money before it."""
    low, high = min(number.values), max(number.values)
    if low < high and ("," in text[number.start : number.end] or not is_in_english):
        low = high
    is_open = text.startswith("+", number.end)
    end, unit = (number.end, "%") if number.is_percent else _unit(text, number.end + is_open)
    lead = _LEAD.search(text, max(0, number.start - 4), number.start)
    if lead is not None and lead["sign"]:
        low, high = -high, -low
    start, unit = (lead.start(), lead["unit"] or unit) if lead else (number.start, unit)
    return Range(start, end, unit, low, high, "from" if is_open else "")


def _unit(text: str, at: int) -> tuple[int, str]:
    """Where the unit behind a number ends, and the unit."""
    ordinal = _TH.match(text, at)
    match = _UNIT.match(text, ordinal.end() if ordinal else at)
    unit = unit_of(match["unit"]) if match else ""
    return (match.end(), unit) if match and unit and (not ordinal or unit in _TIMES) else (at, "")
