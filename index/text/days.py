"""Read which days of the week a text names: "Mon to Fri", "daily except Wed", "Sundays and public holidays".

English, German, French and Spanish are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import regex

from index.patterns import lazy_pattern
from index.text.accents import without_accents
from index.text.languages import alphabetic_languages

_DAYS = (
    "monday mon mo montag lundi lun lunes",
    "tuesday tue tues tu di dienstag mardi mar martes",
    "wednesday wed weds we mi mittwoch mercredi mer miercoles mie",
    "thursday thu thur thurs th do donnerstag jeudi jeu jueves jue",
    "friday fri fr freitag vendredi ven viernes vie",
    "saturday sat sa samstag sonnabend samedi sam sabado sab",
    "sunday sun su so sonntag dimanche dim domingo dom",
)
"""English, German, French and Spanish, without accents."""
_ONE = {name: day for day, names in enumerate(_DAYS, 1) for name in names.split()}
_ONE |= {
    f"{name}{ending}": day
    for name, day in _ONE.items()
    if name.endswith(("tag", "abend"))
    for ending in ("e", "en")
}
_WEEK, _WORKING, _END = frozenset(range(1, 8)), frozenset(range(1, 6)), frozenset((6, 7))
_SUNDAY, _HOLIDAY = frozenset((7,)), frozenset((8,))
"""Public holidays are an eighth day, whichever they fall on."""
_SEVERAL = (
    (
        _WEEK,
        "daily taglich tgl quotidien tous|les|jours every|day each|day jeden|tag all|week todos|los|dias "
        "diario diariamente a|diario",
    ),
    # "Werktags" and "jours ouvrables" are for some the days from Monday to Saturday.
    (_WORKING, "weekday weekdays working|days entre|semana"),
    (
        _HOLIDAY,
        "public|holidays public|holiday bank|holidays bank|holiday holidays feiertage feiertagen feiertags "
        "feiertag gesetzliche|feiertage gesetzlichen|feiertagen jours|feries jour|ferie feries dias|festivos "
        "festivos feriados",
    ),
    (_SUNDAY, "sonn-"),
    (_END, "weekend weekends wochenende wochenenden week-end week-ends fin|de|semana fines|de|semana"),
)
_TOKEN = lazy_pattern(
    r"(?:(?P<several>{})|(?P<to>to|through|till|until|bis|au|al?|hasta)|"
    r"(?P<not>except|excluding|not|ausser|nicht|sauf|excepto|salvo|menos)|"
    r"(?P<and>and|und|et|y|on|am|only|nur|les?|du|del?|el|los)|(?P<day>\p{{L}}{{2,12}}+))(?!\p{{L}})|"
    r"(?P<to>[-–—])|(?P<comma>[,+])|(?P<open>[(\[])|(?P<close>[)\]])|(?P<and>[&/.])".format(
        "|".join(
            name.replace("|", " ")
            for _, names in _SEVERAL
            for name in sorted(names.split(), key=len, reverse=True)
        )
    )
)
_LONGEST = 80
_ALSO_MONTH = "mar"
"""A short name of a day, in French and Spanish, that is one of a month, too."""
_ALSO_SUNDAY = ("di", "do")
"""Short names of two days: of Tuesday and Thursday in German, of Sunday in French and in Spanish."""
_OF_TWO_LETTERS = frozenset("lu ma me je ju ve vi".split())
"""Names of other days that German does not have."""
_MONTHS = [
    name for one in alphabetic_languages() for name, date in one.dates.items() if date.startswith("month")
]
DAY_NAMES = (
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:(?:mon|diens|donners|frei|sams|sonn)tag|sonnabend)(?:en?)?|"
    r"mittwoch|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|mi[eé]rcoles|jueves|"
    r"viernes|s[aá]bado|domingo"
)
"""A pattern of the whole names, to which an s may be added."""
_ASKED = lazy_pattern(
    rf"(?<!\p{{L}})(?P<name>{DAY_NAMES}|weekday|week-?end|wochenenden?|fin(?:es)? de semana)s?"
    r"(?![\p{L}\p{M}])",
    regex.IGNORECASE,
)


def days_of(text: str, beside: Iterable[str] = ()) -> frozenset[int] | None:
    """The days that a text names, from 1 for Monday, 8 for public holidays; None if it says anything else.

    ``beside`` are the other names or cells of its kind: among months, "Mar" is one, and beside "Lu" and "Ma"
    "Di" is no Tuesday. "Mon to Fri except Wed and Sat" may leave out Saturday or not, so it says nothing.
    """
    if not 0 < len(text) <= _LONGEST or _may_be_other(_short(text), beside):
        return None
    read = _Read()
    for kind, days in _tokens(text):
        if not kind or (days and not read.add(days)):
            return None
        if not days:
            read.mark(kind)
    return frozenset(read.found - read.left_out) or None


@dataclass(slots=True)
class _Read:
    """The days that the first words of a text name, those that they leave out, and how the next ones join."""

    found: set[int] = field(default_factory=set)
    left_out: set[int] = field(default_factory=set)
    _before: frozenset[int] = frozenset()
    _joined: str = ""
    _is_range: bool = False
    _is_left_out: bool = False
    _is_inside: bool = False

    def mark(self, kind: str) -> None:
        """Read a word or a mark that is no day."""
        if kind == "to":
            self._is_range = bool(self._before)
        elif kind == "not":
            self._is_left_out, self._is_range = True, False
        elif kind == "and":
            self._joined = self._joined or ("" if self._is_inside else kind)
        else:
            self._is_inside = kind == "open" or (self._is_inside and kind == "comma")
            self._is_left_out &= kind != "close"
            self._joined = "" if self._is_inside else kind

    def add(self, days: frozenset[int]) -> bool:
        """Read days; False if it is unclear which they are, or whether they are left out."""
        own = _from_to(self._before, days) if self._is_range else days
        # Of "Mon to Fri except Wed, Sat" nothing was there to be left out.
        is_next = bool(self._joined and self.left_out & self.found) and not own & self.found
        if not own or (is_next and self._is_left_out and self._joined == "and"):
            return False
        self._is_left_out &= not is_next
        (self.left_out if self._is_left_out else self.found).update(own)
        self._before, self._is_range, self._joined = days, False, ""
        return True


def _short(text: str) -> str:
    return text.casefold().strip(" .")


def _may_be_other(short: str, beside: Iterable[str]) -> bool:
    """Whether a short name is rather one of a month, or of another day, by the names beside it."""
    if short == _ALSO_MONTH:
        return any(map(_is_month, beside))
    return short in _ALSO_SUNDAY and not _OF_TWO_LETTERS.isdisjoint(map(_short, beside))


@lru_cache(maxsize=1000)
def _is_month(text: str) -> bool:
    """Whether a text is the name of a month, or a short form of one, and can be no day."""
    short = _short(text)
    return len(short) > 2 and short not in _ONE and any(name.startswith(short) for name in _MONTHS)


def _tokens(text: str) -> Iterator[tuple[str, frozenset[int]]]:
    """Yield the kind of each word with its days; an empty kind for a word that is not of days."""
    at, text = 0, without_accents(" ".join(text.split()).casefold())
    while at < len(text):
        if (match := _TOKEN.match(text, at)) is None:
            yield "", frozenset()
            return
        if match["several"]:
            name = match[0].replace(" ", "|")
            yield "days", next(days for days, names in _SEVERAL if name in names.split())
        elif name := match["day"]:
            day = _ONE.get(name) or _ONE.get(name.removesuffix("s"))
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
    if first & last or _HOLIDAY & (first | last):
        return frozenset()
    begin, end = min(first), max(last)
    return frozenset(range(begin, end + 1) if begin <= end else [*range(begin, 8), *range(1, end + 1)])


def days_asked(question: str) -> tuple[frozenset[int], str]:
    """The days of which a question asks, and its words for them; none without any."""
    asked = list(_ASKED.finditer(question))
    days = frozenset[int]().union(*(days_of(match["name"].casefold()) or () for match in asked))
    return days, " ".join(match[0] for match in asked)
