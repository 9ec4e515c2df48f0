"""Tell whether a question asks for a time, and whether a sentence tells one: "at 7.45", "three days before".

In "What do I lose when I move?" nothing asks for a time: there "when" stands before what happens, and not
before the verb.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import regex

from index.patterns import lazy_pattern
from index.text.languages import alphabetic_languages

Asked = Literal["clock", "time"]

_VERB = (
    r"(?:is|are|am|was|were|do|does|did|can|could|will|would|shall|should|must|may|might|has|have|had|need)"
    r"(?:n['’]?t)?\b"
)
_WHEN = lazy_pattern(
    rf"\bwhen(?:['’]?s\b|\s+(?:exactly\s+|precisely\s+|else\s+)?{_VERB}|\W*$)|\b(?:since|until|till|by|from)\s+when\b|"
    r"^(?:\W*(?:and|but|so|or|then)\b)?\W*when\b(?!.*,)|\b(?:know|say|says|tell|told|me|us|ask)\s+when\b|"
    r"\bhow\s+soon\b|\bwann\b|\bcuándo\b|\bquand\s+(?:est|a|ont|sera|faut|doit|peut|dois)\b|^\W*quand\b(?!.*,)|"
    r"\bquando\b|\bwanneer\b",
    regex.IGNORECASE,
)
_CLOCK_ASKED = lazy_pattern(
    r"\b(?:what|which)\s+time\b(?!\s+of\s+(?:the\s+)?year)|\bum\s+wie\s?viel\s+uhr\b|\bà\s+quelle\s+heure\b|"
    r"\ba\s+qué\s+hora\b|\ba\s+che\s+ora\b",
    regex.IGNORECASE,
)
_NEEDED = lazy_pattern(
    r"when|time\b|wann|\bsoon\b|uhr\b|heure|hora\b|\bora\b|cuándo|quan|wanneer", regex.IGNORECASE
)
_CLOCK = (
    r"(?<![\d.:,€$£¥]|[€$£¥]\s)(?:(?:[01]?\d|2[0-4]):[0-5]\d(?![\d:])|"
    r"(?:[01]?\d|2[0-4])(?:[:.][0-5]\d)?\s?(?:[ap]\.?m\b|o['’]clock\b|uhr\b|h\d\d\b|heures\b)|"
    # A number with a stop is a time only behind a word that says so.
    r"(?<=\b(?:at|from|to|till|until|by|before|after|about|around|and|between|um|ab|bis|von|gegen)\s|[-–—]\s?)"
    r"(?:[01]?\d|2[0-4])\.[0-5]\d(?![\d.,]*\d|\s?(?:%|[€$£¥]|\p{L}*(?:kg|km|m|cm|mm|l|g|metres?|percent|euros?|"
    r"pounds?|dollars?)\b)))|\b(?:noon|midday|midnight|mittags?|mitternacht|minuit|midi)\b"
)
_NAMES = "|".join(
    sorted(
        {name for one in alphabetic_languages() for name in one.dates if len(name) > 3}, key=len, reverse=True
    )
)
_DAYS = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?|(?:mon|diens|donners|frei|sams|sonn)tags?|mittwochs?"
_MAY = (
    r"(?:\d{1,2}(?:st|nd|rd|th|\.)?\s+(?:of\s+)?may|may\s+\d{1,4}|"
    r"(?:in|by|until|till|since|from|to|of|before|after|early|late|mid|last|next|every|each)[\s-]+may)"
)
"""The month: elsewhere it is mostly the verb."""
_LENGTH = (
    r"(?:minutes?|hours?|days?|nights?|weeks?|months?|years?|"
    r"minuten?|stunden?|tagen?|wochen?|monaten?|jahren?)"
)
_DEFINITE = lazy_pattern(
    rf"{_CLOCK}|(?<!\p{{L}})(?:(?!may\b)(?:{_NAMES})|{_DAYS}|{_MAY})(?!\p{{L}})|"
    r"(?<![\d.,€$£¥])(?:1\d|20)\d\d(?![\d.,]*\d)|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}|"
    r"\b(?:tomorrow|tonight|yesterday|daily|nightly|weekdays|weekends?|"
    r"morgens|abends|täglich|werktags|morgen|gestern)\b|"
    rf"\b(?:within|innerhalb|binnen|dans\s+les)\s+(?:[\w-]+\s+){{1,2}}{_LENGTH}\b|"
    rf"\b{_LENGTH}\s+(?:before|after|later|earlier|ago|ahead|in\s+advance|beforehand|"
    r"vor|nach|später|vorher|danach)\b|"
    rf"\b(?:after|before|nach|vor)\s+(?:[\w-]+\s+){{1,2}}{_LENGTH}\b",
    regex.IGNORECASE,
)
_VAGUE = lazy_pattern(
    r"\b(?:before|after|until|till|once|since|during|while|when|whenever|soon|now|today|then|later|earlier|first|"
    r"last|next|every|each|again|always|never|immediately|straight|at\s+once|beginning|end|early|late|spring|"
    r"summer|autumn|winter|morning|evening|afternoon|night|day|week|month|year|hours?|minutes?|days|nights|weeks|"
    r"months|years|century|bevor|nach|vor|bis|während|wenn|sobald|seit|ab|immer|nie|heute|jetzt|sofort|tag|woche|"
    r"monat|jahr)\b",
    regex.IGNORECASE,
)
_BARE_NUMBER = lazy_pattern(r"(?<![\d.,]|[€$£¥]\s?)\d{3,5}(?![\d.,]*\d|\s?[€$£¥%])|\b(?:BC|BCE|AD|CE|BP)\b")
"""It may be a year, of whatever calendar."""
_HOURS = lazy_pattern(r"\b\d{1,2}\s?(?:[-–—]|to|till|until|bis)\s?\d{1,2}\b", regex.IGNORECASE)
_EXACT = lazy_pattern(_CLOCK, regex.IGNORECASE)
_ROW = lazy_pattern(r"[ \t]\|[ \t]|\t|; ")
_DIGIT = lazy_pattern(r"\d")


@lru_cache(64)
def time_asked(question: str) -> Asked | None:
    """What a question asks for: a time of day, any time, or none."""
    if _NEEDED.search(question) is None:
        return None
    if _CLOCK_ASKED.search(question) is not None:
        return "clock"
    return "time" if _WHEN.search(question) is not None else None


def tells_time(sentence: str, asked: Asked) -> bool:
    """Whether a sentence surely tells such a time, such as "at 7.45" or "on Fridays"."""
    return (_EXACT if asked == "clock" else _DEFINITE).search(sentence) is not None


def may_tell_time(sentence: str, asked: Asked) -> bool:
    """Whether a sentence may tell such a time: in any words, as "only after baking", or in a row."""
    if tells_time(sentence, asked) or (_ROW.search(sentence) and _DIGIT.search(sentence)):
        return True
    if asked == "clock":
        return _HOURS.search(sentence) is not None
    return _VAGUE.search(sentence) is not None or _BARE_NUMBER.search(sentence) is not None
