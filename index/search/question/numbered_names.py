"""Tell things apart whose names differ in a number: "Aster 2" and "Aster 3".

Each word of such a name stands in texts about its siblings, too: "2. The price of the Aster 3 is 620 euros."
has all words of "price of the Aster 2". A text counts as one about siblings only if it has one of them and
the number that is asked for nowhere, however that is written: "3.12", "737-800", "II", "1 to 6".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import regex

from index.patterns import lazy_pattern
from index.search.judged import JudgedSentence
from index.search.question.designations import Standing, is_part
from index.search.ranges import read_ranges
from index.text.stop_words import STOP_WORDS

PASSAGE_LOGITS: dict[Standing, float] = {"named": 2.0, "open": 0.0, "other": -2.0}
"""Added to the logit of a passage's score."""
_SENTENCE: dict[Standing, float] = {"named": 1.0, "open": 0.0, "other": -2.0}
"""Added to the strength of a sentence."""
_MOST_NAMES = 4
"""A question with more is no question about one of them."""
_BEFORE = 400
"""Code points before a sentence in which the name may stand that it refers to."""
_NUMBER = r"\d{1,3}(?![\p{L}\p{N}%°]|[.,:/-]\d)"
_GAP = r"[ \u00a0\u202f-]"
_AND = r"\s*(?:,|/|&|\b(?:and|or|und|oder|et|ou|y|o|e|en)\b)\s*"
_NUMBERS = lazy_pattern(rf"{_GAP}(?P<n>{_NUMBER})(?:{_AND}(?P<n>{_NUMBER}))*")
"""The numbers behind a name, as in "Aster 1, 2 and 3"."""
_ASKED = lazy_pattern(rf"(?<![\p{{L}}\p{{N}}.-])(?P<name>\p{{L}}[\p{{L}}\p{{N}}]{{2,}}){_GAP}{_NUMBER}")
_INSIDE = r"(?<=[\p{L}\p{N},;:(|]\s|\t)"
"""Before a word that is not the first of its sentence, and may be that of a cell."""
_MARKER = lazy_pattern(r"^[^\S\n]*\(?\d{1,3}[.)]\s", regex.MULTILINE)
"""The number of an item of a list."""
_WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()
_ROMAN = "- - II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII XVIII XIX XX".split()
_RELATES = lazy_pattern(
    r"\b(?:replac|succe|follow|preced|predecess|oppos|compar|differ|instead|neighbo|ersetz|nachfolg|vorgäng|folg|"
    r"remplac|suiv|précéd)\w*|\b(?:after|before|next|beside|besides|against|versus|vs|between|than|from|since|until|"
    r"nach|vor|neben|gegen|gegenüber|zwischen|als|seit|après|avant|contre|entre|que|después|antes|contra)\b",
    regex.IGNORECASE,
)
"""Words by which a question asks for another thing of the kind, which a text may name by its number alone."""


@dataclass(frozen=True, slots=True)
class _Name:
    """A name with the numbers that are asked for, as the question writes it."""

    written: str
    numbers: frozenset[str]
    told: regex.Pattern[str]
    """Finds it in a text; the numbers behind it are found by :data:`_NUMBERS`."""
    own: str
    """The pattern of one of the numbers that are asked for, also in another way to write it."""

    @staticmethod
    def of(written: str, question: str) -> _Name:
        """In small letters only a name that a text writes with a capital inside of a sentence is one."""
        name, capital = regex.escape(written), regex.escape(written[0].upper() + written[1:])
        forms = rf"(?:{name}|{name.upper()})" if written[0].isupper() else f"{_INSIDE}{capital}"
        asked = _numbers(regex.compile(name), question)
        told = regex.compile(rf"(?<![\p{{L}}\p{{N}}]){forms}")
        return _Name(written, asked, told, "|".join(map(_any_form, sorted(asked))))

    def stands_in(self, text: str) -> Standing:
        """Tell whether a text has the name, only siblings of it, or neither for certain."""
        if not (told := _numbers(self.told, text)):
            return "open"
        if told & self.numbers:
            return "named"
        plain = _MARKER.sub(" ", text)
        return "open" if regex.search(self.own, plain) or self._is_in_range(plain) else "other"

    def _is_in_range(self, text: str) -> bool:
        asked = [Decimal(one) for one in self.numbers]
        return any(one.bound == "to" and any(map(one.holds, asked)) for one in read_ranges(text))


@dataclass(frozen=True, slots=True)
class NumberedNames:
    """The names with a number that a question has."""

    names: Sequence[_Name]

    @staticmethod
    @lru_cache(64)
    def of(question: str) -> NumberedNames | None:
        """Those of a question that asks for one of them; None if it has none, as most questions."""
        names = list(filter(_is_name, dict.fromkeys(_ASKED.findall(question))))
        if not names or len(names) > _MOST_NAMES or _RELATES.search(question):
            return None
        return NumberedNames([_Name.of(one, question) for one in names])

    def of_text(self, text: str) -> Standing:
        """Tell whether a text has one of the names, only those of siblings, or neither."""
        found = set[Standing]()
        for one in self.names:
            found.add(one.stands_in(text))
        return "named" if "named" in found else "other" if found == {"other"} else "open"

    def of_passage(self, text: str, *, title: str) -> Standing:
        """Tell it of a passage with its headings; a title that has the name says nothing of one passage."""
        found = self.of_text(text)
        return "open" if found == "other" and self.of_text(f"{title}\n{text}") != "other" else found

    def missing_in(self, text: str) -> list[str]:
        """The names of which a text has only siblings, with their numbers."""
        return [
            f"{one.written} {number}"
            for one in self.names
            if one.stands_in(text) == "other"
            for number in sorted(one.numbers)
        ]

    def weigh(self, judged: Sequence[JudgedSentence], text: str, at: int, above: str) -> list[JudgedSentence]:
        """Weigh sentences by what they name, unless the headings ``above`` have the name itself.

        ``text`` is the text around them, from offset ``at`` of the document. A sentence may refer to a name
        before it.
        """
        if self.of_text(above) == "named":
            return list(judged)

        weighed = []
        for one in judged:
            start, end = one.start - at, one.end - at
            found = self.of_text(text[start:end])
            if found == "other" and self.of_text(f"{above}\n{text[max(0, start - _BEFORE) : end]}") != found:
                found = "open"
            weighed.append(one._replace(strength=one.strength + _SENTENCE[found]))
        return weighed


def _is_name(word: str) -> bool:
    small = word.lower()
    return not is_part(small) and not any(small in words for words in STOP_WORDS.values())


def _numbers(name: regex.Pattern[str], text: str) -> frozenset[str]:
    """The numbers behind a name in a text."""
    found = set[str]()
    for match in name.finditer(text):
        if (behind := _NUMBERS.match(text, match.end())) is not None:
            found.update(behind.captures("n"))
    return frozenset(found)


def _any_form(number: str) -> str:
    """A pattern of a number in digits, with whatever follows but digits, in a word, or in Roman numerals."""
    value = int(number)
    forms = [rf"(?<!\d)(?<!\d[.,])0*{value}(?!\d)"]
    if value < len(_WORDS):
        forms.append(rf"(?i:\b{_WORDS[value]}\b)")
    if 1 < value < len(_ROMAN):
        forms.append(rf"\b{_ROMAN[value]}\b")
    return "|".join(forms)
