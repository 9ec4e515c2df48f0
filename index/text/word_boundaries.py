"""Word boundaries: tell whether a quote cuts a word or number, which may turn its meaning around.

"unable to swim" must not count as a match for "able to swim", nor "He can’t" for "He can", "non-profit" for
"profit", "1.5 mg" or "−5 mg" for "5 mg". Invisible characters, such as a soft hyphen, are no boundary.
Offsets are Unicode code points, spans half open.
"""

import regex

from index.patterns import lazy_pattern
from index.text.differences import IDEOGRAPHIC

WINDOW = 64
"""Code points before and after an offset that decide whether it is inside a word."""
_MAX_GROWTH = 256
"""Code points by which :func:`expand_to_words` extends a span at each end."""

_WORD = rf"[\w--[{IDEOGRAPHIC}]]"
_HYPHEN = "[-‐‑]"
_APOSTROPHE = "['’ʼ＇]"
_ELIDED = (
    "(?i:[cdjlmst]|qu|(?:jus|lors|puis|quoi|pres)qu|un|gl|all|coll|[dns]ell|[dns]all|sull|quell|quest|bell"
    "|sant)"
)
"""Elided articles, prepositions and pronouns of French, Italian and Catalan: the word after them is a word
of its own. Not "n’", which negates."""
_POINT = "[.,·٫]"
_IN_NUMBER = "[.,·٫٬/:'’]"
_MINUS = "[-‐‑‒–⁃−﹣－]"
_GROUPING = "[\u00a0\u2005-\u200a\u202f\u205f]"
_SUPERSCRIPT, _SUBSCRIPT = "⁰¹²³⁴-ⁿ", "₀-ₜ"
_INSIDE = lazy_pattern(
    "|".join(
        (
            rf"(?<={_WORD})(?={_WORD})",
            r"(?<=\S)(?=\p{M})",
            # Hyphenated words; a hyphen between two digits is a range.
            rf"(?<={_WORD})(?={_HYPHEN}{_WORD})(?!(?<=\d){_HYPHEN}\d)",
            rf"(?<={_WORD}{_HYPHEN})(?={_WORD})(?!(?<=\d{_HYPHEN})\d)",
            # "can’t" and "n’est"; before a genitive "’s" the word is complete.
            rf"(?<={_WORD})(?={_APOSTROPHE}{_WORD})(?!{_APOSTROPHE}[sS](?!{_WORD}))",
            rf"(?<={_WORD}{_APOSTROPHE})(?={_WORD})(?<!(?<!{_WORD}){_ELIDED}{_APOSTROPHE})",
            # "1.5", "1/2", "5 000", ".5", "-5"
            rf"(?<=\d)(?={_IN_NUMBER}\d)",
            rf"(?<=\d{_IN_NUMBER})(?=\d)",
            rf"(?<=\d)(?={_GROUPING}\d)",
            rf"(?<=\d{_GROUPING})(?=\d)",
            r"(?<=(?<![\d.,])\d{1,3})(?=[ ]\d{3}(?!\d))",
            r"(?<=(?<![\d.,])\d{1,3}[ ])(?=\d{3}(?!\d))",
            rf"(?<=(?:^|[\s(\[{{<>=~≈±+$€£¥−–-]){_POINT})(?=\d)",
            rf"(?<=(?<!{_WORD}){_MINUS})(?={_POINT}?\d)",
            # "10⁶", "1½", "CO₂", "Na⁺", "m²"; a superscript digit after a longer word refers to a note.
            rf"(?<=\d)(?=[\p{{No}}{_SUPERSCRIPT}{_SUBSCRIPT}])",
            rf"(?<={_WORD})(?=[⁺⁻⁼⁽{_SUBSCRIPT}])",
            rf"(?<=(?<!{_WORD}){_WORD}{{1,2}})(?=[{_SUPERSCRIPT}])",
            rf"(?<=[{_SUPERSCRIPT}{_SUBSCRIPT}])(?=[{_SUPERSCRIPT}{_SUBSCRIPT}])",
            rf"(?<={_WORD}[{_SUPERSCRIPT}{_SUBSCRIPT}]+)(?={_WORD})",
        )
    ),
    regex.VERSION1,
)
_INVISIBLE = lazy_pattern(r"[\p{Cf}\p{DI}]+", regex.VERSION1)
_REST_OF_WORD = lazy_pattern(
    rf"{_WORD}++(?:[\p{{Cf}}\p{{DI}}]{{1,{WINDOW // 2}}}+{_WORD}++)*+", regex.VERSION1
)


def splits_word(text: str, start: int, end: int) -> bool:
    """Whether a span begins or ends inside a word or number of the text."""
    return is_inside_word(text, start) or is_inside_word(text, end)


def is_inside_word(text: str, at: int) -> bool:
    """Whether an offset is inside a word or number."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if before.isascii() and after.isascii():
        if before.isalnum() and after.isalnum():
            return True
        if (before.isspace() and not after.isdigit()) or (after.isspace() and not before.isdigit()):
            return False
    left, right = text[max(0, at - WINDOW) : at], text[at : at + WINDOW]
    if _INVISIBLE.search(left) or _INVISIBLE.search(right):
        left, right = _INVISIBLE.sub("", left), _INVISIBLE.sub("", right)
        return _INSIDE.match(left + right, len(left)) is not None
    return _INSIDE.match(text, at) is not None


def expand_to_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Extend a span to whole words and numbers; an end that is inside an endless word stays."""
    first, last = start, end
    while is_inside_word(text, first) and start - first < _MAX_GROWTH:
        first -= 1
    while is_inside_word(text, last) and last - end < _MAX_GROWTH:
        last += 1
    return (start if is_inside_word(text, first) else first), (end if is_inside_word(text, last) else last)


def word_end(text: str, at: int) -> int:
    """The end of the letters and digits at an offset; the offset itself if there are none."""
    match = _REST_OF_WORD.match(text, at)
    return match.end() if match else at


def find_all(part: str, text: str) -> list[int]:
    """Find all places of a part in a text, also where two overlap."""
    found, at = [], text.find(part)
    while at >= 0:
        found.append(at)
        at = text.find(part, at + 1)
    return found
