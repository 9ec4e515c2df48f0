"""Words by which a text says that something has changed or still holds: "now", "instead of 25".

An older text that states the same lacks them. Offsets are kept: white space stands in their place.
"""

from __future__ import annotations

import regex

from index.citations.statements.numbers import NUMBER_WORDS
from index.patterns import lazy_pattern

_NOW = (
    r"\b(?:at present|currently|presently|nowadays|these days|derzeit|zurzeit|actuellement|actualmente|"
    r"hoy en día|attualmente|atualmente|momenteel|tegenwoordig)\b"
    # "Until now" and "by now" tell of what was before.
    r"|(?<!\b(?:until|till|by|before|just|right|even|than|for|since|from|of) )\bnow\b(?! (?:that|and)\b)"
)
_FUTURE = r"\b(?:in (?:the )?future|künftig|in Zukunft|à l['’]avenir)\b"
_FROM_NOW = (
    r"\b(?:from now on(?:wards?)?|as (?:of|from) (?:now|today)|from today|going forward|henceforth|"
    r"jetzt|nunmehr|ab (?:jetzt|sofort|heute)|von nun an|inzwischen|"
    r"désormais|dorénavant|maintenant|à présent|ahora|a partir de ahora|en adelante|"
    r"d['’]ora in poi|adesso|agora|doravante|voortaan|vanaf nu)\b"
    r"|(?<!\b(?:bis|von) )\bnun\b"
)
_STILL = (
    r"(?<=\b(?:is|are|has|have|must|can|may|will) )still\b"
    r"|\bstill(?= (?:receives?|is|are|costs?|appl(?:y|ies)|has|have|pays?|gets?|holds?|lasts?|takes?)\b)"
)
_NO_MORE = (
    # "No longer" denies as "not" does.
    r"(?<=\bno )longer\b(?! than\b)"
    r"|\b(?:anymore|any (?:more|longer))(?=\s*(?:[.,;:!)]|\Z))"
    r"|(?<=\b(?:nicht|kein\p{L}{0,2}(?: \p{L}+)?) )mehr\b(?! als\b)|(?<=\bniet )meer\b(?! dan\b)"
    r"|\bya(?= no\b)"
)
_NUMBER = (
    rf"(?:[€$£]\s?)?(?:\d[\d.,]*\d|\d|{'|'.join(sorted(NUMBER_WORDS, key=len, reverse=True))})\b(?:\s?[%€])?"
)
_REPLACED = (
    r"\b(?P<unit>\w+)\K,?\s+\(?(?:instead of|rather than|in place of|up from|down from|previously|formerly|"
    rf"(?:an)?statt|au lieu de|en lugar de|invece di)\s+(?:the\s+)?(?:previous\s+|former\s+)?{_NUMBER}"
    r"(?:\s+(?P=unit)\b)?\)?"
)
_CHANGES = lazy_pattern(
    f"(?:{_FROM_NOW}|{_NOW}|{_FUTURE}),?|{_STILL}|{_NO_MORE}|{_REPLACED}", regex.IGNORECASE
)

_OF_MOMENT = lazy_pattern(
    r"\b(?:(?:at|for) the moment(?! (?:of|when|that|in|at)\b)|at this (?:very )?moment|(?:right|just) now|"
    r"as we speak|im (?:Augenblick|Moment)|momentan|en ce moment|en este momento|"
    r"in questo momento|op dit moment|neste momento)\b",
    regex.IGNORECASE,
)
_LATER = lazy_pattern(_FUTURE, regex.IGNORECASE)
_TODAY = lazy_pattern(_NOW, regex.IGNORECASE)

_OF_PAST = lazy_pattern(
    r"\b(?:the|an?|its|their|our) (?:old|former|previous|earlier|outdated) (?:\p{L}+ ){1,3}?"
    r"(?:said|read|stated|says|reads|states|told|gave|gives|named|had|was|were)\b",
    regex.IGNORECASE,
)


def is_of_past(sentence: str) -> bool:
    """Tell whether a sentence says what was so: "the old notice said: 2 euros"."""
    return _OF_PAST.search(sentence) is not None


def is_of_moment(sentence: str) -> bool:
    """Tell whether a sentence says what is so at a moment, as "at the moment 20 beds are free"."""
    return _OF_MOMENT.search(sentence) is not None


def are_of_two_times(one: str, other: str) -> bool:
    """Tell whether one of two sentences is of what will be, "in the future", and the other of what is now."""
    return any(
        _LATER.search(later) is not None and _LATER.search(now) is None and _TODAY.search(now) is not None
        for later, now in ((one, other), (other, one))
    )


def blank_changes(sentence: str) -> str:
    """Return a sentence with white space for the words by which it differs from an older one.

    They are "now", "from now on" and the like, and the number that another one replaces: "27 days instead
    of 25".
    """
    return _CHANGES.sub(lambda match: " " * len(match[0]), sentence)
