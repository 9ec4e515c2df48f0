"""Tell things apart by one word or measure: part-time and full-time staff, a pan of 32 and one of 24 cm.

What tells of the one has nearly all words of a question about the other. A sentence counts as one about the
other only if it has the opposite of a word of the question beside the same thing, or, where the question asks
for the figure of a thing of some measure, another number of that unit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import regex

from index.patterns import lazy_pattern
from index.search.judged import STRENGTH, JudgedSentence
from index.search.question.designations import Standing
from index.text.languages import lacks_words, whole_words

_OTHER = -3.0
"""Added to the strength of a sentence about another thing."""
_WORD = r"[\p{L}\p{M}]+"
_NO_HEAD = lazy_pattern(
    r"(?:a|an|the|of|in|on|at|to|for|from|by|with|and|or|is|are|was|were|do|does|did|have|has|had|can|may|must|"
    r"will|that|this|than|my|your|our|their|its|it|i|we|you|they|"
    r"when|where|if|how|as|before|after|until|now|there)",
    regex.IGNORECASE,
)
"""Words that are no thing."""
_UNITS = (
    r"(?:[kcm]?m|km/h|[km]?g|lbs?|oz|m?l|cl|lit(?:re|er)s?|inch(?:es)?|ft|[kM]?W|V|kWh|mAh|[GTM]B|G?Hz|c?m²)"
)
_MEASURE = lazy_pattern(
    rf"(?<![\p{{L}}\d.,-])(?P<number>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:[.,]\d+)?)"
    rf"[ \u00a0-]?(?P<unit>{_UNITS})(?![\p{{L}}\d/²])"
)
_GROUPED = lazy_pattern(r"(?<=\d),(?=\d{3}\b)")
_THING = lazy_pattern(rf"[\s-]+(?P<thing>{_WORD}(?:-{_WORD})*(?:\s+{_WORD})?)")
_MOST_MEASURES = 4
_NO_PRICE = (
    r"(?!\s*(?:euros?|cents?|dollars?|pounds?|EUR|USD|GBP|CHF|[€$£%]|minutes?|hours?|days?|"
    r"weeks?|months?|years?))"
)
_KINDS = (
    "mm cm m km inch inches ft",
    "g kg mg lb lbs oz",
    "l ml cl liter liters litre litres",
    "W kW MW",
    "MB GB TB",
)
_ASKS_FIGURE = lazy_pattern(
    r"\bhow\s+(?:much|many|long|high|heavy|old|far|expensive)\b|\bwhat\s+(?:does|do|is|are)\b.*\b(?:costs?|prices?|"
    r"weighs?|weight)\b|\bprice\b|\b(?:who|which\s+\w+)\s+(?:supplies|makes|made|sells|delivers)\b",
    regex.IGNORECASE,
)
_MORE_CLAUSES = lazy_pattern(r"[;,]\s|\b(?:and|but|while|whereas|otherwise)\b", regex.IGNORECASE)
"""In a sentence that may tell of the thing asked for in other words: nothing is missing for certain."""
_NEGATED = r"(?<!\bnon-)(?<!\bnon )(?<!\bnot )"
_BOUNDS = lazy_pattern(
    r"\b(?:up\s+to|at\s+(?:least|most)|more\s+than|less\s+than|over|under|above|below|between|from|until|maximum|"
    r"minimum|max\.?|min\.?)\s+$|(?:\d\s*(?:-|–|to)\s*)$",
    regex.IGNORECASE,
)
"""Before a number that bounds a range, in which another one may be."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """A thing that a question names, as it writes it: by a word, or by a measure.

    ``own`` finds what tells it, ``other`` what tells another one; ``beside_thing`` finds the latter beside
    the thing itself.
    """

    written: str
    own: regex.Pattern[str]
    other: regex.Pattern[str]
    beside_thing: regex.Pattern[str]
    thing: regex.Pattern[str]
    is_measure: bool
    kin: frozenset[str] = frozenset()
    """The other units of what its unit measures."""

    def is_in(self, above: str) -> bool:
        """Whether headings have it; a number there may be of anything."""
        return not self.is_measure and self.own.search(above) is not None

    def stands_in(self, text: str, *, is_row: bool) -> Standing:
        """Tell whether a sentence has it, only another one of the kind, or neither for certain."""
        if self.is_measure:
            text = _GROUPED.sub("", text)
        if self.own.search(text):
            return "named"
        if self.is_measure:
            if self.kin and any(one["unit"] in self.kin for one in _MEASURE.finditer(text)):
                return "open"  # the same may be there in another unit
            found = [one for one in self.other.finditer(text) if not _is_bound(text, one.start())]
            is_other = bool(found) and (is_row or self.beside_thing.search(text) is not None)
            return "other" if is_other else "open"
        return "other" if self.beside_thing.search(text) else "open"


@dataclass(frozen=True, slots=True)
class Contrasts:
    """What a question names by a word or a measure that tells it from another thing of the kind."""

    named: Sequence[Contrast]

    @staticmethod
    @lru_cache(64)
    def of(question: str) -> Contrasts | None:
        """Those of a question; None if it has none, as most questions."""
        if lacks_words(question, _NEEDED):
            return None
        found = [*_of_words(question), *_of_measures(question), *_of_inclusion(question)]
        return Contrasts(found) if found else None

    def weigh(
        self, judged: Sequence[JudgedSentence], text: str, at: int, above: str
    ) -> tuple[list[JudgedSentence], Sequence[str]]:
        """Lower the sentences of a hit that are about another thing.

        Returns what the question names, too, if the best sentence is one of these, and no sentence nor the
        headings ``above`` have it. ``text`` around the sentences is from offset ``at`` of the document.
        """
        missing: dict[int, set[str]] = {}
        weighed, named = list[JudgedSentence](), {one.written for one in self.named if one.is_in(above)}
        for one in judged:
            words, is_other = text[one.start - at : one.end - at], False
            for contrast in self.named:
                found = contrast.stands_in(words, is_row=one.is_row)
                if found == "named":
                    named.add(contrast.written)
                elif found == "other":
                    is_other = True
                    if one.is_row or _MORE_CLAUSES.search(words) is None:
                        missing.setdefault(len(weighed), set()).add(contrast.written)
            weighed.append(one._replace(strength=one.strength + _OTHER) if is_other else one)
        if not judged:
            return weighed, ()
        before, after = list(map(STRENGTH, judged)), list(map(STRENGTH, weighed))
        first, best = before.index(max(before)), after.index(max(after))
        if best != first:  # what tells nothing of the thing does not answer instead
            words = text[weighed[best].start - at : weighed[best].end - at]
            missing[best] = {
                one.written
                for one in self.named
                if one.written in missing.get(best if one.thing.search(words) else first, ())
            }
        return weighed, sorted(missing.get(best, set()) - named)


class _Side(NamedTuple):
    """The words for one of several things of a kind, and those for the others: parts of patterns."""

    own: str
    others: str


def _sides(line: str) -> list[_Side]:
    sides = [regex.escape(side).replace("_", r"[\s-]").replace("/", "|") for side in line.split()]
    return [_Side(own, "|".join([other for other in sides if other != own])) for own in sides]


@cache
def _before_thing(own: str) -> regex.Pattern[str]:
    """Finds what tells one of several things, which a pattern is given of, before a word for a thing."""
    return regex.compile(rf"{own}[\s-]+(?P<thing>{_WORD})", regex.IGNORECASE)


def _needed(line: str) -> frozenset[str]:
    """Words, one for each side of a line: without all of these a question has no side."""
    sides = regex.split(r"[\s/]", line.lower())
    return frozenset(max(regex.findall(r"[^\W_]+", one), key=len) for one in sides)


_OF_FIGURES = (
    "with/including/inclusive_of without/excluding/exclusive_of",
    "mit/inklusive/einschließlich ohne/exklusive/ausschließlich",
    "avec/y_compris sans/hors",
    "con/incluido/incluida sin",
)
"""Words of which the opposite tells another figure. Of whether something may be, it is the answer: "without a
permit" is asked for, and "only with a permit" told."""
_ASKS_VALUE = lazy_pattern(
    rf"{_ASKS_FIGURE.pattern}|\bwie\s?(?:viele?|hoch|schwer|lang|groß|teuer|weit)\b|\bkoste[nt]\b|\bcombien\b|"
    r"\bcu[áa]nt[oa]s?\b",
    regex.IGNORECASE,
)
_OF_THINGS: Sequence[str] = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
_OPPOSITES = [(_needed(line), _sides(line)) for line in _OF_THINGS]
_ALL_OPPOSITES = [*_OPPOSITES, *((_needed(line), _sides(line)) for line in _OF_FIGURES)]
_ALIKE: Mapping[str, Sequence[str]] = {
    word.replace("_", " "): side.lower().replace("_", " ").split("/")
    for line in (*_OF_THINGS, *_OF_FIGURES)
    for side in line.split()
    for word in side.lower().split("/")
}
_NEEDED = frozenset("how what price who which was welche welcher que quel quelle".split()).union(
    *(needed for needed, _ in _ALL_OPPOSITES)
)
"""Words of which a question has one that asks for a figure, or names anything by what has an opposite."""
_EVERY = "|".join([side.own for _, sides in _ALL_OPPOSITES for side in sides])
_ANY_SIDE = lazy_pattern(rf"\b(?:{_EVERY})\b[\s-]+{_WORD}", regex.IGNORECASE)
"""Any word that has an opposite, before a thing: most questions have none, and nothing else is looked for."""


def alike_words(word: str) -> Sequence[str]:
    """A word in small letters with those that name the same thing here: "kids" and "children"."""
    return _ALIKE.get(word, (word,))


def _of_words(question: str) -> list[Contrast]:
    found: list[Contrast] = []
    if _ANY_SIDE.search(question) is None:
        return found
    words = whole_words(question) if question.isascii() else None  # of others nothing is told
    for needed, sides in _ALL_OPPOSITES if _ASKS_VALUE.search(question) else _OPPOSITES:
        if words is not None and needed.isdisjoint(words):
            continue
        asked = []
        for side in sides:
            own = rf"{_NEGATED}\b(?:{side.own})\b"
            if (match := _before_thing(own).search(question)) is not None:
                asked.append((own, side.others, match))
        if len(asked) != 1:
            continue
        ((own, others, match),) = asked
        if _NO_HEAD.fullmatch(match["thing"]):
            continue
        if regex.search(rf"\b(?:{others})\b", question, regex.IGNORECASE):
            continue
        thing = regex.escape(match["thing"][: max(3, len(match["thing"]) - 2)])
        beside = rf"{_NEGATED}\b(?:{others})\b[\s-]+(?:{_WORD}\s+)?{thing}"
        found.append(
            Contrast(
                match[0],
                regex.compile(own, regex.IGNORECASE),
                regex.compile(rf"\b(?:{others})\b", regex.IGNORECASE),
                regex.compile(beside, regex.IGNORECASE),
                regex.compile(rf"\b{thing}", regex.IGNORECASE),
                is_measure=False,
            )
        )
    return found


_NEGATION = r"(?:not|n['’]t|nicht|non|pas|no)"
_INCLUDED = (
    r"(?:includ\w+|inbegriffen|enthalten|eingeschlossen|compr(?:is|end)\w*|inclus\w*|incluid\w+|incluye\w*)"
)
_IS_LEFT_OUT = lazy_pattern(
    rf"(?:\b|(?<=\w)){_NEGATION}\s+(?:be\s+|im\s+\w+\s+)?{_INCLUDED}|\bexclud\w+|\bausgeschlossen\b",
    regex.IGNORECASE,
)
_IS_INCLUDED = lazy_pattern(rf"(?<!{_NEGATION}\s(?:be\s|im\s\w{{1,20}}\s)?)\b{_INCLUDED}", regex.IGNORECASE)
_ASKS_WHAT = lazy_pattern(
    r"^\W*(?:(?:what|which|was|welche\w*|que|quel\w*|qué)(?!\w)|qu['’])", regex.IGNORECASE
)


def _of_inclusion(question: str) -> list[Contrast]:
    """The contrast of a question for what is included, or for what is not: the list of the other is near."""
    if not _ASKS_WHAT.search(question):
        return []
    left_out, included = _IS_LEFT_OUT.search(question), _IS_INCLUDED.search(question)
    asked = left_out or included
    if asked is None or (left_out and included):
        return []
    own, other = (_IS_LEFT_OUT, _IS_INCLUDED) if left_out else (_IS_INCLUDED, _IS_LEFT_OUT)
    return [Contrast(asked[0], own, other, other, own, is_measure=False)]


def _kin(unit: str) -> frozenset[str]:
    return frozenset(other for line in _KINDS if unit in line.split() for other in line.split()) - {unit}


def _is_bound(text: str, at: int) -> bool:
    return _BOUNDS.search(text[max(0, at - 20) : at]) is not None


def _of_measures(question: str) -> list[Contrast]:
    if not _ASKS_FIGURE.search(question):
        return []
    found = []
    seen = set[tuple[str, str, str]]()
    for match in _MEASURE.finditer(question):
        thing = _THING.match(question, match.end())
        if (
            thing is None
            or _NO_HEAD.fullmatch(thing["thing"].split()[0])
            or _is_bound(question, match.start())
        ):
            continue
        whole, _, part = _GROUPED.sub("", match["number"]).replace(",", ".").partition(".")
        part = part.rstrip("0")
        number, unit = f"{whole}[.,]{part}0*" if part else whole, regex.escape(match["unit"])
        own = rf"(?<![\d.,]|[€$£]\s?){number}(?:[.,]0+)?(?![\d]|[.,]\d){_NO_PRICE}"
        other = rf"(?<![\d.,]){_number_but(number)}[ \u00a0-]?{unit}(?!\p{{L}})"
        word = regex.escape(thing["thing"].split()[0])
        if (number, unit, word) in seen:
            continue
        seen.add((number, unit, word))
        found.append(
            Contrast(
                f"{match[0]}",
                regex.compile(own),
                regex.compile(other),
                regex.compile(rf"{other}[\s-]+(?:{_WORD}[\s-]+)?{word}", regex.IGNORECASE),
                regex.compile(rf"\b{word}", regex.IGNORECASE),
                is_measure=True,
                kin=_kin(match["unit"]),
            )
        )
        if len(found) == _MOST_MEASURES:
            break
    return found


def _number_but(number: str) -> str:
    return rf"(?!{number}(?:[.,]0+)?(?![\d]|[.,]\d))\d+(?:[.,]\d+)?"
