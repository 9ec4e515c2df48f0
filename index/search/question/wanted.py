"""Tell whether a sentence holds the kind of thing that a question asks for: a number, date, name or list.

A sentence that only leads to the answer has as many of the question's words as the one that holds it: "a
ceremony for the agreements was held" beside "they signed six agreements", asked how many were signed.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

import regex

from index.citations.statements.numbers import Number, read_numbers
from index.patterns import lazy_pattern
from index.search.question.measures import unit_of_measure
from index.text.languages import FUNCTION_WORDS, lacks_words
from index.text.months import MONTHS
from index.text.sentences import LIST_ITEM

Kind = Literal["number", "date", "name", "list"]
HOLDS: Mapping[Kind, float] = {"number": 1.8, "date": 1.4, "name": 1.1, "list": 1.3}
"""Weights: what a sentence that holds the kind of thing adds to the logit that a person would mark it.

Fitted to 249 lit sentences of XQuAD and COVID-QA, development halves; that of lists was chosen."""
_ASKS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "number",
        re.compile(
            r"\bhow\s+(?:many|much|high|long|large|old|far|tall|big|fast|deep|wide|often|heavy|small|thick)\b|"
            r"\bwhat\s+(?:\w+\s+)?(?:percentage|percent|number|amount|proportion|share|fraction|rate|price|cost|"
            r"height|length|width|weight|population|capacity|speed|distance|temperature)\b|"
            r"\bwie\s+?(?:viele?|hoch|lang|groß|alt|weit|schnell|tief|oft)\b|\bcombien\b|\bcuánt[oa]s?\b|"
            r"\bquant[ieoa]s?\b|\bhoeveel\b",
            re.IGNORECASE,
        ),
    ),
    (
        "date",
        re.compile(
            r"\bwhen\b|\b(?:what|which)\s+(?:year|date|day|month|century|decade)\b|\bwann\b|\bquand\b|"
            r"\bcuándo\b|\bquando\b|\bwanneer\b",
            re.IGNORECASE,
        ),
    ),
    ("name", re.compile(r"\b(?:who|whose|whom|wer|wen|wem|quién|quiénes|quem)\b", re.IGNORECASE)),
)
_DATE = re.compile(r"(?<!\d)(?:1\d|20)\d\d(?!\d)|\b(?:1?\d|20)th century\b|\d{1,2}[./]\d{1,2}[./]\d{2,4}")
_MONTHS = f"(?:{'|'.join(MONTHS)})"
_MONTH = re.compile(rf"\b{_MONTHS}\b")
_DAY = re.compile(rf"\b{_MONTHS} \d{{1,2}}(?:st|nd|rd|th)?\b|\b\d{{1,2}}(?:st|nd|rd|th|\.)? {_MONTHS}\b")
_YEAR = re.compile(r"(?:1\d|20)\d\d")
_NAME = lazy_pattern(r"(?<=[\p{L}\p{N},;:)»”’'\"]\s)\p{Lu}[\p{L}\p{M}'’-]+")
_LIST_NEXT = re.compile(rf"[^\S\n]*\n(?:[^\S\n]*\n)?(?={LIST_ITEM})")
_SEVERAL = re.compile(
    r"\b(?:which|what)\s+(?:\w+\s+){0,2}?(?!(?:is|was|does|has|its|this)\b)\w+s\b(?!\s+(?:is|was|has|does)\b)|"
    r"\b(?:list|name|enumerate)\b|\bwhat\s+are\b|\bwelche\b|\bquels\b|\bquelles\b|\bcuáles\b|\bquali\b|"
    r"\bquais\b|哪些",
    re.IGNORECASE,
)
_DONE = (
    r"(?:added|fixed|removed|dropped|changed|deprecated|corrected|introduced|decided?|resolved|agreed|rejected|"
    r"discussed|planned|required)"
)
_ACTIONS = re.compile(
    rf"\W*what\s+(?:(?:was|were|is|has\s+been|have\s+been|got)\s+(?:{_DONE}\b|new\b)|{_DONE}\b|"
    rf"(?:did|does|has|have)\s+(?:\w+\s+){{1,6}}?(?:add|fix|remove|change|decided?|agreed?|reject|{_DONE})\b)|"
    r"\W*(?:was|que|qu['’]\w+|qué|cosa|wat)\b.*\b(?:beschlossen|entschieden|hinzugefügt|behoben|geändert|entfernt|"
    r"abgelehnt|vereinbart|décid\w+|ajout\w+|corrig\w+|supprim\w+|decid\w+|añad\w+|aggiunt\w+|besloten|toegevoegd)\b",
    re.IGNORECASE,
)
"""Of what was decided or added mostly a list tells."""
_STEPS = re.compile(
    r"\bhow\s+(?:do|does|can|could|should|must|would)\s+(?:i|you|we|one|they|it|the|a)\b|\bhow\s+to\b|"
    r"\bhow\s+(?:is|are)\s+\w+.*\w(?:ed|ne|lt|de|ut|ld)\b|"
    r"\bwhat\s+(?:should|must|do|can)\s+(?:i|you|we|one)\s+(?:have\s+to\s+)?do\b|\bwhat\s+are\s+the\s+steps\b|"
    r"\bwie\s+\w+\s+(?:ich|man|wir)\b|\bcomment\s+(?:faire|\w+er\b|puis|peut|dois)|\bcómo\s+(?:se\s+)?\w+|"
    r"\bcome\s+(?:si\s+|posso\s+)?\w+|\bhoe\s+\w+\s+(?:ik|je|men|we)\b",
    re.IGNORECASE,
)


_ASKING = frozenset(
    "how what which who whose whom when list name enumerate wie welche wann wer wen wem was que qu cosa wat "
    "combien quanti quante quanto quanta quantis quantes quantos quantas hoeveel quand quando wanneer quem "
    "quels quelles quali quais temperature percentage percent kostet".split()
)
"""Words of which a question has one that asks for any of these, if it is ASCII."""


def asks_for_several(question: str) -> bool:
    """Whether a question asks for several things, such as "Which agreements were signed?"."""
    return _SEVERAL.search(question) is not None or _ACTIONS.match(question) is not None


def asks_for_steps(question: str) -> bool:
    """Whether a question asks how something is done, such as "How do I clean the mirror?"."""
    return _STEPS.search(question) is not None


def list_after(text: str, end: int) -> int | None:
    """The beginning of the list that follows a sentence which ends here; None if none does."""
    after = _LIST_NEXT.match(text, end)
    return None if after is None else after.end()


_HOW_MANY = lazy_pattern(
    r"\bhow\s+many\s+(?:of\s+(?:the|your|my|our|their|its)\s+)?(?P<counted>[\w'’-]+(?:\s+[\w'’-]+){0,3}?)\s+"
    r"(?:are|is|were|was|do|does|did|can|could|may|must|will|would|should|have|has|had|of|in|on|at|for|per|to|"
    r"with|that|who|which|there)\b(?P<rest>.*)",
    regex.IGNORECASE,
)
_WORD = lazy_pattern(r"\p{L}+")
_SOME_OF = lazy_pattern(r"(?<!\p{L})of\s(?:the\s|its\s|our\s)?$", regex.IGNORECASE)
_NEXT_WORD = lazy_pattern(r"[\s-]{0,2}(?P<word>\p{L}+)")


@lru_cache(64)
def _not_counted(question: str) -> frozenset[str]:
    """The content words of "How many people wait for a plot?" that are not what is counted."""
    asked = _HOW_MANY.search(question)
    if asked is None:
        return frozenset()
    counted = {_stem(word) for word in asked["counted"].split()}
    others = {_stem(word) for word in _WORD.findall(asked["rest"]) if word.lower() not in FUNCTION_WORDS}
    return frozenset(others - counted)


def _stem(word: str) -> str:
    """An English noun without the ending of the plural."""
    word = word.lower()
    for ending, instead in (("ies", "y"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("sses", "ss")):
        if word.endswith(ending):
            return word.removesuffix(ending) + instead
    return word.removesuffix("s")


def _counts_other(sentence: str, numbers: Sequence[Number], others: Container[str]) -> list[bool]:
    """For each number whether it counts one of these: "118 plots", and 112 in "Of 118 plots, 112 are let"."""
    found: list[bool] = []
    for at, one in enumerate(numbers):
        match = _NEXT_WORD.match(sentence, one.end)
        word = match["word"].lower() if match else ""
        if word and word not in FUNCTION_WORDS:
            found.append(_stem(word) in others)
        else:  # it is some of those before
            found.append(
                at > 0 and found[-1] and _SOME_OF.search(sentence[: numbers[at - 1].start]) is not None
            )
    return found


@lru_cache(64)  # of one question it is asked for each likely sentence
def _numbers_of(question: str) -> frozenset[Decimal]:
    """The values of the numbers that a question has."""
    return frozenset([value for one in read_numbers(question) for value in one.values])


@dataclass(frozen=True, slots=True)
class Wanted:
    """The kind of thing that a question asks for; ``question`` has those that do not answer it."""

    kind: Kind
    question: str

    @staticmethod
    def of(question: str) -> Wanted | None:
        """Tell what a question asks for; None if it is none of these."""
        if lacks_words(question, _ASKING):
            return None
        kind = next((kind for kind, asks in _ASKS if asks.search(question)), None)
        if kind is None and unit_of_measure(question) is not None:
            kind = "number"
        if kind is None and asks_for_several(question):
            kind = "list"
        return None if kind is None else Wanted(kind, question)

    def is_measured(self, sentence: str) -> bool:
        """Look for a number with a unit of the measure that is asked for; False where no measure is."""
        unit = unit_of_measure(self.question) if self.kind == "number" else None
        return unit is not None and unit.search(sentence) is not None

    def counts_other(self, sentence: str) -> bool:
        """Tell if all numbers of a sentence count something of the question that is not asked for."""
        others = _not_counted(self.question)
        numbers = read_numbers(sentence) if others else []
        return bool(numbers) and all(_counts_other(sentence, numbers, others))

    def is_in(self, text: str, start: int, end: int) -> bool:
        """Whether a sentence, ``text[start:end]``, has one that the question does not have itself."""
        if self.kind == "list":
            return list_after(text, end) is not None
        sentence = text[start:end]
        if self.kind == "number":
            own = _numbers_of(self.question)
            without_days = _DAY.sub(lambda match: " " * len(match[0]), sentence)
            numbers = read_numbers(without_days)
            is_other = _counts_other(sentence, numbers, _not_counted(self.question))
            return any(
                not of_other and not _YEAR.fullmatch(sentence[one.start : one.end]) and not one.values & own
                for one, of_other in zip(numbers, is_other, strict=True)
            )
        if self.kind == "date":
            found = {match[0] for asked in (_DATE, _MONTH) for match in asked.finditer(sentence)}
            return any(one not in self.question for one in found)
        return any(match[0] not in self.question for match in _NAME.finditer(sentence))
