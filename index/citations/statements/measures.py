"""Read rates, times and weekdays that are written in several ways, beside amounts: "twice a week", "Mon-Fri".

Only what both of two sentences measure is compared by it, in one unit. English; the symbols of units hold in
other languages, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

import regex

from index.citations.statements.amounts import may_have_amounts, read_amounts
from index.citations.statements.numbers import read_numbers
from index.citations.statements.stand_ins import StandIn
from index.patterns import lazy_pattern
from index.text.clock import HALF, HOUR, MINUTE, NOON, minutes_at
from index.text.days import days_of

_PERIODS = {"hour": 8736, "day": 364, "week": 52, "fortnight": 26, "month": 12, "quarter": 4, "year": 1}
"""How often a year; a year of 52 weeks, so that seven times a week is daily."""
_ADVERBS = {
    "hourly": 8736, "daily": 364, "weekly": 52, "fortnightly": 26, "monthly": 12, "quarterly": 4, "yearly": 1,
    "annually": 1,
}  # fmt: skip
_COUNTS = {"once": 1, "twice": 2, "thrice": 3}
_PERIOD = "|".join(_PERIODS)
_RATE = lazy_pattern(
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
_TIME = lazy_pattern(rf"(?<![\d.:,]){_CLOCK}", regex.IGNORECASE)
_TO = lazy_pattern(r"\s?[-–—]\s?| (?:to|till|until|and) ")
_LONE_HOUR = lazy_pattern(
    r"(?<![\d.:,])(?P<hour>1?\d)(?:[:.](?P<minute>[0-5]\d))?(?=\s?[-–—]\s?\d| (?:to|till|until) \d)"
)
_NAMED = {"noon": NOON, "midday": NOON, "midnight": 2 * NOON}

_DAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)(?:(?:s|nes|rs|ur)?days?|s|r|rs)?\b)"
_HOLIDAYS = r"(?:(?:(?:public|bank) )?holidays\b)"
_DAYS = lazy_pattern(
    rf"\b{_DAY}(?:(?:\.?\s?[-–—]\s?| (?:to|till|until|through) |, (?:and )?|,? and | ?& ?)"
    rf"(?:{_DAY}|{_HOLIDAYS}))+"
    r"|\b(?:weekdays|weekends)\b",
    regex.IGNORECASE,
)


_PER = lazy_pattern(
    rf"(?:\b(?:an?|per|each|every) |/ ?)(?P<period>night|person|{_PERIOD})\b", regex.IGNORECASE
)
_RATE_WORDS = frozenset([*_COUNTS, *_ADVERBS, "times", "every", "each"])
_TIME_MARK = lazy_pattern(rf"\d:\d|\d\s?{HALF}|\buhr\b|\b(?:noon|midday|midnight)\b", regex.IGNORECASE)
_DAY_WORD = lazy_pattern(r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}|weekdays|weekends")


def periods(sentence: str) -> frozenset[str]:
    """The periods and persons that amounts of a sentence are for: "20 euros a month"."""
    return frozenset(match["period"].lower() for match in _PER.finditer(sentence))


def read_measures(sentence: str, words: frozenset[str]) -> Iterator[StandIn]:
    """The measures of a sentence, each in one unit: amounts, how often, times of day, and days of the week.

    ``words`` are its words in small letters: most sentences have none of those that matter.
    """
    if may_have_amounts(sentence, words):
        yield from read_amounts(sentence)
    if not _RATE_WORDS.isdisjoint(words):
        yield from _rates(sentence)
    if _TIME_MARK.search(sentence) is not None:
        yield from _times(sentence)
    if any(map(_is_day, words)):
        yield from _days(sentence)


@lru_cache(20_000)
def _is_day(word: str) -> bool:
    return _DAY_WORD.fullmatch(word) is not None


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
