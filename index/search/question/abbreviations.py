"""Spell out a question's abbreviations as the documents do, and abbreviate what they abbreviate.

Where a document has "paid time off (PTO)", a passage about the one need not have the other. A question that
names either is asked with both: "How much paid time off (PTO) do I get?".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import regex

from index.text.languages import FUNCTION_WORDS

_SHORT = r"\p{Lu}[\p{Lu}\p{Nd}&]{1,7}"
_BEHIND = regex.compile(rf"(?<=[\p{{L}}\p{{N}}]\s)\((?P<short>{_SHORT})s?\)")
"""An abbreviation in brackets, behind what it stands for."""
_BEFORE = regex.compile(
    rf"\b(?P<short>{_SHORT})s?(?:\s+\((?=\p{{L}})|\s+(?:stands?\s+for|means?|is\s+short\s+for|"
    r"is\s+an?\s+(?:abbreviation|acronym)\s+(?:of|for)|steht\s+für|bedeutet)\s+(?:an?\s+|the\s+)?)"
)
"""An abbreviation before what it stands for."""
_CAPITALS = regex.compile(rf"(?<![\p{{L}}\p{{N}}])(?P<short>{_SHORT})s?(?![\p{{L}}\p{{N}}])")
_BRACKETED = regex.compile(rf"\((?P<short>{_SHORT})\)")
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)?")
_ENDS = regex.compile(r"[.,;:!?()\n]")
_MORE_WORDS = 4
"""Words that what is abbreviated may have beside those of the letters."""
_LONGEST = 120
"""Code points of what is abbreviated."""
_BEGINNING = 4
"""Letters by which a word is looked for in a question."""
_ENDING = r"(?:s|es)?"


@dataclass(frozen=True, slots=True)
class Abbreviation:
    """An abbreviation, and the words that it stands for, as a document writes them."""

    short: str
    long: str


def abbreviations_in(text: str, question: str = "") -> Iterator[Abbreviation]:
    """Yield the abbreviations that a text spells out, those whose letters begin the words.

    With a question only those that may be in it: others are told apart sooner than spelled.
    """
    asked = question.casefold()
    if "(" in text:
        for match in _BEHIND.finditer(text):
            short, before = match["short"], text[max(0, match.start() - _LONGEST) : match.start()]
            last = before.rstrip().rpartition(" ")[2]
            if asked and short.casefold() not in asked and last[:_BEGINNING].casefold() not in asked:
                continue
            words = _spelled([one.span() for one in _WORD.finditer(before)], before, short)
            if words is not None and not _ENDS.search(before, *words):
                yield Abbreviation(short, before[slice(*words)])
    for match in _BEFORE.finditer(text):
        short, after = match["short"], text[match.end() : match.end() + _LONGEST]
        if asked and short.casefold() not in asked and after[:_BEGINNING].casefold() not in asked:
            continue
        end = _ENDS.search(after)
        own = after[: end.start()] if end else after
        words = _spelled([one.span() for one in _WORD.finditer(own)], own, short, is_first=True)
        if words is not None:
            yield Abbreviation(short, own[slice(*words)])


def _spelled(
    words: Sequence[tuple[int, int]], text: str, short: str, *, is_first: bool = False
) -> tuple[int, int] | None:
    """The span of the first or last words whose letters make an abbreviation; small words need not count."""
    letters = "".join(filter(str.isalnum, short)).casefold()
    for most in (1, 2):
        for count in range(2, len(letters) + _MORE_WORDS):
            some = words[:count] if is_first else words[-count:]
            own = [text[slice(*one)].casefold() for one in some]
            if len(some) == count and _begin_with(own, letters, most):
                return some[0][0], some[-1][1]
    return None


def _begin_with(words: Sequence[str], letters: str, most: int) -> bool:
    """Whether words begin with letters; a compound may give two: "homeowners association (HOA)"."""
    if not words or not letters:
        return not letters and not words
    if words[0][0] == letters[0]:
        if _begin_with(words[1:], letters[1:], most):
            return True
        if most > 1 and len(letters) > 1 and letters[1] in words[0][2:]:
            return _begin_with(words[1:], letters[2:], most)
    return words[0] in FUNCTION_WORDS and _begin_with(words[1:], letters, most)


def spell_out(question: str, known: Iterable[Abbreviation]) -> str:
    """Return a question with both an abbreviation and its words where it has one of them."""
    for one in known:
        short = regex.compile(rf"(?<![\p{{L}}\p{{N}}]){_any_case(one.short)}s?(?![\p{{L}}\p{{N}}])")
        words = r"[\s-]+".join(map(regex.escape, _WORD.findall(one.long))).removesuffix("s")
        long = regex.compile(rf"(?<![\p{{L}}\p{{N}}])(?i:{words}){_ENDING}(?![\p{{L}}\p{{N}}])")
        of_short, of_long = short.search(question), long.search(question)
        if of_short is not None and of_long is None:
            both = f"{one.long} ({one.short})"
            question = f"{question[: of_short.start()]}{both}{question[of_short.end() :]}"
        elif of_long is not None and of_short is None:
            question = f"{question[: of_long.end()]} ({one.short}){question[of_long.end() :]}"
    return question


def may_abbreviate(one: Abbreviation, question: str, text: str) -> bool:
    """Whether a question may have an abbreviation: a "cat" in small letters is none where a text has cats."""
    word = rf"(?<![\p{{L}}\p{{N}}]){one.short.lower()}s?(?![\p{{L}}\p{{N}}])"
    return one.short in question or regex.search(word, text) is None


def _any_case(short: str) -> str:
    """A pattern of an abbreviation; one of two letters may be another word where they are small."""
    escaped = regex.escape(short)
    return (
        escaped
        if len(short) < 3 or short.casefold() in FUNCTION_WORDS
        else f"(?:{escaped}|{escaped.lower()})"
    )


def abbreviations_of(question: str) -> list[str]:
    """What of a question may be an abbreviation."""
    return [match["short"] for match in _CAPITALS.finditer(question)]


def long_form(question: str, end: int) -> str:
    """The words that an abbreviation in brackets, which ends at an offset, stands for; or nothing."""
    for match in _BRACKETED.finditer(question):
        if match.end("short") == end:
            before = question[: match.start()]
            words = _spelled([one.span() for one in _WORD.finditer(before)], before, match["short"])
            return "" if words is None else before[slice(*words)]
    return ""
