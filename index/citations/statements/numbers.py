"""Read the numbers of a text: 1,577 and 1577, 2.5 million, thirty-five, 三千五百, 50 %.

A notation may have two readings: 1.577 is 1577 to a German reader. Both are kept, and two numbers are equal
if they share one. Offsets are Unicode code points, spans half open.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import filterfalse
from operator import attrgetter

import regex

from index.patterns import lazy_pattern
from index.text.differences import IDEOGRAPHIC
from index.text.letter_case import fold_case

_DIGITS = r"\p{Nd}"
_GROUP = r"[,.'’\u00a0\u2009\u202f \u066b\u066c]"
_NUMBER = lazy_pattern(
    rf"(?<![[\p{{L}}\p{{N}}_]--[{IDEOGRAPHIC}]])(?<![\p{{N}}][.,])(?:{_DIGITS}{{1,3}}(?:{_GROUP}{_DIGITS}{{3}})+(?!{_DIGITS})"
    rf"(?:[.,]{_DIGITS}+)?|{_DIGITS}+(?:[.,·\u066b]{_DIGITS}+)?)(?![\p{{N}}])(?!\s?[½¼¾])",
    regex.VERSION1,
)
_WITH_FRACTION = lazy_pattern(
    r"(?<![\p{L}\p{N}_]|[\p{N}][.,])(?:(?P<whole>\d{1,6})\s?)?(?P<part>[½¼¾])(?![\p{L}\p{N}])"
)
_FRACTIONS = {"½": Decimal("0.5"), "¼": Decimal("0.25"), "¾": Decimal("0.75")}
_SMALL = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen seventeen eighteen nineteen".split()
    )
} | {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
_SCALES = {
    "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "lakh": 10**5, "crore": 10**7, "dozen": 12,
}  # fmt: skip
_ABBREVIATED = {
    "tausend": 1000, "millionen": 10**6, "mio": 10**6, "milliarden": 10**9, "milliarde": 10**9, "mrd": 10**9,
    "mille": 1000, "mil": 1000, "millones": 10**6, "millón": 10**6, "millions": 10**6, "billions": 10**9,
    "thousands": 1000, "milliard": 10**9, "milliards": 10**9, "milioni": 10**6, "milhões": 10**6, "bn": 10**9,
    "mn": 10**6, "тысяч": 1000, "тысячи": 1000, "миллион": 10**6, "миллиона": 10**6, "миллионов": 10**6,
    "миллиард": 10**9, "миллиарда": 10**9, "миллиардов": 10**9,
    "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8, "千": 1000, "百": 100,
}  # fmt: skip
NUMBER_WORDS = frozenset([*_SMALL, *_SCALES, *_ABBREVIATED])
"""Words that stand for numbers: small ones in English, large ones in several languages."""
_HAN = {one: value for value, one in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2, "兩": 2}
_HAN_SCALES = {"十": 10, "百": 100, "千": 1000}
_HAN_GROUPS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_HAN_NUMBER = lazy_pattern(rf"[{''.join([*_HAN, *_HAN_SCALES, *_HAN_GROUPS])}]{{2,}}")
_WORD = re.compile(r"[A-Za-z]+")
_SMALL_RUN = re.compile(
    rf"(?<![A-Za-z])(?:{'|'.join(_SMALL)})(?![A-Za-z])"
    rf"(?:[ \-\u00a0\n]++(?:{'|'.join([*_SMALL, *_SCALES])}|and)(?![A-Za-z]))*+"
)
"""Number words that follow each other, in small letters, in which they are found twice as fast."""
_RUN = re.compile(_SMALL_RUN.pattern, re.IGNORECASE | re.ASCII)
_SCALE = lazy_pattern(
    rf"[ \u00a0\-]?({'|'.join(sorted({*_SCALES, *_ABBREVIATED}, key=len, reverse=True))})(?![\p{{L}}])|"
    r"[ \u00a0]?([万萬亿億千百])",
    regex.IGNORECASE,
)
_PERCENT = lazy_pattern(
    r"[ \u00a0\u202f]?(?:[%％٪]|-?(?:percent|per cent|pct|prozent|por ciento|por cento|pour cent|per cento|"
    r"procent|процент\p{L}*|パーセント|퍼센트|प्रतिशत|في المئة|بالمئة)(?![\p{Ll}]))",
    regex.IGNORECASE,
)
_FEWEST_ROUNDED = 2
_YEAR = lazy_pattern(r"(?:1\d|20|21)\d\d")
_RANGE = lazy_pattern(r"(?<![\p{N}.,])(1\d|20)\d\d[-–/]$")
"""A year before the last two digits of another one: 2018–19."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number at ``[start, end)``: its possible values, and whether it is a percentage."""

    start: int
    end: int
    values: frozenset[Decimal]
    is_percent: bool = False
    is_exact: bool = False
    """True if it is no rounded one: 2020, a year, is not 2019 rounded."""
    measure: str = ""
    """The measure, if its value is in a unit of one."""

    def is_at_most(self, most: int) -> bool:
        """Whether it is a whole number up to this one, and no percentage."""
        return not self.is_percent and all(one <= most and one == int(one) for one in self.values)

    def equals(self, other: Number) -> bool:
        """Whether both share a reading, or this one is the other rounded to its own digits."""
        if self.measure != other.measure:
            return False
        if self.values & other.values or (self.is_exact and other.is_exact):
            return bool(self.values & other.values)
        return any(_rounds_to(exact, stated) for exact in other.values for stated in self.values)

    def distance(self, other: Number) -> float:
        """The least difference of two readings, as a share of the larger."""
        return min(
            float(abs(one - that) / (max(abs(one), abs(that)) or 1))
            for one in self.values
            for that in other.values
        )


def read_numbers(text: str) -> list[Number]:
    """The numbers of a text, in order, in digits of any script, in English words, or in Han characters."""
    found = [*_in_digits(text), *_in_words(text)]
    if not text.isascii():
        found += [*_in_han(text), *_with_fractions(text)]
    return sorted(found, key=attrgetter("start"))


def _in_digits(text: str) -> Iterator[Number]:
    for match in _NUMBER.finditer(text):
        values, end = _values(match[0]), match.end()
        if len(match[0]) == 2 and (first := _RANGE.search(text, max(0, match.start() - 6), match.start())):
            values |= {Decimal(first[1] + match[0])}
        if scale := _SCALE.match(text, end):
            factor = _factor(scale[1] or scale[2])
            values, end = frozenset(value * factor for value in values), scale.end()
        is_exact = end == match.end() and _YEAR.fullmatch(match[0]) is not None
        yield _with_unit(text, match.start(), end, values, is_exact=is_exact)


def _with_fractions(text: str) -> Iterator[Number]:
    """Numbers with the sign of a fraction: "2½", "¾"."""
    for match in _WITH_FRACTION.finditer(text):
        value = Decimal(match["whole"] or 0) + _FRACTIONS[match["part"]]
        yield _with_unit(text, *match.span(), frozenset({value}))


def _factor(word: str) -> int:
    word = fold_case(word)
    return _SCALES.get(word) or _ABBREVIATED[word]


def _with_unit(
    text: str, start: int, end: int, values: frozenset[Decimal], *, is_exact: bool = False
) -> Number:
    percent = _PERCENT.match(text, end)
    if percent is None:
        return Number(start, end, values, is_exact=is_exact)
    return Number(start, percent.end(), values, is_percent=True)


def _values(written: str) -> frozenset[Decimal]:
    """The readings of digits with separators."""
    plain = written if written.isascii() else "".join(map(_ascii, written))
    if plain.isdigit():
        return frozenset({Decimal(plain)})
    marks = list(filterfalse(str.isdigit, plain))
    digits = "".join(filter(str.isdigit, plain))
    last = marks[-1]
    whole, fraction = plain.rsplit(last, 1)
    as_decimal = Decimal("".join(filter(str.isdigit, whole)) + "." + fraction)
    if last not in ",.":
        return frozenset({Decimal(digits)})
    if len(set(marks)) > 1:
        return frozenset({as_decimal})
    if len(marks) > 1:
        return frozenset({Decimal(digits)})
    if len(fraction) == 3 and whole != "0":
        return frozenset({Decimal(digits), as_decimal})
    return frozenset({as_decimal})


def _ascii(one: str) -> str:
    if one.isdigit():
        return str(unicodedata.digit(one, 0))
    return {"·": ".", "\u066b": ".", "\u066c": ",", "’": "'"}.get(one, one)


def _in_words(text: str) -> Iterator[Number]:
    """English number words: "two hundred and five", "thirty-five", "five million"."""
    small, runs = (text.lower(), _SMALL_RUN) if text.isascii() else (text, _RUN)
    for run in runs.finditer(small):
        words = _WORD.finditer(small, *run.span())
        yield from _read_run(text, [(word[0].lower(), *word.span()) for word in words])


def _read_run(text: str, run: list[tuple[str, int, int]]) -> Iterator[Number]:
    while run and run[-1][0] == "and":
        run = run[:-1]
    if not run or [word for word, _, _ in run] == ["one"]:
        return
    total, part = 0, 0
    for word, _, _ in run:
        if word in _SMALL:
            part += _SMALL[word]
        elif word == "hundred":
            part = max(part, 1) * 100
        elif word in _SCALES:
            total, part = total + max(part, 1) * _SCALES[word], 0
    yield _with_unit(text, run[0][1], run[-1][2], frozenset({Decimal(total + part)}))


def _in_han(text: str) -> Iterator[Number]:
    for match in _HAN_NUMBER.finditer(text):
        if match.start() and text[match.start() - 1].isdigit():
            continue
        characters = match[0]
        if all(one in _HAN for one in characters):
            value = Decimal("".join(str(_HAN[one]) for one in characters))
        elif characters[0] in _HAN or characters[0] in _HAN_SCALES:
            value = Decimal(_han_value(characters))
        else:
            continue
        yield _with_unit(text, *match.span(), frozenset({value}))


def _han_value(characters: str) -> int:
    total, group, digit = 0, 0, 0
    for one in characters:
        if one in _HAN:
            digit = _HAN[one]
        elif one in _HAN_SCALES:
            group, digit = group + max(digit, 1) * _HAN_SCALES[one], 0
        else:
            total, group, digit = total + max(group + digit, 1) * _HAN_GROUPS[one], 0, 0
    return total + group + digit


def _rounds_to(exact: Decimal, stated: Decimal) -> bool:
    """Whether a number with fewer digits is another one rounded: 2.6 million is 2,643,037."""
    kept = len(stated.normalize().as_tuple().digits)
    if kept < _FEWEST_ROUNDED or kept >= len(exact.normalize().as_tuple().digits) or not exact:
        return False
    step = Decimal(1).scaleb(exact.adjusted() - kept + 1)
    off = abs(exact - stated) * 2
    # What is in the middle is rounded up or to an even digit: 39,500 is no 39,000.
    is_custom = abs(stated) > abs(exact) or stated.normalize().as_tuple().digits[-1] % 2 == 0
    return off < step or (off == step and is_custom)
