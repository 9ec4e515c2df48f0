"""Find the things that a question names: "the K60", "in Vienna", "for pensioners", "3 kg".

Without a grammar: a thing is what stands behind a preposition or an article, a code, a number, a date, or a
name. The words are data (``things.json``), of seven languages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import regex

from index.patterns import lazy_pattern
from index.text.languages import alphabetic_languages, language_of_question

WORD = lazy_pattern(r"[\p{L}\p{M}\p{N}]+(?:[-.,:'’][\p{L}\p{M}\p{N}]+)*")
Form = Literal["code", "number", "date", "name", "noun"]

_CODE = lazy_pattern(r"(?=.*\d)(?=.*\p{L})[\p{L}\d]+(?:-[\p{L}\d]+)*")
_TIME = lazy_pattern(r"\d{1,2}(?:[:.]\d\d)?(?:am|pm|h)", regex.IGNORECASE)
_ORDINAL = lazy_pattern(r"\d{1,2}(?:st|nd|rd|th)", regex.IGNORECASE)
_POSSESSIVE = lazy_pattern(r"['’]s\Z")
_DATES = frozenset(word for language in alphabetic_languages() for word in language.dates)
_AUXILIARY = frozenset("do does did is are was were can may must will should has have had".split())
_BE = frozenset("is are was were".split())
_NO_NAMES = frozenset(("I", "I'm", "I've", "I'd", "I'll", "I’m", "I’ve", "I’d", "I’ll"))
_STATES = lazy_pattern(r"\w+ed|open|closed|free|available|true|safe|allowed|late|big|high|long|old|far|good")
"""Words behind a noun that tell something of it: "the museum open"."""
ASKING = frozenset(
    "what when where who whom whose which why how many much long was wann wo wer wen wem welche welcher "
    "welches warum wie viel viele quoi quand où qui quel quelle combien comment pourquoi qué cuándo "
    "dónde quién cuál cuánto cómo cosa dove chi quale quanto come perché quem qual wat wie welke "
    "hoeveel".split()
)
_SETS = ("prepositions", "articles", "closing", "it", "there", "clings", "months", "days", "contracted")


@dataclass(frozen=True, eq=False)
class ThingWords:
    """The words of a language by which things are found.

    ``continues`` are those that begin a question which goes on with the one before, ``closing`` those
    that are no part of a thing. ``clings`` are the prepositions behind which a thing may be meant by "it".
    ``pronouns`` maps a pronoun to the article of what it stands for, where that tells its gender, and
    ``contracted`` are prepositions that have such an article in them. ``months`` are names of months that are
    other words in small letters, ``days`` those of the week, where dates are told by months alone.
    ``capital_nouns``: all nouns have a capital, so that it marks no name.
    """

    continues: Sequence[tuple[str, ...]]
    prepositions: frozenset[str]
    articles: frozenset[str]
    closing: frozenset[str]
    it: frozenset[str]
    there: frozenset[str]
    clings: frozenset[str]
    months: frozenset[str]
    days: frozenset[str]
    contracted: frozenset[str]
    pronouns: Mapping[str, str]
    capital_nouns: bool

    @staticmethod
    def of(question: str) -> ThingWords:
        """Those of the language of a question; of English for one that is not known."""
        return _LANGUAGES.get(language_of_question(question).name, _LANGUAGES["english"])

    @cached_property
    def stops(self) -> frozenset[str]:
        """Words that are no part of a thing."""
        return self.prepositions | self.closing | self.articles | ASKING | self.it


def _parse(entry: Mapping[str, Any]) -> ThingWords:
    continues = sorted((tuple(one.split()) for one in entry["continues"]), key=len, reverse=True)
    sets = {name: frozenset(entry.get(name, "").split()) for name in _SETS}
    return ThingWords(
        continues=continues,
        pronouns=entry.get("pronouns", {}),
        capital_nouns=entry.get("capital_nouns", False),
        **sets,
    )


_LANGUAGES = {
    name: _parse(entry)
    for name, entry in json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8")).items()
}


@dataclass(frozen=True, slots=True)
class Thing:
    """Words of a question that name something, ``[start, end)`` of its text.

    ``before`` is the preposition in front of it and ``article`` its article, in small letters; "" without
    one. ``start`` is that of the article. ``is_sure``: no verb can be taken for a part of it, and it is no
    date that may be a part of a name. ``is_kind``: it is a name and the noun behind it, "the Sund kettle".
    """

    start: int
    end: int
    form: Form
    before: str = ""
    article: str = ""
    words: tuple[str, ...] = ()
    is_sure: bool = True
    is_kind: bool = False


def form_of(words: Sequence[str], language: ThingWords, *, is_first: bool) -> Form:
    """The form of a thing, by its first word, or the code behind a name.

    ``is_first``: it begins the question, where a capital says nothing.
    """
    first, last = (_POSSESSIVE.sub("", words[at]) for at in (0, -1))
    if first[0].isdigit() and (_TIME.fullmatch(first) or _ORDINAL.fullmatch(first)):
        return "number"
    if _CODE.fullmatch(first) or (_CODE.fullmatch(last) and first[0].isupper() and last[0].isupper()):
        return "code"
    if first[0].isdigit():
        return "number"
    if first in language.months or not {first.lower(), first.lower().removesuffix("s")}.isdisjoint(
        _DATES | language.days
    ):
        return "date"
    is_name = (
        first[0].isupper() and not is_first and all(word[0].isupper() or word[0].isdigit() for word in words)
    )
    return "name" if is_name and first not in _NO_NAMES else "noun"


def things_in(question: str, language: ThingWords) -> list[Thing]:
    """The things that a question names, in order."""
    return list(_Reader(question, language).read())


class _Reader:
    """Reads the things of one question."""

    def __init__(self, question: str, language: ThingWords) -> None:
        self._question, self._language = question, language
        self._words = list(WORD.finditer(question))
        self._plain = [word[0].lower() for word in self._words]

    def read(self) -> Iterator[Thing]:
        """Yield the things in order."""
        at = 0
        while at < len(self._words):
            begin, plain = at, self._plain
            before = plain[at] if plain[at] in self._language.prepositions else ""
            at += bool(before)
            article = plain[at] if at < len(plain) and plain[at] in self._language.articles else ""
            at += bool(article)
            end = self._end(at)
            if end == at:
                at = max(at, begin + 1)
                continue
            form = form_of([word[0] for word in self._words[at:end]], self._language, is_first=at == 0)
            if form == "noun" and not (before or article):
                if not self._is_subject(begin):
                    at += 1
                    continue
                end = at + 1
            elif form == "noun" and end - at > 1 and self._is_said_of(begin, end - 1):
                end -= 1  # "Is the pool heated"
            is_sure = self._is_sure(form, begin, end, before=before, article=article)
            kind = form == "name" and not is_sure and self._is_kind(begin, end, article)
            end += kind
            start, last = self._words[begin + bool(before)].start(), self._words[end - 1]
            until = last.start() + len(_POSSESSIVE.sub("", last[0]))
            yield Thing(start, until, form, before, article, tuple(plain[at:end]), is_sure, kind)
            at = end

    def _is_subject(self, at: int) -> bool:
        """Whether a word without an article is a subject: "do pensioners pay", "Is breakfast included"."""
        is_plural = self._is_behind(at, _AUXILIARY) and self._plain[at].endswith("s")
        return is_plural or (at == 1 and at + 1 < len(self._plain) and self._is_said_of(at, at + 1))

    def _is_said_of(self, begin: int, at: int) -> bool:
        """Whether a word tells something of the thing behind "is"."""
        return self._is_behind(begin, _BE) and _STATES.fullmatch(self._plain[at]) is not None

    def _is_kind(self, begin: int, end: int, article: str) -> bool:
        """Whether a noun behind a name ends a phrase: "Where is the Linz office?"."""
        if not article or self._is_behind(begin, _AUXILIARY - _BE) or _STATES.fullmatch(self._plain[end]):
            return False
        return end + 1 == len(self._words) or self._plain[end + 1] in self._language.stops

    def _end(self, at: int) -> int:
        """The index behind the words of a thing that begins at one: a name or code ends with its capitals."""
        words, plain, stops = self._words, self._plain, self._language.stops
        if at >= len(words):
            return at
        form, end = form_of([words[at][0]], self._language, is_first=at == 0), at
        while end < len(words):
            gap = self._question[words[end - 1].end() : words[end].start()] if end > at else ""
            is_month = words[end][0] in self._language.months
            if gap.strip() or (plain[end] in stops and not is_month):
                break
            if end > at and not self._goes_on(form, at, end):
                break
            end += 1
            if _POSSESSIVE.search(plain[end - 1]):
                break
        return end

    def _goes_on(self, form: Form, begin: int, at: int) -> bool:
        """Whether a word belongs to a thing of a form that begins before it."""
        word, plain = self._words[at][0], self._plain[at]
        if form in ("name", "code"):
            return word[0].isupper() or (form == "name" and word[0].isdigit())  # "Room 12"
        if form in ("number", "date"):
            is_unit = form == "number" and at == begin + 1
            return is_unit or not plain.isalpha() or plain in _DATES
        return True

    def _is_sure(self, form: Form, begin: int, end: int, *, before: str, article: str) -> bool:
        if form == "noun":
            if not (before or article):
                return True
            if end < len(self._plain) and self._is_said_of(begin, end):
                return True
            is_sure = bool(before) or not self._is_before_verb(begin)
            is_sure = is_sure and not any(word.endswith("ing") for word in self._plain[begin + 2 : end])
            return is_sure and not _STATES.fullmatch(self._plain[end - 1])
        if form == "date":
            return not self._is_before_capital(end)
        if form != "name":
            return True
        return self._is_behind(begin, _AUXILIARY - _BE) or not self._is_adjective(end)

    def _is_before_capital(self, end: int) -> bool:
        """Whether a date may be a part of a name: "May Street"."""
        if self._language.capital_nouns or end == len(self._words):
            return False
        word = self._words[end]
        gap = self._question[self._words[end - 1].end() : word.start()]
        return not gap.strip() and word[0][0].isupper() and word[0] not in _NO_NAMES

    def _is_behind(self, at: int, words: frozenset[str]) -> bool:
        return at > 0 and self._plain[at - 1] in words

    def _is_adjective(self, end: int) -> bool:
        """Whether a noun follows a name directly: "Dutch colonies", "the Hellenistic period"."""
        words = self._words
        if end == len(words) or _POSSESSIVE.search(words[end - 1][0]) or words[end - 1][0][0].isdigit():
            return False
        if _STATES.fullmatch(self._plain[end]):
            return False
        gap = self._question[words[end - 1].end() : words[end].start()]
        return not gap.strip() and self._plain[end] not in self._language.stops

    def _is_before_verb(self, begin: int) -> bool:
        """Whether a verb may follow a noun without a word between: "Does a shed need ..."."""
        plain = self._plain
        return begin > 0 and plain[begin - 1] in _AUXILIARY and (begin == 1 or plain[begin - 1] not in _BE)
