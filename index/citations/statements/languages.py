"""Words by which sentences of some languages negate, compare and date, and those that say little.

The words are data (``languages.json``). The language of a sentence is guessed from its script and its most
frequent small words.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import regex


@dataclass(frozen=True, slots=True)
class Language:
    """The closed word classes of a language; all words in lower case.

    ``directions`` maps a word to those that say the opposite. ``before_names`` are words after which a
    capitalised word is a name in a language that capitalises its nouns.
    """

    functions: frozenset[str]
    negations: frozenset[str]
    dates: Mapping[str, str]
    directions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    capitalises_nouns: bool = False
    before_names: frozenset[str] = frozenset()


def _read(entry: Mapping[str, Any]) -> Language:
    months = {word: f"month{n}" for n, line in enumerate(entry.get("months", ()), 1) for word in line.split()}
    days = {word: f"day{n}" for n, line in enumerate(entry.get("days", ()), 1) for word in line.split()}
    opposites: dict[str, set[str]] = {}
    for pair in entry.get("opposites", ()):
        left, right = (side.split() for side in pair.split("|"))
        for one in left:
            opposites.setdefault(one, set()).update(right)
        for one in right:
            opposites.setdefault(one, set()).update(left)
    return Language(
        functions=_words(entry["functions"]),
        negations=_words(entry["negations"]),
        dates=months | days,
        directions={word: frozenset(others) for word, others in opposites.items()},
        capitalises_nouns=bool(entry.get("capitalises_nouns", False)),
        before_names=_words(entry.get("before_names", ())),
    )


def _words(lines: Sequence[str]) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


_ALL = {
    name: _read(entry)
    for name, entry in json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8")).items()
}
_ENGLISH, _OTHER, _HAN = _ALL["english"], _ALL["other"], _ALL["chinese_or_japanese"]
_LATIN = tuple(
    _ALL[name] for name in ("english", "german", "french", "spanish", "italian", "portuguese", "dutch")
)
_BY_SCRIPT = (
    ("Han", _HAN), ("Hiragana", _HAN), ("Katakana", _HAN),
    ("Cyrillic", _ALL["russian"]), ("Greek", _ALL["greek"]), ("Arabic", _ALL["arabic"]),
    ("Devanagari", _ALL["hindi"]),
)  # fmt: skip
_SCRIPTS = [(regex.compile(rf"\p{{{script}}}"), language) for script, language in _BY_SCRIPT]
DECISIVE_WORDS = frozenset(
    word
    for language in _ALL.values()
    for words in (language.negations, language.directions, language.dates)
    for word in words
)
"""Words of any of the languages that negate, compare or date: a sentence with another of them says another
thing."""
FUNCTION_WORDS = frozenset(word for language in _ALL.values() for word in language.functions)
"""Words of any of the languages that say little."""
_LETTER = regex.compile(r"\p{L}")
_WORDS = regex.compile(r"[\p{L}]+")


def language_of(sentence: str) -> Language:
    """The closed word classes of the language that a sentence seems to be in; English if none fits."""
    if not sentence.isascii():
        letters = max(1, len(_LETTER.findall(sentence)))
        for script, language in _SCRIPTS:
            if len(script.findall(sentence)) * 2 > letters or (
                language is _HAN and len(script.findall(sentence)) * 4 > letters
            ):
                return language
        if not regex.search(r"\p{Latin}", sentence):
            return _OTHER
    seen = [word.lower() for word in _WORDS.findall(sentence)]
    counts = [sum(word in language.functions for word in seen) for language in _LATIN]
    best = max(counts)
    return _LATIN[counts.index(best)] if best else _ENGLISH
