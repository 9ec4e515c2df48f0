"""Whether a place in a text is inside of a word or a number: words cut there may say the opposite.

"able to swim" does not stand in "unable to swim", nor "He can" in "He can’t", "profit" in "non-profit",
"5 mg" in "1.5 mg" or "−5 mg". Invisible characters, such as a soft hyphen, part nothing. Offsets are
Unicode code points, spans half open.
"""

from __future__ import annotations

import regex

from index.differences import IDEOGRAPHIC

WINDOW = 64
"""Code points before and after a place that say whether it is inside of a word."""
_LONGEST = 256
"""Code points that a span grows by, at each end, to the whole of a word."""

_WORD = rf"[\w--[{IDEOGRAPHIC}]]"
_HYPHEN = "[-‐‑]"
_APOSTROPHE = "['’ʼ＇]"
_ELIDED = (
    "(?i:[cdjlmst]|qu|(?:jus|lors|puis|quoi|pres)qu|un|gl|all|coll|[dns]ell|[dns]all|sull|quell|quest|bell"
    "|sant)"
)
"""Articles, prepositions and pronouns that lose a vowel in French, Italian and Catalan: what follows is a
word of its own. Not "n’", without which a sentence says the opposite."""
_POINT = "[.,·٫]"
_IN_NUMBER = "[.,·٫٬/:'’]"
_MINUS = "[-‐‑‒–⁃−﹣－]"
_GROUPING = "[\u00a0\u2005-\u200a\u202f\u205f]"
_RAISED, _LOWERED = "⁰¹²³⁴-ⁿ", "₀-ₜ"
_INSIDE = regex.compile(
    "|".join(
        (
            rf"(?<={_WORD})(?={_WORD})",
            r"(?<=\S)(?=\p{M})",
            # Hyphens of words; between two digits it is a range.
            rf"(?<={_WORD})(?={_HYPHEN}{_WORD})(?!(?<=\d){_HYPHEN}\d)",
            rf"(?<={_WORD}{_HYPHEN})(?={_WORD})(?!(?<=\d{_HYPHEN})\d)",
            # "can’t" and "n’est"; a genitive is of the whole word.
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
            # "10⁶", "1½", "CO₂", "Na⁺", "m²"; a raised digit after a longer word is the mark of a note.
            rf"(?<=\d)(?=[\p{{No}}{_RAISED}{_LOWERED}])",
            rf"(?<={_WORD})(?=[⁺⁻⁼⁽{_LOWERED}])",
            rf"(?<=(?<!{_WORD}){_WORD}{{1,2}})(?=[{_RAISED}])",
            rf"(?<=[{_RAISED}{_LOWERED}])(?=[{_RAISED}{_LOWERED}])",
            rf"(?<={_WORD}[{_RAISED}{_LOWERED}]+)(?={_WORD})",
        )
    ),
    regex.VERSION1,
)
_INVISIBLE = regex.compile(r"[\p{Cf}\p{DI}]+", regex.VERSION1)
_REST = regex.compile(rf"{_WORD}++(?:[\p{{Cf}}\p{{DI}}]{{1,{WINDOW // 2}}}+{_WORD}++)*+", regex.VERSION1)


def tears(text: str, start: int, end: int) -> bool:
    """Whether a span begins or ends inside of a word or a number of the text."""
    return inside(text, start) or inside(text, end)


def inside(text: str, at: int) -> bool:
    """Whether an offset is inside of a word or a number."""
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


def whole(text: str, start: int, end: int) -> tuple[int, int]:
    """The span with the whole of the words and numbers that it tears, but for endless ones."""
    first, last = start, end
    while inside(text, first) and start - first < _LONGEST:
        first -= 1
    while inside(text, last) and last - end < _LONGEST:
        last += 1
    return (start if inside(text, first) else first), (end if inside(text, last) else last)


def word_end(text: str, at: int) -> int:
    """Where the letters and digits end that are at an offset; the offset itself if there are none."""
    match = _REST.match(text, at)
    return match.end() if match else at
