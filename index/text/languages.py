"""Closed word classes of some languages: words that ask, negate, compare or date, and function words.

The words are data (``languages.json``). The language of a sentence is guessed from its script and its most
frequent small words.
"""

import json
import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import permutations, repeat
from pathlib import Path
from typing import Any

import regex

from index.patterns import lazy_pattern
from index.text.accents import without_accents


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """The closed word classes of a language; all words in lower case. ``name`` is that of its entry.

    ``asking`` are the words of a question that do not say what it is about: those that ask, and
    ``functions``; with and without accents, which many people leave out.
    ``directions`` maps a word to those that say the opposite. ``before_names`` are words after which a
    capitalised word is a name in a language that capitalises its nouns. ``needs_articles``: a single word
    in the singular that begins a sentence, before its verb, is mostly a name.
    """

    functions: frozenset[str]
    asking: frozenset[str]
    negations: frozenset[str]
    dates: Mapping[str, str]
    directions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    capitalises_nouns: bool = False
    before_names: frozenset[str] = frozenset()
    needs_articles: bool = False
    name: str = ""


def _parse(name: str, entry: Mapping[str, Any]) -> Language:
    months = {word: f"month{n}" for n, line in enumerate(entry.get("months", ()), 1) for word in line.split()}
    days = {word: f"day{n}" for n, line in enumerate(entry.get("days", ()), 1) for word in line.split()}
    opposites: dict[str, set[str]] = {}
    for line in entry.get("opposites", ()):
        sides = [side.split() for side in line.split("|")]
        for side, other in permutations(sides, 2):
            for one in side:
                opposites.setdefault(one, set()).update(other)
    functions = _words(entry["functions"])
    asking = functions | _words(entry.get("interrogatives", ()))
    return Language(
        functions=functions,
        asking=asking | frozenset(map(without_accents, asking)),
        negations=_words(entry["negations"]),
        dates=months | days,
        directions={word: frozenset(others) for word, others in opposites.items()},
        capitalises_nouns=bool(entry.get("capitalises_nouns", False)),
        before_names=_words(entry.get("before_names", ())),
        needs_articles=bool(entry.get("needs_articles", False)),
        name=name,
    )


def _words(lines: Sequence[str]) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


_ALL = {
    name: _parse(name, entry)
    for name, entry in json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8")).items()
}
_ENGLISH, _OTHER, _HAN = _ALL["english"], _ALL["other"], _ALL["chinese_or_japanese"]
_LATIN = tuple(
    _ALL[name] for name in ("english", "german", "french", "spanish", "italian", "portuguese", "dutch")
)
_COUNTS = struct.Struct(f"<{len(_LATIN)}I")
_COUNT_BITS = 32


def _numbered(classes: Sequence[frozenset[str]]) -> dict[str, int]:
    """For each word a number with a 1 in the digit of each class that has it: the sum counts all classes."""
    found: dict[str, int] = {}
    for at, words in enumerate(classes):
        for word in words:
            found[word] = found.get(word, 0) | 1 << _COUNT_BITS * at
    return found


_ALSO_ENGLISH = _ENGLISH.negations | frozenset("eln")
"""Words that others have, too: in English "e", "l" and "n" are of "e.g.", a volume and an initial."""
_FUNCTIONS = _numbered([_ENGLISH.functions | _ALSO_ENGLISH, *(one.functions for one in _LATIN[1:])])
_ASKING = _numbered([_ENGLISH.asking | _ALSO_ENGLISH, *(one.asking for one in _LATIN[1:])])
_ENGLISH_ALONE = _ENGLISH.asking.difference(*(language.asking for language in _LATIN[1:]))
_BY_SCRIPT = (
    ("Han", _HAN), ("Hiragana", _HAN), ("Katakana", _HAN),
    ("Cyrillic", _ALL["russian"]), ("Greek", _ALL["greek"]), ("Arabic", _ALL["arabic"]),
    ("Devanagari", _ALL["hindi"]),
)  # fmt: skip
_SCRIPTS = [(lazy_pattern(rf"\p{{{script}}}"), language) for script, language in _BY_SCRIPT]
DECISIVE_WORDS = frozenset(
    word
    for language in _ALL.values()
    for words in (language.negations, language.directions, language.dates)
    for word in words
)
"""Words of any of the languages that negate, compare or date: a sentence with another of them says another
thing."""
FUNCTION_WORDS = frozenset(word for language in _ALL.values() for word in language.functions)
"""Function words of all the languages."""
_LETTER = lazy_pattern(r"\p{L}")
_NO_LETTERS = bytes(one for one in range(128) if not chr(one).isalpha())
_WORDS = lazy_pattern(r"[\p{L}]+")
_ASCII_WORDS = re.compile(r"[a-z]+")
_WHOLE_WORDS = re.compile(r"\w+")


def alphabetic_languages() -> Sequence[Language]:
    """The languages in Latin letters, of which two may write different words alike."""
    return _LATIN


def language_of(sentence: str) -> Language:
    """The closed word classes of the language that a sentence seems to be in; English if none fits."""
    found = None if sentence.isascii() else _by_script(sentence)
    if found is not None:
        return found
    counts = _count_words(sentence, _FUNCTIONS)
    best = max(counts)
    return _LATIN[counts.index(best)] if best else _ENGLISH


@lru_cache(64)  # of one question it is asked several times
def language_of_question(question: str) -> Language:
    """The same by the words that ask, too: a question is short, and has few function words."""
    found = None if question.isascii() else _by_script(question)
    if found is not None:
        return found
    counts = _count_asking(question)
    return _LATIN[counts.index(max(counts))]


def is_english(sentence: str) -> bool:
    """Whether a sentence seems to be in English, as one without words of any language does."""
    return language_of(sentence) is _ENGLISH


def asking_words(question: str) -> frozenset[str]:
    """The words that do not say what a question is about, if it is clearly not in English; else none."""
    found = None if question.isascii() else _by_script(question)
    if found is not None:
        return found.asking
    english, *counts = _count_asking(question)
    best = max(counts)
    return _LATIN[1 + counts.index(best)].asking if best > max(1, english) else frozenset()


@lru_cache(64)
def _count_asking(question: str) -> Sequence[int]:
    """Count the words that ask in each language.

    A first word that only English has counts twice: "Did his son die in war?" has three German words, too.
    """
    counts = _count_words(question, _ASKING)
    first = _WORDS.search(question)
    counts[0] += first is not None and first[0].lower() in _ENGLISH_ALONE
    return counts


def lacks_words(question: str, words: frozenset[str]) -> bool:
    """Whether a question surely has none of some words in small letters, without which no pattern matches.

    That is told sooner than the pattern tells it. Of a question that is not ASCII nothing is told.
    """
    return question.isascii() and words.isdisjoint(whole_words(question))


@lru_cache(64)
def whole_words(question: str) -> frozenset[str]:
    """The words of a question in small letters."""
    return frozenset(map(str.lower, _WHOLE_WORDS.findall(question)))


def _by_script(sentence: str) -> Language | None:
    """The language that most letters belong to; None for one in Latin letters."""
    plain = sentence.encode("ascii", "ignore")
    if 4 * (len(sentence) - len(plain)) <= len(plain.translate(None, _NO_LETTERS)):
        return None  # some accents and signs
    letters = max(1, len(_LETTER.findall(sentence)))
    for script, language in _SCRIPTS:
        if len(script.findall(sentence)) * 2 > letters or (
            language is _HAN and len(script.findall(sentence)) * 4 > letters
        ):
            return language
    return None if regex.search(r"\p{Latin}", sentence) else _OTHER


def _count_words(sentence: str, classes: Mapping[str, int]) -> list[int]:
    """Count the words of a sentence in each of the classes; see :func:`_numbered`."""
    if sentence.isascii():
        words: Iterable[str] = _ASCII_WORDS.findall(sentence.lower())  # several times as fast
    else:
        words = map(str.lower, _WORDS.findall(sentence))
    total = sum(map(classes.get, words, repeat(0)))
    return list(_COUNTS.unpack(total.to_bytes(_COUNTS.size, "little")))
