"""Divide a question that asks several things: "Who wrote it, and when was it published?".

A part begins where a question begins: after a question mark, or after a conjunction before a question word.
"What do X and Y do?" asks one thing of each of two: it has a part for each, in words like its own.
The tables below have the conjunctions and question words of seven languages; a question in another one is
divided at question marks alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import regex

from index.patterns import lazy_pattern
from index.text.letter_case import fold_case

MOST_PARTS = 4
"""A question with more parts is not divided: it is rather a list, or a text."""

_CONJUNCTIONS = "and und et y e en"
_QUESTION_WORDS = (
    # English, German, French, Spanish, Italian, Dutch, Portuguese
    "who whom whose what when where why which how",
    "wer wen wem wessen was wann wo woher wohin warum wieso weshalb wie "
    "welche welcher welches welchen welchem",
    "qui que quoi quand où pourquoi comment combien quel quelle quels quelles",
    "quién quiénes qué cuándo dónde cómo cuánto cuánta cuántos cuántas cuál cuáles",
    "chi cosa quando dove perché quanto quanta quanti quante quale quali",
    "wie wat wanneer waar waarom hoe welk welke",
    "quem quando onde quanto quantos quantas qual quais",
)
_PREPOSITIONS = (
    "in on at by for from of to with since until "
    "bei für seit mit von aus zu nach um an auf "
    "à de en dans pour par avec depuis "
    "a con por para desde "
    "di da per nel "
    "op voor van met sinds "
    "em com"
)


def _any(words: str) -> str:
    return "|".join(sorted(set(words.split()), key=len, reverse=True))


QUESTION_WORDS = frozenset(" ".join(_QUESTION_WORDS).split())
"""Words by which questions begin."""
_AFTER_HOW = (
    "much many long old often far large high tall viele vielen viel lange alt oft weit hoch groß".split()
)
_ASKING = QUESTION_WORDS.union(_PREPOSITIONS.split(), _AFTER_HOW)
"""Words that do not say what a question is about."""
_ASKS = rf"(?:(?:{_any(_PREPOSITIONS)})\s+)?(?:{_any(' '.join(_QUESTION_WORDS))})\b"
_BEGINS = lazy_pattern(rf"[¿\s]*{_ASKS}", regex.IGNORECASE)
_BEGINS_WITH_HOW = lazy_pattern(rf"{_BEGINS.pattern}(?:\s+(?:{'|'.join(_AFTER_HOW)})\b)?", regex.IGNORECASE)
_BETWEEN = lazy_pattern(rf"(?<!\s)(?:\s*+,)?\s++(?:{_any(_CONJUNCTIONS)})\s++(?={_ASKS})", regex.IGNORECASE)
_SENTENCE = lazy_pattern(r"[^?？؟]+[?？؟]*")
_WORD = lazy_pattern(r"[\p{L}\p{M}\p{N}]+")
_ENDS_QUESTION = ("?", "？", "؟")
_FEWEST_WORDS = 3
"""A part with fewer words, such as "when?", does not say what it asks about."""


_THING = r"(?:the\s+)?[\w.+#-]+(?:\s+(?!(?:and|between|among|of|in|for)\b)[\w.+#-]+){0,2}?"
_OF_TWO = lazy_pattern(
    rf"\s*what\s+(?P<verb>do|are|were)\s+(?P<one>{_THING})\s+and\s+(?P<other>{_THING})"
    r"(?P<rest>(?:\s+(?:do|mean|stand|control|measure|describe|cause|contain)\b[^?]*)?)\??\s*",
    regex.IGNORECASE,
)
_SINGULAR = {"do": "does", "are": "is", "were": "was"}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a question, as it stands there, and what to search for it."""

    text: str
    query: str


def follow_each_other(parts: Sequence[Part]) -> Iterator[tuple[Part, Sequence[str]]]:
    """Yield each part with the texts of those before it, which it follows up.

    The parts after it, and so the whole question, would lead to what answers those.
    """
    texts = [part.text for part in parts]
    for at, part in enumerate(parts):
        yield part, texts[:at]


def divide_question(question: str) -> tuple[Part, ...]:
    """Return the parts of a question, in order; only one, the whole, if it asks one thing."""
    if of_two := _divide_subject(question):
        return of_two
    asked = [part for sentence in _sentences(question) for part in _question_parts(sentence)]
    if not 1 < len(asked) <= MOST_PARTS:
        return (Part(question, question),)
    return tuple(Part(text, _query(text, _other(text, asked))) for text in asked)


def _divide_subject(question: str) -> tuple[Part, ...]:
    """A question for each of the two things that "What do X and Y do?" asks about; none for another one."""
    match = _OF_TWO.fullmatch(" ".join(question.split()))
    if match is None or (match["verb"].lower() == "do" and not match["rest"]):
        return ()
    verb = _SINGULAR[fold_case(match["verb"])]
    asked = (f"What {verb} {match[thing]}{match['rest'].rstrip()}?" for thing in ("one", "other"))
    return tuple(Part(one, one) for one in asked)


def _sentences(question: str) -> list[str]:
    found = [match[0].strip() for match in _SENTENCE.finditer(question)]
    return [one for one in found if _WORD.search(one)]


def _question_parts(sentence: str) -> list[str]:
    """The parts of a sentence; the whole of it unless it begins as a question."""
    if not _BEGINS.match(sentence):
        return [sentence]
    return [part.strip() for part in _BETWEEN.split(sentence) if _WORD.search(part)]


def _other(part: str, asked: Sequence[str]) -> str:
    """The part that says what this one asks about, if this one does not: the first, or for that the next."""
    if part != asked[0]:
        return asked[0] if _has_content(asked[0]) else asked[1]
    return part if _has_content(part) or part.endswith(_ENDS_QUESTION) else asked[1]


def _query(part: str, other: str) -> str:
    """A part, with what another one asks about if it does not say it: "When and by whom was it founded?"."""
    is_said = len(_WORD.findall(part)) >= _FEWEST_WORDS and _has_content(part)
    if part == other or is_said:
        return part
    begins = _BEGINS_WITH_HOW.match(other)
    about = other[begins.end() :] if begins else other
    return f"{part.rstrip(' ?？؟')} {about.strip()}"


def _has_content(part: str) -> bool:
    """Whether a part has words but those by which one asks, as "when" and "with how much" do not."""
    return any(word.lower() not in _ASKING for word in _WORD.findall(part))
