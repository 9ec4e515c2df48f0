"""Words by which a text says that something has changed or still holds: "now", "instead of 25".

An older text that states the same lacks them. Offsets are kept: white space stands in their place.
"""

from __future__ import annotations

import regex

from index.citations.statements.numbers import NUMBER_WORDS

_ENGLISH = (
    r"\b(?:from now on(?:wards?)?|as (?:of|from) (?:now|today)|from today|at present|at the moment|"
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


def blank_changes(sentence: str) -> str:
    """Return a sentence with white space for the words by which it differs from an older one.

    They are "now", "from now on" and the like, and the number that another one replaces: "27 days instead
    of 25".
    """
    return _CHANGES.sub(lambda match: " " * len(match[0]), sentence)
