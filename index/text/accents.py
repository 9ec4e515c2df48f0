"""Words without their accents, as people type them whose keyboard has none."""

import re
import unicodedata

_MARKS = re.compile(r"[\u0300-\u036f\u0591-\u05c7]+")
# Letters that Unicode does not decompose.
_STROKES = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)


def without_accents(word: str) -> str:
    """Remove accents and strokes from a word in small letters, and vowel points from a Hebrew one."""
    bare = _MARKS.sub("", unicodedata.normalize("NFD", word))
    return unicodedata.normalize("NFC", bare).translate(_STROKES)
