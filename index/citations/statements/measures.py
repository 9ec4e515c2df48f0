"""Read amounts, rates, times and weekdays that are written in several ways: "45 minutes", "Mon-Fri".

Only what both of two sentences measure is compared by it, in one unit. English; the symbols of units hold in
other languages, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache

import regex

from index.citations.statements.numbers import Number, read_numbers
from index.citations.statements.stand_ins import StandIn
from index.text.clock import HALF, HOUR, MINUTE, NOON, minutes_at
from index.text.days import days_of

_UNITS = {
    "time": {"seconds? secs?": "1", "minutes? mins?": "60", "hours? hrs?": "3600", "days?": "86400",
             "weeks?": "604800"},
    "months": {"months?": "1", "years?": "12"},
    "length": {"mm millimet(?:re|er)s?": "1", "cm centimet(?:re|er)s?": "10", "m met(?:re|er)s?": "1000",
               "km kilomet(?:re|er)s?": "1000000"},
    "volume": {"ml millilit(?:re|er)s?": "1", "cl centilit(?:re|er)s?": "10", "l lit(?:re|er)s?": "1000"},
    "mass": {"g grams? grammes?": "1", "kg kilos? kilograms? kilogrammes?": "1000", "t tonnes?": "1000000"},
    "money": {"cents?": "1", "euros?": "100"},
}  # fmt: skip
_FORMS = [
    (regex.compile(forms.replace(" ", "|")), measure, Decimal(factor))
    for measure, some in _UNITS.items()
    for forms, factor in some.items()
]
_UNIT = "|".join(form for some in _UNITS.values() for forms in some for form in forms.split())
_BEHIND = regex.compile(rf"(?P<half> and a half)?[\s\-]?(?P<unit>{_UNIT})\b(?![²³'’])")
_SIGN = regex.compile(r"(?:[€$]|\b(?:EUR|USD))\s?\Z")
_SIGN_BEHIND = regex.compile(r"\s?(?:[€$]|(?:EUR|USD)\b)")
_SCALE = regex.compile(r"\s?(?P<scale>[km])\b(?![²³'’])", regex.IGNORECASE)
_SCALES = {"k": Decimal(1000), "m": Decimal(10**6)}
_CENTS = Decimal(_UNITS["money"]["euros?"])
_FRACTION = regex.compile(
    rf"\b(?:(?P<half>half an?)|(?P<three>three[ -]quarters of an?)|(?P<quarter>a quarter of an?)"
    rf"|(?P<more>(?:one|an?) and a half)|(?P<one>one)) (?P<unit>{_UNIT})\b(?P<also> and a half)?"
    rf"|\ban? (?P<unit>{_UNIT})(?P<also> and a half)\b",
    regex.IGNORECASE,
)
_PARTS = {"half": "0.5", "three": "0.75", "quarter": "0.25", "more": "1.5", "one": "1"}

_HALF = Decimal("0.5")

_PERIODS = {"hour": 8736, "day": 364, "week": 52, "fortnight": 26, "month": 12, "quarter": 4, "year": 1}
"""How often a year; a year of 52 weeks, so that seven times a week is daily."""
_ADVERBS = {
    "hourly": 8736, "daily": 364, "weekly": 52, "fortnightly": 26, "monthly": 12, "quarterly": 4, "yearly": 1,
    "annually": 1,
}  # fmt: skip
_COUNTS = {"once": 1, "twice": 2, "thrice": 3}
_PERIOD = "|".join(_PERIODS)
_RATE = regex.compile(
    r"\b(?:(?:(?P<count>once|twice|thrice)|(?<![\w-])(?P<times>[\w-]++) times) "
    r"(?:(?:in )?an?|per|each|every) "
    rf"(?:(?P<number>\w+) )?(?P<period>{_PERIOD})s?"
    rf"|(?:every|each) (?:(?P<number>\w+) )?(?P<period>{_PERIOD})s?"
    # No "weekly newsletter".
    rf"|(?P<adverb>{'|'.join(_ADVERBS)})(?=\W*\Z|[,;.)]|\s+(?:at|by|during|for|from|in|on|until|with)\b))\b",
    regex.IGNORECASE,
)

_CLOCK = (
    r"(?:(?:12(?:[:.]00)?\s)?(?P<name>noon|midday|midnight)\b"
    rf"|{HOUR}(?:[:.]{MINUTE})?\s?(?:{HALF}|uhr\b)|{HOUR}:{MINUTE}(?![\d:])(?:\s(?:hrs|hours)\b)?)"
)
_TIME = regex.compile(rf"(?<![\d.:,]){_CLOCK}", regex.IGNORECASE)
_TO = regex.compile(r"\s?[-–—]\s?| (?:to|till|until|and) ")
_LONE_HOUR = regex.compile(
    r"(?<![\d.:,])(?P<hour>1?\d)(?:[:.](?P<minute>[0-5]\d))?(?=\s?[-–—]\s?\d| (?:to|till|until) \d)"
)
_NAMED = {"noon": NOON, "midday": NOON, "midnight": 2 * NOON}

_DAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)(?:(?:s|nes|rs|ur)?days?|s|r|rs)?\b)"
_DAYS = regex.compile(
    rf"\b{_DAY}(?:(?:\.?\s?[-–—]\s?| (?:to|till|until|through) |, (?:and )?|,? and | ?& ?){_DAY})+"
    r"|\b(?:weekdays|weekends)\b",
    regex.IGNORECASE,
)


_PER = regex.compile(
    rf"(?:\b(?:an?|per|each|every) |/ ?)(?P<period>night|person|{_PERIOD})\b", regex.IGNORECASE
)
_UNIT_WORD = regex.compile(_UNIT)
_MONEY_MARK = regex.compile(r"[€$]|\b(?:EUR|USD)\b")
_RATE_WORDS = frozenset([*_COUNTS, *_ADVERBS, "times", "every", "each"])
_TIME_MARK = regex.compile(rf"\d:\d|\d\s?{HALF}|\buhr\b|\b(?:noon|midday|midnight)\b", regex.IGNORECASE)
_DAY_WORD = regex.compile(r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}|weekdays|weekends")


def periods(sentence: str) -> frozenset[str]:
    """The periods and persons that amounts of a sentence are for: "20 euros a month"."""
    return frozenset(match["period"].lower() for match in _PER.finditer(sentence))


def read_measures(sentence: str, words: frozenset[str]) -> Iterator[StandIn]:
    """The measures of a sentence, each in one unit: amounts, how often, times of day, and days of the week.

    ``words`` are its words in small letters: most sentences have none of those that matter.
    """
    if any(map(_is_unit, words)) or _MONEY_MARK.search(sentence) is not None:
        yield from _amounts(sentence)
    if not _RATE_WORDS.isdisjoint(words):
        yield from _rates(sentence)
    if _TIME_MARK.search(sentence) is not None:
        yield from _times(sentence)
    if any(map(_is_day, words)):
        yield from _days(sentence)


@lru_cache(20_000)
def _is_unit(word: str) -> bool:
    return _UNIT_WORD.fullmatch(word) is not None


@lru_cache(20_000)
def _is_day(word: str) -> bool:
    return _DAY_WORD.fullmatch(word) is not None


def _amounts(sentence: str) -> Iterator[StandIn]:
    fractions = list(_FRACTION.finditer(sentence))
    for match in fractions:
        part = next((value for name, value in _PARTS.items() if match[name]), "1")
        value = Decimal(part) + (_HALF if match["also"] else 0)
        yield _amount(match.start(), match.end(), [value], match["unit"], in_words=True)
    for number in read_numbers(sentence):
        if money := _money(sentence, number):
            yield money
            continue
        unit = _BEHIND.match(sentence, number.end)
        if unit is None or number.is_percent:
            continue
        if any(one.start() < unit.end() and number.start < one.end() for one in fractions):
            continue
        values = [value + (_HALF if unit["half"] else 0) for value in number.values]
        yield _amount(number.start, unit.end(), values, unit["unit"], in_words=bool(unit["half"]))


def _money(sentence: str, number: Number) -> StandIn | None:
    """An amount with the sign of a currency: "€2.50", "2 EUR", "$5m"."""
    before = _SIGN.search(sentence, max(0, number.start - 4), number.start)
    sign = before or _SIGN_BEHIND.match(sentence, number.end)
    if sign is None or number.is_percent:
        return None
    scale = _SCALE.match(sentence, number.end) if before else None
    start, end = (sign.start(), number.end) if before else (number.start, sign.end())
    factor = _CENTS * (_SCALES[scale["scale"].lower()] if scale else 1)
    form = f"{sign[0].strip()}{scale['scale'].lower() if scale else ''}"
    values = frozenset(value * factor for value in number.values)
    return StandIn(start, scale.end() if scale else end, "money", form, values=values, is_exact=False)


def _amount(start: int, end: int, values: Iterable[Decimal], unit: str, *, in_words: bool) -> StandIn:
    measure, factor = next((m, f) for form, m, f in _FORMS if form.fullmatch(unit.lower()))
    form = f"{unit.lower().rstrip('s')}{' in words' if in_words else ''}"
    in_base = frozenset(value * factor for value in values)
    return StandIn(start, end, measure, form, values=in_base, is_exact=False)


def _count(word: str | None) -> int | None:
    """A whole number in digits or letters; 1 without one."""
    if word is None or word.lower() == "one":
        return 1
    if word.lower() == "other":
        return 2
    found = read_numbers(word)
    is_whole = len(found) == 1 and found[0].end == len(word) and found[0].is_at_most(1000)
    return int(max(found[0].values)) if is_whole else None


def _rates(sentence: str) -> Iterator[StandIn]:
    for match in _RATE.finditer(sentence):
        if match["adverb"]:
            value = Decimal(_ADVERBS[match["adverb"].lower()])
        else:
            count = _COUNTS.get((match["count"] or "").lower()) or _count(match["times"])
            periods = _count(match["number"])
            if not count or not periods:
                continue
            value = Decimal(count * _PERIODS[match["period"].lower()]) / periods
        yield StandIn(match.start(), match.end(), "rate", "", values=frozenset([value]))


def _times(sentence: str) -> Iterator[StandIn]:
    """The times of day; a time until another one is one span of both."""
    read = ((one.start(), one.end(), _minutes(one)) for one in _TIME.finditer(sentence))
    found = [(start, end, minutes) for start, end, minutes in read if minutes is not None]
    at = 0
    while at < len(found):
        start, end, minutes = found[at]
        lone = _LONE_HOUR.search(sentence, max(0, start - 12), start)
        following = found[at + 1] if at + 1 < len(found) else None
        if following is not None and _TO.fullmatch(sentence, end, following[0]):
            yield _span(start, following[1], minutes, following[2])
            at += 1
        elif lone is not None and _TO.fullmatch(sentence, lone.end(), start):
            first = 60 * int(lone["hour"]) + int(lone["minute"] or 0)
            if not sentence[end - 1].isdigit() and first + NOON < minutes:
                first += NOON  # "2-4 pm"
            yield _span(lone.start(), end, first, minutes)
        else:
            yield StandIn(start, end, "time of day", "", values=frozenset([Decimal(minutes % (2 * NOON))]))
        at += 1


def _span(start: int, end: int, first: int, last: int) -> StandIn:
    value = Decimal(first * 10_000 + (last or 2 * NOON))
    return StandIn(start, end, "opening", "", values=frozenset([value]))


def _minutes(match: regex.Match[str]) -> int | None:
    return _NAMED[match["name"].lower()] if match["name"] else minutes_at(match)


_days_of = lru_cache(20_000)(days_of)
_WEEKDAYS = "weekdays "


def days_told(term: str) -> frozenset[str]:
    """The days of the term of a word for days of the week; none of another one's."""
    return frozenset(term.removeprefix(_WEEKDAYS)) if term.startswith(_WEEKDAYS) else frozenset()


def _days(sentence: str) -> Iterator[StandIn]:
    for match in _DAYS.finditer(sentence):
        if days := _days_of(match[0]):
            term = _WEEKDAYS + "".join(map(str, sorted(days)))
            yield StandIn(match.start(), match.end(), "days", "", terms=(("date", term),))
