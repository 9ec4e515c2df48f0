"""Read of which days of the week a cell or a column is: "Mon to Fri", "daily except Wed"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import regex

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
    r"(?:(?P<several>{})|(?P<to>to|through|bis|au|à)|(?P<not>except|excluding|not|außer|nicht|sauf)|"
    r"(?P<and>and|und|et|on|am|only|nur|le|les|du)|(?P<day>\p{{L}}{{2,10}}?)s?)(?!\p{{L}})|"
    r"(?P<to>[-–—])|(?P<and>[,&/+.()])".format(
        "|".join(
            name.replace("|", " ")
            for _, names in _SEVERAL
            for name in sorted(names.split(), key=len, reverse=True)
        )
    ),
    regex.IGNORECASE,
)
_LONGEST = 60
_ASKED = regex.compile(
    r"(?<!\p{L})(?P<name>(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:mon|diens|donners|frei|sams|sonn)tag|"
    r"mittwoch|sonnabend|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|weekday|weekend|wochenende)s?(?!\p{L})",
    regex.IGNORECASE,
)


def days_of(text: str) -> frozenset[int] | None:
    """The days that a text names, from 1 for Monday; None if it says anything else."""
    if not 0 < len(text) <= _LONGEST:
        return None
    found: set[int] = set()
    first: int | None = None
    is_range = is_left_out = False
    for kind, days in _tokens(text):
        if not kind:
            return None
        if kind == "to":
            is_range = first is not None
        elif kind == "not":
            is_left_out, is_range = True, False
        elif days:
            own = _from_to(first, min(days)) if is_range and first and len(days) == 1 else days
            found = found.difference(own) if is_left_out else found.union(own)
            first, is_range = (min(days) if len(days) == 1 else None), False
    return frozenset(found) or None


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
            yield ("to" if match["to"] else "not" if match["not"] else "and"), frozenset()
        at = match.end() + text.startswith(" ", match.end())


def _from_to(first: int, last: int) -> Sequence[int]:
    return range(first, last + 1) if first <= last else [*range(first, 8), *range(1, last + 1)]


def days_asked(question: str) -> tuple[frozenset[int], str]:
    """The days of which a question asks, and its words for them; none without any."""
    asked = list(_ASKED.finditer(question))
    days = frozenset[int]().union(*(days_of(match["name"].casefold()) or () for match in asked))
    return days, " ".join(match[0] for match in asked)
