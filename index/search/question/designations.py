"""Read the dates, versions and numbers by which sections are named: "4 March 2024", "2.2.0", "Article 7".

The words are data (``designations.json``), of seven languages.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import regex

from index.patterns import lazy_pattern
from index.text.languages import alphabetic_languages
from index.text.letter_case import fold_case

Standing = Literal["named", "other", "open"]
"""How a heading stands to the section that a question names: it is this one, another one, or says nothing."""
Value = tuple[int | str | None, ...]

CONTENT: Mapping[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
_NOUNS = {word: noun for noun, words in CONTENT["numbered"].items() for word in words.split()}
_NUMBER_WORDS: Mapping[str, int] = CONTENT["words"]
_BARE = "number"
"""Kind of a heading's own number: "3. Rejected proposals"."""
_BARE_OF = frozenset(("article", "section", "item", "chapter", "rule", "step", "part", "lesson", "question"))
_MONTHS = {
    word: int(month.removeprefix("month"))
    for language in alphabetic_languages()
    for word, month in language.dates.items()
    if month.startswith("month")
} | {"may": 5}
_AMBIGUOUS = frozenset(("may", "mars", "march", "mai"))
"""Months that are other words, too, in small letters."""


def _any(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(sorted(map(regex.escape, words), key=len, reverse=True))})"


_MONTH, _SMALL_MONTH = _any(_MONTHS), _any(_MONTHS.keys() - _AMBIGUOUS)
_YEAR = r"(?:19|20)\d\d"
_DAY = r"(?:[12]\d|3[01]|0?[1-9])"
_OF = r"(?:\s+(?:of|de|del|di|van))?"
_DATE = (
    rf"(?P<iso>(?<![\d.-])(?P<y1>{_YEAR})-(?P<m1>0[1-9]|1[0-2])(?:-(?P<d1>{_DAY}))?(?![\d-]))"
    rf"|(?P<points>(?<![\d./])(?P<d2>{_DAY})(?P<mark>[./])(?P<m2>0?[1-9]|1[0-2])(?P=mark)(?P<y2>{_YEAR})(?!\d))"
    rf"|(?P<day_first>(?<![\w.,])(?P<d3>{_DAY})(?:st|nd|rd|th|er|\.|º)?{_OF}\s+(?P<n3>{_MONTH})\.?"
    rf"(?:{_OF},?\s+(?P<y3>{_YEAR}))?(?!\w))"
    rf"|(?P<month_first>(?<!\w)(?P<n4>{_MONTH})\.?\s+(?P<d4>{_DAY})(?:st|nd|rd|th)?"
    rf"(?:,?\s+(?P<y4>{_YEAR}))?(?![\w]|[.,:]\d))"
    rf"|(?P<of_year>(?<!\w)(?P<n5>{_MONTH})\.?{_OF}\s+(?P<y5>{_YEAR})(?!\w))"
    rf"|(?P<month>(?<=\b(?:in|im|en|em|of|the|vom|du|de|a)\s)"
    rf"(?P<n6>(?-i:(?=\p{{Lu}})){_MONTH}|{_SMALL_MONTH})(?!\w))"
)
_VERSION = (
    r"(?P<version>(?<![\w.,/-])[vV]?(?P<dotted>\d{1,4}(?:\.\d{1,4}){1,3})(?P<rest>-[a-z]+\.?\d*)?"
    r"(?![\w/%]|[.,]\d))"
)
_NUMBERED = (
    rf"(?P<numbered>(?<!\w)(?:(?P<noun>{_any(_NOUNS)})\.?\s+(?:no\.?\s+|nr\.?\s+)?|(?P<sign>§+)\s*)"
    rf"(?P<value>\d{{1,3}}(?:\.\d{{1,3}}){{1,4}}|\d{{1,4}}[a-z]?|[ivxlc]{{1,6}}|{_any(_NUMBER_WORDS)}|[A-Z])(?![\w]|[.,]\d))"
)
_ANY = lazy_pattern(rf"{_DATE}|{_NUMBERED}|{_VERSION}", regex.IGNORECASE)
_FIGURE = lazy_pattern(r"\d[-./]\d|§")
"""What a text has, if it names anything by figures alone: a date, a version, or a section."""
_NAMES = frozenset((*_MONTHS, *_NOUNS))
"""Words of which a text without figures has one, if it names anything: sooner told than by the pattern."""
_LETTERS = lazy_pattern(r"\w+")
_BARE_NUMBER = lazy_pattern(r"\s*(?:#+\s*)?(?P<value>\d{1,3}(?:\.\d{1,3}){0,4})[.):]?\s+[\"'“„«(\[]?\p{L}")
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_IS_ROMAN = lazy_pattern(r"(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})", regex.IGNORECASE)
_BEFORE_VERSION = lazy_pattern(
    r"\b(?:version|release|ver|build|update|ausgabe|versión|versione|versie|versão)\.?\s*$", regex.IGNORECASE
)
_CAPITAL_BEFORE = lazy_pattern(r"\b\p{Lu}[\p{L}\d]+\s$")
_BESIDE = frozenset(word for line in CONTENT["beside"] for word in line.split())
_AS_OF = lazy_pattern(r"\bas\s+of\s+(?:the\s+)?$|\b(?:end|beginning|start)\s+of\s+$", regex.IGNORECASE)
_ASKS_WHETHER = lazy_pattern(
    r"^(?!.*\b(?:was|were|did|had|wurden?|waren?)\b)(?:"
    r"\W*(?:(?:and|but|so|und|aber)\s+)?(?:is|are|am|do|does|will|ist|sind|gibt)\b|"
    r".*\b(?:may|can|could|must|should|shall|darf|dürfen|kann|können|muss|müssen)\b)",
    regex.IGNORECASE,
)
_IN = lazy_pattern(r"\b(?:in|im)\s+$", regex.IGNORECASE)
_WORD_BEFORE = lazy_pattern(r"(\p{L}+)\W*$")


def is_part(word: str) -> bool:
    """Tell a month, or a numbered part of a text such as "article", by its word in small letters."""
    return word in _NOUNS or word in _MONTHS


@dataclass(frozen=True, slots=True)
class Designation:
    """A date (year, month, day), a version (its parts), or a number of a ``kind`` such as "article".

    It stands at ``[start, end)`` of its text.
    """

    kind: str
    value: Value
    start: int
    end: int

    def standing(self, other: Designation) -> Standing:
        """Compare the section that is named by this one with a heading that has ``other``."""
        if other.kind != self.kind:
            is_bare = other.kind == _BARE and self.kind in _BARE_OF
            standing = self._standing_of_number(other.value) if is_bare else "open"
            return standing if standing == "named" or len(self.value) > 1 else "open"
        if self.kind == "date":
            pairs = list(zip(self.value, other.value, strict=True))
            if any(one != two for one, two in pairs if one is not None and two is not None):
                return "other"
            return "named" if all(two is not None for one, two in pairs if one is not None) else "open"
        if self.kind == "version":
            size = len(self.value)
            if other.value[:size] == self.value:
                return "named"
            is_part = len(other.value) < size and self.value[: len(other.value)] == other.value
            return "open" if is_part else "other"
        return self._standing_of_number(other.value)

    def _standing_of_number(self, value: Value) -> Standing:
        """Compare a number with points, such as 4.2: "4.2.1" is a part of it, and it is one of "4"."""
        if value[: len(self.value)] == self.value:
            return "named"
        return "open" if self.value[: len(value)] == value else "other"


def designations_in(text: str) -> list[Designation]:
    """The dates, versions and numbered parts that a text names, in order."""
    if not _FIGURE.search(text) and _NAMES.isdisjoint(_LETTERS.findall(fold_case(text))):
        return []
    return [one for match in _ANY.finditer(text) if (one := _read(match)) is not None]


def designations_of_heading(line: str) -> list[Designation]:
    """Those of a heading; also the number by which it begins."""
    found = designations_in(line)
    if (bare := bare_number(line)) is not None and not any(
        one.start <= bare.start < one.end and one.kind != "version" for one in found
    ):
        found.append(bare)
    return found


def bare_number(line: str) -> Designation | None:
    """The number by which a heading or a clause begins, such as "4.2"; None without one."""
    bare = _BARE_NUMBER.match(line)
    if bare is None:
        return None
    value = tuple(map(int, bare["value"].split(".")))
    return Designation(_BARE, value, bare.start("value"), bare.end("value"))


def designations_of_question(question: str) -> tuple[Designation, ...]:
    """Those of a question; none if it compares with one, as in "since 2.2.0".

    Of two numbers with a point, only what is said to be a version is one: "2.5" mostly counts. A month is
    when something is done that may be, and names no section: "May I burn leaves in April?".
    """
    found = []
    for one in designations_in(question):
        before = question[: one.start]
        word = _WORD_BEFORE.search(before)
        if (word is not None and word[1].lower() in _BESIDE) or _AS_OF.search(before):
            return ()
        if one.kind == "version" and len(one.value) == 2 and not _says_version(question, one):
            continue
        is_month = one.kind == "date" and one.value[0] is None and one.value[2] is None
        if is_month and _IN.search(before) and _ASKS_WHETHER.search(question):
            continue
        found.append(one)
    return tuple(found)


def _says_version(question: str, one: Designation) -> bool:
    before = question[: one.start]
    # The first word of a question is no name.
    is_name = _CAPITAL_BEFORE.search(before, 1) is not None
    return question[one.start] in "vV" or is_name or _BEFORE_VERSION.search(before) is not None


def _read(match: regex.Match[str]) -> Designation | None:
    start, end = match.span()
    if match["version"]:
        parts: list[int | str] = [int(part) for part in match["dotted"].split(".")]
        if match["rest"]:
            parts.append(match["rest"].lower())
        return Designation("version", tuple(parts), start, end)
    if match["numbered"]:
        value = _numbers(match["value"])
        if value is None:
            return None
        noun = "section" if match["sign"] else _NOUNS[fold_case(match["noun"])]
        return Designation(noun, value, start, end)
    return Designation("date", _date(match), start, end)


def _date(match: regex.Match[str]) -> Value:
    if match["iso"]:
        return int(match["y1"]), int(match["m1"]), _int(match["d1"])
    if match["month"]:
        return None, _MONTHS[fold_case(match["n6"])], None
    if match["points"]:
        return int(match["y2"]), int(match["m2"]), int(match["d2"])
    if match["of_year"]:
        return int(match["y5"]), _MONTHS[fold_case(match["n5"])], None
    name, day, year = ("n3", "d3", "y3") if match["day_first"] else ("n4", "d4", "y4")
    return _int(match[year]), _MONTHS[fold_case(match[name])], int(match[day])


def _int(digits: str | None) -> int | None:
    return None if digits is None else int(digits)


def _numbers(written: str) -> Value | None:
    """The number of a part, which may have points: "4.2"."""
    if "." in written:
        return tuple(map(int, written.split(".")))
    value = _number(written)
    return None if value is None else (value,)


def _number(written: str) -> int | str | None:
    """The number of a part: digits, Roman, in words, or a letter."""
    lower = fold_case(written)
    if lower in _NUMBER_WORDS:
        return _NUMBER_WORDS[lower]
    if lower.isdigit():
        return int(lower)
    if lower[0].isdigit():
        return lower
    if _IS_ROMAN.fullmatch(lower) and written.isupper():
        return _roman(lower)
    return lower if len(written) == 1 and written.isupper() else None


def _roman(lower: str) -> int:
    values = [_ROMAN[letter] for letter in lower]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return sum(-one if one < after else one for one, after in pairs)


def best_standing(asked: Sequence[Designation], heading: Iterable[Designation]) -> Standing:
    """Compare a heading with the section that any of some designations of one kind names."""
    found: Standing = "open"
    for one in heading:
        for own in asked:
            standing = own.standing(one)
            if standing == "named":
                return "named"
            if standing == "other":
                found = "other"
    return found
