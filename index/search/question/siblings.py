"""Tell what a passage says of a named thing from what it says of its siblings: the Sund and the Fjord kettle.

Under "The Sund kettle holds 1.2 litres." the sentence "The guarantee is two years." names none of them, and
has all words of a question for each. It is about the one that was named last before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import regex

from index.citations.statements.facts import are_forms
from index.search.judged import JudgedSentence
from index.search.question.references import references
from index.text.analysis import without_accents
from index.text.languages import is_english
from index.text.sentences import sentence_spans
from index.text.stop_words import STOP_WORDS

_OTHER = -6.0
"""Added to the strength of a sentence about a sibling."""
_BEFORE = 800
"""Code points before a sentence in which is looked for what it is about."""
_NAME = r"\p{Lu}[\p{L}\p{M}\p{N}]*(?:-[\p{L}\p{N}]+)*"
_ASKED = regex.compile(rf"(?<=[\p{{L}}\p{{N}},:]\s){_NAME}(?!\p{{L}})")
"""A name in a question, which is not its first word."""
_OF = r"(?:in|at|of|for|near)"
_WHERE = r"(?:[Ii]n|[Aa]t|[Nn]ear)"
_OF_ALL = regex.compile(r"\b(?:all|every|each|both|any)\b", regex.IGNORECASE)
"""In a sentence about all things of a kind."""
_TITLE = r"(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.?"
_OPENS = regex.compile(
    r"(?:\A|[.!?:]['\"”’)]?\s+|\n\s*(?:[-*•#]+\s+|\(?\d{1,3}[.)]\s+)?)(?:[\p{L}'’]+\s+){0,2}\Z"
)
"""Before what a sentence begins with, its subject; a sibling that is named within tells of no other thing."""
_LONGEST_OPENING = 60
_KIND = r"(?P<kind>\p{Ll}{3,})"
_SMALL = STOP_WORDS["english"]
_ASKS_PERSON = regex.compile(r"\b(?:who|whom|whose)\b", regex.IGNORECASE)
_MOST_NAMES = 4
_MOST_REFERRED = 1
"""Names of what was said before that a follow-up question refers to."""


@dataclass(frozen=True, slots=True)
class NamedThings:
    """The names that a question has, each of which may be that of one thing of several."""

    names: Sequence[str]
    question: str

    @staticmethod
    @lru_cache(64)
    def of(question: str, earlier: str = "", said: str = "") -> NamedThings | None:
        """Those of an English question; None if it has none, or many, or asks for a person.

        "Who kept the lamp after Osgood?" asks for what is told of another one.
        A follow-up question without one is about that of what was ``said`` before, or else ``earlier`` asked.
        """
        if not is_english(question) or _ASKS_PERSON.search(question):
            return None
        names = _names(question)
        if not names and (said or earlier) and references(question).is_dependent:
            names = next((one for one in (_names(said), _names(earlier)) if one), [])[:_MOST_REFERRED]
        return NamedThings(names, question) if 0 < len(names) <= _MOST_NAMES else None

    def weigh(self, judged: Sequence[JudgedSentence], text: str, at: int) -> list[JudgedSentence]:
        """Lower the sentences of a hit that are about siblings of what the question names.

        ``text`` around them is from offset ``at`` of the document.
        """
        if not judged:
            return []
        first = max(0, judged[0].start - at - _BEFORE)
        around = text[first : judged[-1].end - at]
        mentions = self._mentions(around)
        if not mentions:
            return list(judged)
        return [
            one._replace(strength=one.strength + _OTHER)
            if _is_of_sibling(mentions, one.start - at - first, one.end - at - first)
            and not _OF_ALL.search(text, one.start - at, one.end - at)
            else one
            for one in judged
        ]

    def missing_in(self, text: str) -> list[str]:
        """The names beside whose place a text only has other ones: asked for the hotel in Bonn, that in Kiel.

        It may have the name, but then it tells something else of it.
        """
        found = []
        for name in self.names:
            for kind in regex.findall(rf"{_KIND}\s{_WHERE}\s{regex.escape(name)}(?!\p{{L}})", self.question):
                told = regex.findall(rf"(?<!\p{{L}}){kind}(?:s|es)?\s{_WHERE}\s(?P<name>{_NAME})", text)
                is_told = _is_among(name, kind, text)
                if kind not in _SMALL and told and not is_told and all(map(self._is_other, told)):
                    found.append(name)
        return found

    def _is_other(self, name: str) -> bool:
        """Whether a name is none of those that are asked for, nor a form of one."""
        small = _plain(name)
        return small not in _SMALL and not any(
            small == _plain(one) or are_forms(small, _plain(one)) for one in self.names
        )

    def _mentions(self, text: str) -> list[tuple[int, bool]]:
        """Where a text has the names, and where those of siblings, in order; none if it lacks one of the two.

        Siblings are what has another name before the same word: "the Fjord kettle".
        """
        found: list[tuple[int, bool]] = []
        for name in self.names:
            own = regex.compile(rf"(?<![\p{{L}}\p{{N}}-]){regex.escape(name)}(?![\p{{L}}\p{{N}}-])")
            for alike in _alike(own.pattern, f"{text}\n{self.question}"):
                found += [
                    (one.start("name"), False)
                    for one in alike.finditer(text)
                    if self._is_other(one["name"])
                    and _OPENS.search(text[max(0, one.start() - _LONGEST_OPENING) : one.start()])
                ]
            found += [(one.start(), True) for one in own.finditer(text)]
        kinds_of = {is_own for _, is_own in found}
        return sorted(found) if len(kinds_of) > 1 else []


def _is_among(name: str, kind: str, text: str) -> bool:
    """Whether a sentence about things of a kind has a name as one of them: "hotels in Kiel and Bonn"."""
    own = regex.compile(
        rf"{regex.escape(name)}\s{kind}|(?:\b(?:{_WHERE}|and|or)|[,&])\s+{regex.escape(name)}(?!\p{{L}})"
    )
    its_kind = regex.compile(rf"(?<!\p{{L}}){kind}(?:s|es)?(?!\p{{L}})", regex.IGNORECASE)
    return any(
        own.search(text, *one) and its_kind.search(text, *one) for one in sentence_spans(text, 0, len(text))
    )


def _plain(name: str) -> str:
    """A name in small letters without accents: people write Koln for Köln."""
    return without_accents(name.lower())


def _names(text: str) -> list[str]:
    return [one for one in dict.fromkeys(_ASKED.findall(text)) if one.lower() not in _SMALL]


def _alike(own: str, text: str) -> Iterator[regex.Pattern[str]]:
    """Yield the patterns of names beside the words that a name has beside it in a text or a question."""
    before = {one["kind"] for one in regex.finditer(rf"{own}\s{_KIND}", text)} - _SMALL
    behind = {one["kind"] for one in regex.finditer(rf"{_KIND}\s{_OF}\s{own}", text)} - _SMALL
    for kind in before:
        yield regex.compile(rf"(?P<name>{_NAME})\s{kind}(?:s|es)?(?!\p{{L}})")
    for kind in behind:
        yield regex.compile(rf"(?<!\p{{L}}){kind}(?:s|es)?\s{_OF}\s(?P<name>{_NAME})")
    if regex.search(rf"{_TITLE}\s{own}", text):
        yield regex.compile(rf"{_TITLE}\s(?P<name>{_NAME})")


def _is_of_sibling(mentions: Sequence[tuple[int, bool]], start: int, end: int) -> bool:
    """Whether a sentence has siblings alone, or none and the last one named before it is a sibling."""
    inside = [is_own for place, is_own in mentions if start <= place < end]
    if inside:
        return not any(inside)
    before = [is_own for place, is_own in mentions if place < start]
    return bool(before) and not before[-1]
