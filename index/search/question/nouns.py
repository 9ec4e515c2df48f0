"""Prefer German sentences that have a noun of the question: "Sind Hunde erlaubt?" asks about dogs.

A capital tells the nouns of a German question, and no model reads German passages: "Elektrogrills sind
erlaubt." has as many of its words as the sentence about dogs, which says it in another way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import regex

from index.patterns import lazy_pattern
from index.search.judged import JudgedSentence
from index.text.languages import language_of_question

_OTHER = -3.0
"""Added to the strength of a sentence without a noun of the question, beside one that has some."""
_WORD = lazy_pattern(r"[\p{L}\p{M}]+")
_SHORTEST, _PART = 3, 5
"""Letters of a noun, and of one that is looked for within compounds, too."""
_FEW = 2
"""Words of a question that may begin with a noun: "Hunde erlaubt?"."""
_ENDS = (".", "!", "?")
_BEFORE = 400
"""Code points before a sentence in which what it refers to is looked for."""

Hashes = Callable[[str], Iterable[int]]


@dataclass(frozen=True, slots=True)
class AskedNouns:
    """The nouns of a German question: the terms of them, and the long ones as a pattern."""

    terms: frozenset[int]
    parts: regex.Pattern[str] | None
    hashes: Hashes

    @staticmethod
    def of(question: str, hashes: Hashes) -> AskedNouns | None:
        """Those of a question; None if it has none, or is in another language."""
        language = language_of_question(question)
        if not language.capitalises_nouns:
            return None
        words = _WORD.findall(question)
        nouns = [
            word
            for word in words[len(words) > _FEW :]  # the first one has a capital anyway
            if word[0].isupper()
            and len(word) >= _SHORTEST
            and word.lower() not in language.asking
            and word.lower() not in language.dates
        ]
        if not nouns:
            return None
        long = [regex.escape(one[: max(_PART, len(one) - 2)].lower()) for one in nouns if len(one) >= _PART]
        parts = regex.compile("|".join(long), regex.IGNORECASE) if long else None
        return AskedNouns(frozenset(hashes(" ".join(nouns))), parts, hashes)

    def is_in(self, text: str) -> bool:
        """Whether a text has one of them, also within a compound."""
        return (self.parts is not None and self.parts.search(text) is not None) or not self.terms.isdisjoint(
            self.hashes(text)
        )

    def weigh(
        self, judged: Sequence[JudgedSentence], text: str, at: int, above: str, *, is_told: bool = False
    ) -> list[JudgedSentence]:
        """Lower the sentences of a hit that have none of them, unless no other one has one.

        ``is_told``: a sentence of another hit has one. What stands before a sentence in its paragraph, and
        the headings ``above``, count as said in it.
        """
        has = [self.is_in(text[one.start - at : one.end - at]) for one in judged]
        if not (is_told or any(has)) or all(has) or self.is_in(above):
            return list(judged)
        return [
            one
            if own or self.is_in(_before(text, one.start - at))
            else one._replace(strength=one.strength + _OTHER)
            for one, own in zip(judged, has, strict=True)
        ]


def _before(text: str, start: int) -> str:
    """What stands before a sentence in its paragraph, and the heading above that."""
    before = text[max(0, start - _BEFORE) : start]
    paragraph = before.rfind("\n\n")
    if paragraph < 0:
        return before
    above = before[before.rfind("\n", 0, paragraph) + 1 : paragraph].rstrip()
    return before[paragraph:] if above.endswith(_ENDS) else f"{above}{before[paragraph:]}"
