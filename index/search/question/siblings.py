"""Tell what a passage says of a named thing from what it says of its siblings: the Sund and the Fjord kettle.

Under "The Sund kettle holds 1.2 litres." the sentence "The guarantee is two years." names none of them, and
has all words of a question for each. It is about the one that was named last before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import regex

from index.citations.statements.facts import are_forms
from index.patterns import lazy_pattern
from index.search.judged import JudgedSentence
from index.search.question.references import references
from index.text.accents import without_accents
from index.text.languages import is_english
from index.text.sentences import Span, sentence_spans
from index.text.stop_words import STOP_WORDS
from index.text.word_boundaries import find_all

_OTHER = -6.0
"""Added to the strength of a sentence about a sibling."""
_BEFORE = 800
"""Code points before a sentence in which is looked for what it is about."""
_NAME = r"\p{Lu}[\p{L}\p{M}\p{N}]*+(?:-[\p{L}\p{N}]++)*+"
_ASKED = lazy_pattern(rf"(?<=[\p{{L}}\p{{N}},:]\s){_NAME}(?!\p{{L}})")
"""A name in a question, which is not its first word."""
_OF = r"(?:in|at|of|for|near)"
_WHERE = r"(?:[Ii]n|[Aa]t|[Nn]ear)"
_OF_ALL = lazy_pattern(r"\b(?:all|every|each|both|any)\b", regex.IGNORECASE)
"""In a sentence about all things of a kind."""
_TITLE = r"(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.?"
_OPENS = lazy_pattern(
    r"(?:\A|[.!?:]['\"”’)]?\s+|\n\s*(?:[-*•#]+\s+|\(?\d{1,3}[.)]\s+)?)(?:[\p{L}'’]+\s+){0,2}\Z"
)
"""Before what a sentence begins with, its subject; a sibling that is named within tells of no other thing."""
_LONGEST_OPENING = 60
_IN_PASSING = lazy_pattern(
    r"[^.!?\n]{0,300}\b(?:cannot|not|never|no\s{1,9}longer|\p{L}{1,12}n['’]t)\b[^.!?\n]{0,300}+[.!?]\s++"
    r"(?!(?:it|its|they|their|this|there)\b)",
    regex.IGNORECASE,
)
"""A sentence that only says what a sibling does not, where the next one does not go on with that."""
_KIND = r"(?P<kind>\p{Ll}{3,})"
_LETTER, _GOES_ON = lazy_pattern(r"[\p{L}\p{N}-]"), lazy_pattern(r"\p{L}")
_KIND_BEHIND, _KIND_BEFORE = lazy_pattern(rf"\s{_KIND}"), lazy_pattern(rf"(?r){_KIND}\s{_OF}\s")
"""The words behind and before a name: "hotel" of "hotel in Kiel". The latter is matched from its end."""
_LEFT = r"(?<![\p{L}\p{M}\p{N}-])"
"""Where a name can begin. Searched from each of its letters, a long run of capitals would take hours."""
_BEFORE_KIND = lazy_pattern(rf"{_LEFT}(?P<name>{_NAME})\s(?P<kind>\p{{Ll}}{{3,}})(?!\p{{L}})")
_BEHIND_KIND = lazy_pattern(rf"(?<!\p{{L}})(?P<kind>\p{{Ll}}{{3,}})\s{_OF}\s(?P<name>{_NAME})")
_TITLE_BEFORE, _TITLED = lazy_pattern(rf"{_TITLE}\s\Z"), lazy_pattern(rf"{_TITLE}\s(?P<name>{_NAME})")
_LONGEST_TITLE = len("Prof. ")
_ASKS_WHERE = lazy_pattern(rf"\p{{Ll}}{{3}}\s{_WHERE}\s\p{{Lu}}")
_BEFORE_PLACE = lazy_pattern(rf"(?<!\p{{Ll}}){_KIND}\s{_WHERE}\s\Z")
_KIND_WHERE = lazy_pattern(rf"(?<!\p{{L}}){_KIND}\s{_WHERE}\s(?P<name>{_NAME})")
_SMALL = STOP_WORDS["english"]
_ASKS_PERSON = lazy_pattern(r"\b(?:who|whom|whose)\b", regex.IGNORECASE)
_MOST_NAMES = 4
_MOST_REFERRED = 1
"""Names of what was said before that a follow-up question refers to."""


class _Mention(NamedTuple):
    """Where a text has a name of the question or a sibling; ``is_passing``: what follows is not about it."""

    start: int
    is_own: bool
    is_passing: bool = False


@dataclass(frozen=True, slots=True)
class NamedThings:
    """The names that a question has, each of which may be that of one thing of several."""

    names: Sequence[str]
    question: str
    placed: Sequence[tuple[str, str]]
    """The names behind the word for a thing and where that is, with this word: "hotel in Kiel"."""

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
        if not 0 < len(names) <= _MOST_NAMES:
            return None
        return NamedThings(names, question, list(_placed(names, question)))

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
        for name, kind in self.placed:
            forms = _with_endings([kind])
            places = _KIND_WHERE.finditer(text, overlapped=True)
            told = [one["name"] for one in places if one["kind"] in forms]
            if told and all(map(self._is_other, told)) and not _is_among(name, kind, text):
                found.append(name)
        return found

    def _is_other(self, name: str) -> bool:
        """Whether a name is none of those that are asked for, nor a form of one."""
        small = _plain(name)
        return small not in _SMALL and not any(
            small == _plain(one) or are_forms(small, _plain(one)) for one in self.names
        )

    def _mentions(self, text: str) -> list[_Mention]:
        """Where a text has the names, and where those of siblings, in order; none if it lacks one of the two.

        Siblings are what has another name before the same word: "the Fjord kettle".
        """
        if not any(map(text.__contains__, self.names)):
            return []
        both, siblings = f"{text}\n{self.question}", False
        places = [_places(name, both) for name in self.names]
        found = [_Mention(start, True) for spans in places for start, end in spans if end <= len(text)]
        if not found:
            return []
        for spans in places:
            for begin, start, name in _alike(text, both, spans):
                opening = text[max(0, begin - _LONGEST_OPENING) : begin]
                if self._is_other(name) and _OPENS.search(opening):
                    siblings = True
                    found.append(_Mention(start, False, _IN_PASSING.match(text, start) is not None))
        return sorted(found) if siblings else []


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


def _placed(names: Sequence[str], question: str) -> Iterator[tuple[str, str]]:
    """Yield the names that stand in a question behind the word for a thing and where it is, with that."""
    if _ASKS_WHERE.search(question) is None:
        return
    for name in names:
        for start in find_all(name, question):
            kind = _BEFORE_PLACE.search(question, 0, start)
            is_whole = _GOES_ON.match(question, start + len(name)) is None
            if is_whole and kind is not None and kind["kind"] not in _SMALL:
                yield name, kind["kind"]


def _places(name: str, text: str) -> list[Span]:
    """Where a text has a name as a whole word."""
    return [
        (start, end)
        for start in find_all(name, text)
        if not _LETTER.match(text, end := start + len(name))
        and not _LETTER.match(text[max(0, start - 1) : start])
    ]


def _alike(text: str, both: str, places: Sequence[Span]) -> Iterator[tuple[int, int, str]]:
    """Yield names beside the words that a name has beside it in a text or a question, and where they stand.

    ``places`` are those of the name in ``both``. Each is told by where it begins with the word before it, and
    where by itself. No pattern has the name in it: to compile one takes longer than all else that is done.
    """
    before = {one["kind"] for _, end in places if (one := _KIND_BEHIND.match(both, end))} - _SMALL
    behind = {one["kind"] for start, _ in places if (one := _KIND_BEFORE.match(both, 0, start))} - _SMALL
    if before:
        forms = _with_endings(before)
        for match in _BEFORE_KIND.finditer(text):
            if match["kind"] in forms:
                yield match.start(), match.start("name"), match["name"]
    if behind:
        forms = _with_endings(behind)
        for match in _BEHIND_KIND.finditer(text, overlapped=True):
            if match["kind"] in forms:
                yield match.start(), match.start("name"), match["name"]
    if any(_TITLE_BEFORE.search(both, max(0, start - _LONGEST_TITLE), start) for start, _ in places):
        for match in _TITLED.finditer(text):
            yield match.start(), match.start("name"), match["name"]


def _with_endings(kinds: Iterable[str]) -> frozenset[str]:
    return frozenset(kind + ending for kind in kinds for ending in ("", "s", "es"))


def _is_of_sibling(mentions: Sequence[_Mention], start: int, end: int) -> bool:
    """Whether a sentence has siblings alone, or none and the last one told of before it is a sibling."""
    inside = [one.is_own for one in mentions if start <= one.start < end]
    if inside:
        return not any(inside)
    before = [one.is_own for one in mentions if one.start < start and not one.is_passing]
    return bool(before) and not before[-1]
