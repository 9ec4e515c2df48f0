"""Tell what a question asks to be done with the cells of a table, such as to find the highest or the total.

Questions are understood by their words, in English. One that has a word of doubt, such as a negation, a
condition or an operation that is not known (difference, average), asks for nothing here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from index.text.letter_case import fold_case

OperationName = Literal["highest", "lowest", "total", "count", "first", "last", "higher", "lower"]

GENERIC_WORDS = (
    "table list listed lists sheet row rows column entry entries value number amount figure figures shown "
    "given according record recorded show make earn reach cost hold report reported produce generate see "
    "seen receive together whole say named mentioned called compared compare give offer need require "
    "include provide kind type sort "
    "ever name much many whats hows whens wheres"
)
"""Words of questions about tables that say nothing of their content."""
_GENERIC: tuple[str, ...] = ()
_TIMES = (
    "year",
    "date",
    "opened",
    "founded",
    "built",
    "born",
    "established",
    "completed",
    "since",
    "released",
)
_SUPERLATIVES: dict[str, tuple[OperationName, tuple[str, ...]]] = {
    "highest": ("highest", ("height", "elevation", "altitude")),
    "tallest": ("highest", ("height", "elevation", "altitude")),
    "largest": ("highest", ("size", "area")),
    "biggest": ("highest", ("size", "area")),
    "greatest": ("highest", _GENERIC),
    "most": ("highest", _GENERIC),
    "maximum": ("highest", _GENERIC),
    "longest": ("highest", ("length", "duration")),
    "deepest": ("highest", ("depth",)),
    "widest": ("highest", ("width",)),
    "heaviest": ("highest", ("weight", "mass")),
    "fastest": ("highest", ("speed",)),
    "hottest": ("highest", ("temperature",)),
    "warmest": ("highest", ("temperature",)),
    "dearest": ("highest", ("price", "cost")),
    "most expensive": ("highest", ("price", "cost")),
    "costliest": ("highest", ("price", "cost")),
    "oldest": ("first", _TIMES),
    "earliest": ("first", _TIMES),
    "first": ("first", _TIMES),
    "newest": ("last", _TIMES),
    "youngest": ("last", _TIMES),
    "latest": ("last", _TIMES),
    "most recent": ("last", _TIMES),
    "last": ("last", _TIMES),
    **dict.fromkeys(("erste", "ersten", "erster", "erstes", "premier", "première"), ("first", _GENERIC)),
    **dict.fromkeys(("letzte", "letzten", "letzter", "letztes", "dernier", "dernière"), ("last", _GENERIC)),
    "lowest": ("lowest", ("height", "elevation", "altitude")),
    "smallest": ("lowest", ("size", "area")),
    "least": ("lowest", _GENERIC),
    "fewest": ("lowest", _GENERIC),
    "minimum": ("lowest", _GENERIC),
    "shortest": ("lowest", ("length", "duration", "height")),
    "narrowest": ("lowest", ("width",)),
    "shallowest": ("lowest", ("depth",)),
    "lightest": ("lowest", ("weight", "mass")),
    "slowest": ("lowest", ("speed",)),
    "coldest": ("lowest", ("temperature",)),
    "coolest": ("lowest", ("temperature",)),
    "cheapest": ("lowest", ("price", "cost")),
    "least expensive": ("lowest", ("price", "cost")),
}
_COMPARATIVES: dict[str, tuple[OperationName, tuple[str, ...]]] = {
    "higher": ("higher", ("height", "elevation", "altitude")),
    "taller": ("higher", ("height", "elevation", "altitude")),
    "larger": ("higher", ("size", "area")),
    "bigger": ("higher", ("size", "area")),
    "greater": ("higher", _GENERIC),
    "more expensive": ("higher", ("price", "cost")),
    "more": ("higher", _GENERIC),
    "longer": ("higher", ("length", "duration")),
    "deeper": ("higher", ("depth",)),
    "wider": ("higher", ("width",)),
    "heavier": ("higher", ("weight", "mass")),
    "faster": ("higher", ("speed",)),
    "warmer": ("higher", ("temperature",)),
    "hotter": ("higher", ("temperature",)),
    "newer": ("higher", _TIMES),
    "younger": ("higher", _TIMES),
    "later": ("higher", _TIMES),
    "lower": ("lower", ("height", "elevation", "altitude")),
    "smaller": ("lower", ("size", "area")),
    "less expensive": ("lower", ("price", "cost")),
    "less": ("lower", _GENERIC),
    "fewer": ("lower", _GENERIC),
    "shorter": ("lower", ("length", "duration", "height")),
    "narrower": ("lower", ("width",)),
    "lighter": ("lower", ("weight", "mass")),
    "slower": ("lower", ("speed",)),
    "colder": ("lower", ("temperature",)),
    "cooler": ("lower", ("temperature",)),
    "cheaper": ("lower", ("price", "cost")),
    "older": ("lower", _TIMES),
    "earlier": ("lower", _TIMES),
}


def _any(words: dict[str, tuple[OperationName, tuple[str, ...]]]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(sorted(words, key=len, reverse=True))})\b", re.IGNORECASE)


_SUPERLATIVE, _COMPARATIVE = _any(_SUPERLATIVES), _any(_COMPARATIVES)
_TOTAL = re.compile(
    r"\b(?:in total|in all|all together|altogether|total|sum(?: of)?|combined)\b", re.IGNORECASE
)
_COUNT = re.compile(r"\b(?:how many|the number of|count of)\s+(?:(?:different|distinct)\s+)?", re.IGNORECASE)
_AFTER_NOUN = re.compile(
    r"\b(?:are|is|were|was|do|does|did|has|have|had|in|on|of|at|appear|with|that|which|can|needs?|"
    r"requires?|includes?|offers?|costs?|gives?)\b",
    re.IGNORECASE,
)
_ORDINALS = {"second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "fifth": 5, "5th": 5}
_ORDINAL = re.compile(rf"\b({'|'.join(_ORDINALS)})[\s-]+\Z", re.IGNORECASE)
_TARGET = re.compile(
    r"\b(?:which|what)\s+(?!(?:is|was|are|were|has|have|had|does|do|did|would|will)\b)"
    r"(?:of the\s+)?((?:[\w'’&/.-]+\s+){0,3}?[\w'’&/.-]+?)"
    r"(?=\s+(?:is|was|are|were|has|have|had|does|do|did|will|would|with|of|on|in|opened|costs?|made|makes|"
    r"shows?|showed|reported|recorded|earned|sold|sells?|weighs?|took|takes|got|gets|saw|received|"
    r"produces?|produced|employs?|uses?)\b)",
    re.IGNORECASE,
)
_DOUBT = re.compile(
    r"\b(?:not|never|no|without|except|excluding|other than|at (?:least|most)|most of|average|mean|median|"
    r"ratio|differen\w+|percentage change|change|growth|increas\w+|decreas\w+|grew|fell|per cent of|share of|"
    r"times (?:as|more|higher)|how much (?:more|less|higher|lower|larger|bigger)|"
    r"how many (?:more|fewer|less)|top (?:\d+|two|three|four|five|ten)|if)\b|"
    r"\b(?:(?:more|less|fewer|greater|higher|lower|larger|smaller|older|later|earlier) than "
    r"?(?:\W?\d|half|twice)|exceed\w*|above \d|below \d|(?:before|after|since|until) (?!\d{4}\b)\d)",
    re.IGNORECASE,
)
_DIFFERENCE = re.compile(rf"\bhow (?:much|many)(?: \w+){{0,3}}? {_COMPARATIVE.pattern}", re.IGNORECASE)
"""A question for the difference of two cells: "how many kg heavier is the one than the other"."""
_SEVERAL = re.compile(r"(?<!of the )\b(?:two|three|four|five|six|seven|eight|nine|ten)\b", re.IGNORECASE)
"""A number of things that are asked for; "of the two" asks for one."""
_PERIOD_ASKED = re.compile(
    r"\b(?:which|what)\s+(?:(?:two|three|of the|financial|fiscal|calendar|are the|were the|is the|was the|"
    r"reporting)\s+)*"
    r"(?:years?['’]?|FYs?|periods?|quarters?|months?|dates?|fiscals?)\b(?!\s+(?:end(?:ed)?|ended|on year)\b)",
    re.IGNORECASE,
)
_TOTAL_ROW = re.compile(
    r"\W*(?:grand\s+|sub-?\s*)?totals?\b|.*\btotals?\W*\Z"
    r"|\W*(?:sum|overall|all|average|mean|gesamt|insgesamt|summe)\W*\Z",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b(?:years?|dates?|days?|months?|periods?|time|since|when|season|"
    r"(?:open|found|establish|complet|releas|launch|inaugurat|acquir|creat|publish|clos|end|start|form|elect)ed|"
    r"built|born|died|begun|began|first|last|jahr|datum|année|año|anno|ano)\b",
    re.IGNORECASE,
)
_WHICH_OF_TWO = re.compile(r"\bor\b|\bthan\b|\band\b|\bbetween\b|\bof the two\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation that a question asks for.

    ``measures`` name columns that the word of the operation is about, as ``highest`` is about a height.
    ``nth`` is 2 for the second highest. ``target`` are the words for what is asked for, as ``mountain`` in
    "which mountain is the highest?"; for a count the words for what is counted. ``words`` are those by which
    the operation was recognised.
    """

    name: OperationName
    measures: tuple[str, ...] = ()
    nth: int = 1
    target: str = ""
    words: str = ""


def is_total(label: str) -> bool:
    """Whether the label of a row says that it is a total, or another summary of rows."""
    return _TOTAL_ROW.match(label) is not None


def tells_time(name: str) -> bool:
    """Whether the name of a column says that its cells are years or dates: "Year", "Founded"."""
    return _TIME.search(name) is not None


def asks_for_period(question: str) -> bool:
    """Whether a question asks for a year or another period, of which the names of columns speak."""
    return _PERIOD_ASKED.search(question) is not None


@lru_cache(64)  # the ranking and the reader of tables ask for that of one question
def operation_of(question: str) -> Operation | None:
    """The operation that a question asks for, None if it asks for none that is known."""
    doubts = (_DOUBT, _DIFFERENCE, _SEVERAL)
    if not _is_latin(question) or any(one.search(question) for one in doubts):
        return None
    target = found[1].strip() if (found := _TARGET.search(question)) else ""
    if found := _SUPERLATIVE.search(question):
        return _superlative(question, found, target)
    if (found := _COMPARATIVE.search(question)) and (
        _WHICH_OF_TWO.search(question) or asks_for_period(question) or target
    ):
        name, measures = _COMPARATIVES[fold_case(found[0])]
        return Operation(name, measures, target=target, words=found[0])
    if found := _TOTAL.search(question):
        return Operation("total", target=target, words=found[0])
    return _counted(question)


def _superlative(question: str, found: re.Match[str], target: str) -> Operation | None:
    if _SUPERLATIVE.search(question, found.end()):
        return None
    name, measures = _SUPERLATIVES[fold_case(found[0])]
    ordinal = _ORDINAL.search(question[: found.start()])
    nth = _ORDINALS[fold_case(ordinal[1])] if ordinal else 1
    return Operation(name, measures, nth, target, f"{ordinal[0] if ordinal else ''} {found[0]}")


def _counted(question: str) -> Operation | None:
    found = _COUNT.search(question)
    counted = _AFTER_NOUN.split(question[found.end() :].strip(" ?"), maxsplit=1)[0].strip() if found else ""
    return Operation("count", target=counted, words=found[0]) if found and counted else None


def _is_latin(question: str) -> bool:
    return question.isascii() or all(ord(one) < 0x250 or not one.isalpha() for one in question)


_MEASURES: dict[str, tuple[str, ...]] = {
    "how high": ("height", "elevation", "altitude"),
    "how tall": ("height", "elevation"),
    "how long": ("length", "duration", "time", "distance"),
    "how deep": ("depth",),
    "how wide": ("width",),
    "how big": ("size", "area"),
    "how large": ("size", "area"),
    "how heavy": ("weight", "mass"),
    "weigh": ("weight", "mass"),
    "weighs": ("weight", "mass"),
    "how old": ("age",),
    "how far": ("distance",),
    "how fast": ("speed",),
    "how often": ("frequency", "interval"),
    "how hot": ("temperature",),
    "how cold": ("temperature",),
    "how expensive": ("price", "cost", "fee"),
    "how much": ("price", "cost", "fee", "amount"),
    "how many": ("number", "count", "quantity", "pieces"),
    "cost": ("price", "cost", "fee"),
    "costs": ("price", "cost", "fee"),
    "when": ("date", "year", "time", "day"),
    "where": ("location", "place", "city", "town", "country", "address", "room", "venue", "hall"),
    "who": ("name", "person", "author", "owner", "speaker", "teacher", "trainer", "contact"),
}
_MEASURED = re.compile(rf"\b(?:{'|'.join(sorted(_MEASURES, key=len, reverse=True))})\b", re.IGNORECASE)


def measures_of(question: str) -> tuple[str, ...]:
    """Names of columns that a question is about by how it asks: "how high" is about a height."""
    return tuple(name for found in _MEASURED.findall(question) for name in _MEASURES[fold_case(found)])


_HAPPENS = re.compile(
    r"\b(?:when|what\s+time)\b.*?\b(starts?|begins?|takes?\s+place|happens?|held|scheduled|due)\b",
    re.IGNORECASE,
)
"""A verb that says no more than "when"."""


def measure_words(question: str) -> str:
    """The words by which :func:`measures_of` knows them, and verbs that say no more than they."""
    return " ".join(_MEASURED.findall(question) + _HAPPENS.findall(question))
