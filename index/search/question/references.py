"""Tell by its words whether a question refers to what was said before it.

The words are data (``references.json``), for those languages whose pronouns can be told from other words. A
question in another language has no such words: only the probability of the answers decides then.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from index.patterns import lazy_pattern
from index.text.languages import language_of_question

_WORD = lazy_pattern(r"[\p{L}\p{M}\p{N}]+")
_UNSPACED = lazy_pattern(r"[\p{Han}\p{Hiragana}\p{Katakana}]")


@dataclass(frozen=True, slots=True)
class References:
    """The signs that a question refers to something said before it.

    ``alone``: a pronoun, and nothing before it in the question that it could stand for. ``inside``: a
    pronoun after something that it could stand for. ``continues``: it begins as one more of several
    questions. ``words`` is the number of its words that say what it is about.
    """

    alone: bool = False
    inside: bool = False
    continues: bool = False
    words: int = 0

    @property
    def is_dependent(self) -> bool:
        """Whether the question needs what was said before it."""
        return self.alone or self.continues or not self.words


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of one language that refer. Phrases are words with one space between.

    ``pronouns`` refer wherever they are, ``last`` at the end of a question, ``after`` as phrases. The pronoun
    of an ``expletive`` phrase refers to nothing, and that of a ``followed`` one neither, unless it ends the
    question. ``articles`` come before what a pronoun could stand for. ``continues`` begin one more question.
    ``within`` and ``end`` are those of a script without spaces.
    """

    pronouns: frozenset[str] = frozenset()
    last: frozenset[str] = frozenset()
    after: tuple[str, ...] = ()
    expletive: tuple[str, ...] = ()
    followed: tuple[str, ...] = ()
    articles: frozenset[str] = frozenset()
    continues: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    end: tuple[str, ...] = field(default=())

    @staticmethod
    def parse(entry: Mapping[str, Sequence[str]]) -> _Words:
        return _Words(
            pronouns=_split(entry.get("pronouns", ())),
            last=_split(entry.get("last", ())),
            after=tuple(entry.get("after", ())),
            expletive=tuple(entry.get("expletive", ())),
            followed=tuple(entry.get("followed", ())),
            articles=_split(entry.get("articles", ())),
            continues=tuple(entry.get("continues", ())),
            within=tuple(entry.get("within", ())),
            end=tuple(entry.get("end", ())),
        )


def _split(lines: Sequence[str]) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


_CONTENT: Mapping[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
_LANGUAGES = {name: _Words.parse(entry) for name, entry in _CONTENT["languages"].items()}
_NONE = _Words()


def references(question: str) -> References:
    """Find what in a question refers to something said before it."""
    language = language_of_question(question)
    known = _LANGUAGES.get(language.name, _NONE)
    written = _WORD.findall(question)
    if not question.isascii() and len(_UNSPACED.findall(question)) * 2 > sum(map(len, written)):
        return _unspaced(question, known, language.functions)
    words = [word.lower() for word in written]
    line = f" {' '.join(words)} "
    at = _first_pronoun(words, line, known)
    return References(
        alone=at is not None and not _names_before(written[:at], known.articles),
        inside=at is not None and _names_before(written[:at], known.articles),
        continues=any(line.startswith(f" {phrase} ") for phrase in known.continues),
        words=sum(word not in language.asking for word in words),
    )


def _first_pronoun(words: Sequence[str], line: str, known: _Words) -> int | None:
    """The index of the first word that refers; None without one."""
    found = [at for at, word in enumerate(words) if word in known.pronouns]
    if words and words[-1] in known.last:
        found.append(len(words) - 1)
    for phrase in known.after:
        if (start := line.find(f" {phrase} ")) >= 0:
            found.append(line[: start + len(phrase)].count(" ") - 1)
    # "Is it safe?" asks of what was said, and "Is it safe to swim?" of what follows.
    followed = [phrase for phrase in known.followed if not line.endswith(f" {phrase} ")]
    for phrase in (*known.expletive, *followed):
        if (start := line.find(f" {phrase} ")) >= 0:
            first = line[:start].count(" ")
            found = [at for at in found if not first <= at < first + len(phrase.split())]
    return min(found, default=None)


def _names_before(written: Sequence[str], articles: frozenset[str]) -> bool:
    """Whether something is named that a pronoun after it could stand for: a name, a number or a noun."""
    return any(word[0].isupper() or word[0].isdigit() for word in written[1:]) or any(
        word.lower() in articles for word in written[:-1]
    )


def _unspaced(question: str, known: _Words, functions: frozenset[str]) -> References:
    """The same for a script without spaces; two characters count as a word."""
    bare = question
    for phrase in known.expletive:
        bare = bare.replace(phrase, "")
    letters = "".join(_WORD.findall(bare))
    found = [at for word in known.within if (at := letters.find(word)) >= 0]
    ends = any(letters.endswith(word) for word in known.end)
    return References(
        alone=bool(found) and min(found) == 0,
        inside=bool(found) and min(found) > 0,
        continues=ends or any(letters.startswith(word) for word in known.continues),
        words=sum(letter not in functions for letter in letters) // 2,
    )
