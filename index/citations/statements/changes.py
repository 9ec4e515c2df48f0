"""Words by which a text says that something has changed or still holds: "now", "instead of 25".

An older text that states the same lacks them. Offsets are kept: white space stands in their place.
"""

from __future__ import annotations

import regex

from index.citations.statements.numbers import NUMBER_WORDS

_ENGLISH = (
    r"\b(?:from now on(?:wards?)?|as (?:of|from) (?:now|today)|from today|at present|"
    r"in (?:the )?future|going forward|currently|presently|nowadays|henceforth|these days)\b,?"
    # "Until now" and "by now" tell of what was before.
    r"|(?<!\b(?:until|till|by|before|just|right|even|than|for|since|from|of) )\bnow\b(?! (?:that|and)\b),?"
    r"|(?<=\b(?:is|are|has|have|must|can|may|will) )still\b"
    r"|\bstill(?= (?:receives?|is|are|costs?|appl(?:y|ies)|has|have|pays?|gets?|holds?|lasts?|takes?)\b)"
)
_OTHERS = (
    r"\b(?:jetzt|nunmehr|derzeit|zurzeit|ab (?:jetzt|sofort|heute)|von nun an|künftig|in Zukunft|inzwischen|"
    r"désormais|dorénavant|actuellement|maintenant|à présent|à l['’]avenir|"
    r"ahora|actualmente|a partir de ahora|en adelante|hoy en día|"
    r"attualmente|d['’]ora in poi|adesso|atualmente|agora|doravante|"
    r"momenteel|voortaan|vanaf nu|tegenwoordig)\b,?"
    r"|(?<!\b(?:bis|von) )\bnun\b,?"
)
_NUMBER = (
    rf"(?:[€$£]\s?)?(?:\d[\d.,]*\d|\d|{'|'.join(sorted(NUMBER_WORDS, key=len, reverse=True))})\b(?:\s?[%€])?"
)
_REPLACED = (
    r"\b(?P<unit>\w+)\K,?\s+\(?(?:instead of|rather than|in place of|up from|down from|previously|formerly|"
    rf"(?:an)?statt|au lieu de|en lugar de|invece di)\s+(?:the\s+)?(?:previous\s+|former\s+)?{_NUMBER}"
    r"(?:\s+(?P=unit)\b)?\)?"
)
_CHANGES = regex.compile(f"{_ENGLISH}|{_OTHERS}|{_REPLACED}", regex.IGNORECASE)

_OF_MOMENT = regex.compile(
    r"\b(?:(?:at|for) the moment(?! (?:of|when|that|in|at)\b)|at this (?:very )?moment|(?:right|just) now|"
    r"as we speak|im (?:Augenblick|Moment)|momentan|en ce moment|en este momento|"
    r"in questo momento|op dit moment|neste momento)\b",
    regex.IGNORECASE,
)
_LATER = regex.compile(r"\b(?:in (?:the )?future|künftig|in Zukunft|à l['’]avenir)\b", regex.IGNORECASE)
_TODAY = regex.compile(
    r"\b(?:at present|currently|presently|nowadays|these days|derzeit|zurzeit|actuellement|actualmente|"
    r"hoy en día|attualmente|atualmente|momenteel|tegenwoordig)\b"
    r"|(?<!\b(?:until|till|by|before|just|right|even|than|for|since|from|of) )\bnow\b(?! (?:that|and)\b)",
    regex.IGNORECASE,
)


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
