"""Read which days of the week a text names: "Mon to Fri", "daily except Wed"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import regex

from index.text.languages import alphabetic_languages

_DAYS = (
    "monday mon mo montag lundi lun",
    "tuesday tue tues tu di dienstag mardi mar",
    "wednesday wed weds we mi mittwoch mercredi mer",
    "thursday thu thur thurs th do donnerstag jeudi jeu",
    "friday fri fr freitag vendredi ven",
    "saturday sat sa samstag sonnabend samedi sam",
    "sunday sun su so sonntag dimanche dim",
)
_ONE = {name: day for day, names in enumerate(_DAYS, 1) for name in names.split()}
_WEEK, _WORKING, _END = frozenset(range(1, 8)), frozenset(range(1, 6)), frozenset((6, 7))
_SEVERAL = (
    (_WEEK, "daily täglich tgl quotidien tous|les|jours every|day each|day jeden|tag all|week"),
    (_WORKING, "weekday weekdays wochentags werktags working|days"),
    (_END, "weekend weekends wochenende week-end"),
)
_TOKEN = regex.compile(
    r"(?:(?P<several>{})|(?P<to>to|through|till|until|bis|au|à)|(?P<not>except|excluding|not|außer|nicht|sauf)|"
    r"(?P<and>and|und|et|on|am|only|nur|le|les|du)|(?P<day>\p{{L}}{{2,10}}?)s?)(?!\p{{L}})|"
    r"(?P<to>[-–—])|(?P<comma>[,+])|(?P<open>[(\[])|(?P<close>[)\]])|(?P<and>[&/.])".format(
        "|".join(
            name.replace("|", " ")
            for _, names in _SEVERAL
            for name in sorted(names.split(), key=len, reverse=True)
        )
    ),
    regex.IGNORECASE,
)
_LONGEST = 80
_ALSO_MONTH = "mar"
"""A short name of a day, in French, that is one of a month, too."""
_MONTHS = [
    name for one in alphabetic_languages() for name, date in one.dates.items() if date.startswith("month")
]
_ASKED = regex.compile(
    r"(?<!\p{L})(?P<name>(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:mon|diens|donners|frei|sams|sonn)tag|"
    r"mittwoch|sonnabend|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|weekday|weekend|wochenende)s?(?!\p{L})",
    regex.IGNORECASE,
)


def days_of(text: str, beside: Iterable[str] = ()) -> frozenset[int] | None:
    """The days that a text names, from 1 for Monday; None if it says anything else.

    ``beside`` are the other names or cells of its kind: among months, "Mar" is one.
    """
    if not 0 < len(text) <= _LONGEST or (_short(text) == _ALSO_MONTH and any(map(_is_month, beside))):
        return None
    found, left_out = set[int](), set[int]()
    before: frozenset[int] = frozenset()
    is_range = is_left_out = is_inside = is_next = False
    for kind, days in _tokens(text):
        if not kind:
            return None
        if kind == "to":
            is_range = bool(before)
        elif kind == "not":
            is_left_out, is_range = True, False
        elif kind in ("open", "close", "comma"):
            is_inside = kind == "open" or (is_inside and kind == "comma")
            is_left_out &= kind != "close"
            is_next = not is_inside
        elif days:
            own = _from_to(before, days) if is_range else days
            if not own:
                return None
            # Of "Mon to Fri except Wed, Sat" nothing was there to be left out.
            if is_next and left_out & found and not own & found:
                is_left_out = False
            (left_out if is_left_out else found).update(own)
            before, is_range, is_next = days, False, False
    return frozenset(found - left_out) or None


def _short(text: str) -> str:
    return text.casefold().strip(" .")


@lru_cache(maxsize=1000)
def _is_month(text: str) -> bool:
    """Whether a text is the name of a month, or a short form of one, and can be no day."""
    short = _short(text)
    return len(short) > 2 and short not in _ONE and any(name.startswith(short) for name in _MONTHS)


def _tokens(text: str) -> Iterator[tuple[str, frozenset[int]]]:
    """Yield the kind of each word with its days; an empty kind for a word that is not of days."""
    at, text = 0, " ".join(text.split())
    while at < len(text):
        if (match := _TOKEN.match(text, at)) is None:
            yield "", frozenset()
            return
        if match["several"]:
            name = match[0].casefold().replace(" ", "|")
            yield "days", next(days for days, names in _SEVERAL if name in names.split())
        elif match["day"]:
            day = _ONE.get(match["day"].casefold())
            yield ("days", frozenset((day,))) if day else ("", frozenset())
        else:
            yield str(match.lastgroup), frozenset()
        at = match.end() + text.startswith(" ", match.end())


def _from_to(first: frozenset[int], last: frozenset[int]) -> frozenset[int]:
    """The days of a range; none if it ends with days among which it began ("Sunday to weekend").

    What lies within the days before it only says them again: "weekdays - Mon to Fri".
    """
    if last <= first:
        return last
    if first & last:
        return frozenset()
    begin, end = min(first), max(last)
    return frozenset(range(begin, end + 1) if begin <= end else [*range(begin, 8), *range(1, end + 1)])


def days_asked(question: str) -> tuple[frozenset[int], str]:
    """The days of which a question asks, and its words for them; none without any."""
    asked = list(_ASKED.finditer(question))
    days = frozenset[int]().union(*(days_of(match["name"].casefold()) or () for match in asked))
    return days, " ".join(match[0] for match in asked)
