"""One form of a word, however it is typed."""

from __future__ import annotations

import re
import unicodedata

import regex

_PLAIN = str.maketrans({"’": "'", "ʼ": "'", "‐": "-", "‑": "-", "\u00ad": "", "\u200c": "", "\u200d": ""})
_CLUSTER = regex.compile(r"\X")
_MARKS = re.compile(r"[\u0300-\u036f\u0591-\u05c7]+")
_STRESS = str.maketrans({"\u0300": "", "\u0301": ""})
# Letters that Unicode does not decompose, as people without them on the keyboard type them.
_STROKES = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)


def normalise(word: str) -> str:
    """Normalise a word: NFKC without case, with one apostrophe, one hyphen and no invisible characters."""
    if word.isascii():
        return word.lower()
    folded = unicodedata.normalize("NFKC", word).casefold()
    return unicodedata.normalize("NFKC", folded).translate(_PLAIN)


def original_spans(word: str, normal: str) -> list[tuple[int, int]]:
    """For each character of ``normal``, the span of ``word`` that it comes from."""
    if word.isascii():
        return [(i, i + 1) for i in range(len(word))]
    spans: list[tuple[int, int]] = []
    rebuilt = ""
    for cluster in _CLUSTER.finditer(word):
        normalised = normalise(cluster.group())
        rebuilt += normalised
        # A cluster is one span: a Han character with a variation selector, or ﷺ, which becomes four words.
        spans.extend([cluster.span()] * len(normalised))
    return spans if rebuilt == normal else [(0, len(word))] * len(normal)


def without_accents(word: str) -> str:
    """Remove accents and strokes, as on a keyboard that has none."""
    bare = _MARKS.sub("", unicodedata.normalize("NFD", word))
    return unicodedata.normalize("NFC", bare).translate(_STROKES)


def without_stress(word: str) -> str:
    """Remove the stress that dictionaries mark in Cyrillic; й and ї are letters of their own."""
    return word.translate(_STRESS)
