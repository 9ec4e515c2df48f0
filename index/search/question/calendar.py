"""Tell whether a text covers a day of the week or a month without its name: "daily", "May to September"."""

from __future__ import annotations

from collections.abc import Iterable

import regex

from index.text.languages import alphabetic_languages

_WORDS = {word: term for language in alphabetic_languages() for word, term in language.dates.items()} | {
    "may": "month5"
}


def _any(kind: str) -> str:
    words = sorted((word for word, term in _WORDS.items() if term.startswith(kind)), key=len, reverse=True)
    return f"(?:{'|'.join(map(regex.escape, words))})"


def _covers(words: str, others: Iterable[str]) -> regex.Pattern[str]:
    """What covers days or months: a range of them, or another word."""
    to = r"\s*(?:-|–|—|\b(?:to|until|till|through|and|bis|à|au)\b)\s*"
    return regex.compile(rf"\b{words}s?\.?{to}{words}s?\b|\b(?:{'|'.join(others)})\b", regex.IGNORECASE)


_COVERING = {
    "day": _covers(
        _any("day"),
        (
            r"daily|every\s+day|each\s+day|seven\s+days\s+a\s+week|24/7|week-?days?|week-?ends?|working\s+days?",
            r"täglich|jeden\s+tag|werktags|wochenende|wochentags",
        ),
    ),
    "month": _covers(
        _any("month"),
        (
            r"all\s+year|year[\s-]round|every\s+month|monthly|throughout\s+the\s+year|ganzjährig|jeden\s+monat",
        ),
    ),
}


def may_be_covered(word: str) -> bool:
    """Whether a word names a day or a month."""
    return bool(_term(word))


def _term(word: str) -> str:
    small = word.lower()
    return _WORDS.get(small) or _WORDS.get(small.removesuffix("s")) or ""


def is_covered(word: str, text: str) -> bool:
    """Whether a word names a day or a month, and a text says something of all of these, or of a range."""
    term = _term(word)
    if not term:
        return False
    return _COVERING["day" if term.startswith("day") else "month"].search(text) is not None
