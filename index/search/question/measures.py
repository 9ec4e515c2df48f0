"""Tell which measure a question asks for, such as a length or a price, and by which units a number is one."""

from __future__ import annotations

from functools import lru_cache

import regex

from index.patterns import lazy_pattern

_LENGTH = r"(?:[kcm]?m|(?:kilo|centi|milli)?met(?:er|re)[sn]?|feet|foot|ft|inch(?:es)?|miles?|yards?)\b"
_TIME = (
    r"(?:seconds?|minutes?|mins?|hours?|days?|nights?|weeks?|months?|years?|decades?|centur(?:y|ies)|"
    r"(?:Sekunde|Minute|Stunde|Woche)n?|Tage?n?|Monate?n?|Jahre?n?)\b"
)
_WEIGHT = (
    r"(?:[km]?g|kilos?|kilograms?|grams?|tons?|tonnes?|pounds?|lbs?|ounces?|oz|Gramm|Kilogramm|Tonnen?)\b"
)
_MONEY = (
    r"(?:(?:euros?|dollars?|pounds?|cents?|francs?|Franken|crowns?|Kronen?|yen|yuan|RMB|EUR|USD|GBP|CHF)\b|"
    r"[€$£¥])"
)
_SPEED = r"(?:km/h|mph|knots?|m/s|(?:miles|feet|(?:kilo)?met(?:er|re)s)\s+(?:an?|per)\s+(?:hour|second))\b"
_NUMBER = (
    r"(?<![\d.,])\d[\d.,]{0,20}+(?:\s{0,2}(?:to|-|–|bis)\s{0,2}\d[\d.,]{0,20}+)?"
    r"(?:\s{1,2}(?:thousand|million|billion))?[\s-]{0,3}"
)
_MEASURES = tuple(
    (lazy_pattern(asked, regex.IGNORECASE), lazy_pattern(f"{_NUMBER}{unit}{before}", regex.IGNORECASE))
    for asked, unit, before in (
        (
            r"\btemperature\b|\bhow\s+(?:hot|cold|warm)\b|\bwie\s+(?:heiß|kalt|warm)\b",
            r"(?:°|degrees?\b|Grad\b)",
            "",
        ),
        (r"\b(?:percentage|percent)\b", r"(?:%|percent\b|per\s+cent\b|Prozent\b)", ""),
        (r"\bwie\s+lange\b|\bhow\s+soon\b", _TIME, ""),
        (r"\bhow\s+long\b|\bwie\s+lang\b", f"(?:{_LENGTH}|{_TIME})", ""),
        (r"\bhow\s+(?:far|high|tall|deep|wide|thick)\b|\bwie\s+(?:hoch|tief|breit|weit)\b", _LENGTH, ""),
        (r"\bhow\s+heavy\b|\bhow\s+much\b.*\bweighs?\b|\bwie\s+schwer\b", _WEIGHT, ""),
        (r"\bhow\s+fast\b|\bwie\s+schnell\b", _SPEED, ""),
        (
            r"\bhow\s+much\b.*\b(?:costs?|pay|paid)\b|\bhow\s+expensive\b|\bwhat\s+(?:does|do|did)\b.*\bcost\b|"
            r"\bwhat\s+(?:is|was|were|are)\s+the\s+prices?\b|\bkostet\b",
            _MONEY,
            r"|(?:[€$£¥]|\b(?:RMB|EUR|USD|GBP|CHF))\s?\d",
        ),
    )
)
"""Questions for a measure; a number with one of its units, or a price behind its sign."""


@lru_cache(64)
def unit_of_measure(question: str) -> regex.Pattern[str] | None:
    """The pattern of a number with a unit of the measure that a question asks for; None if for none."""
    return next((unit for asked, unit in _MEASURES if asked.search(question)), None)
