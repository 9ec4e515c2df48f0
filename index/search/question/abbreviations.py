"""Spell out a question's abbreviations as the documents do, and abbreviate what they abbreviate.

Where a document has "paid time off (PTO)", a passage about the one need not have the other. A question that
names either is asked with both, "How much paid time off (PTO) do I get?", if such a passage is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import regex

from index.patterns import lazy_pattern
from index.text.languages import FUNCTION_WORDS
from index.text.sentences import Span
from index.text.word_boundaries import find_all

_SHORT = r"\p{Lu}[\p{Lu}\p{Nd}&]{1,7}"
_BEHIND = lazy_pattern(rf"(?<=[\p{{L}}\p{{N}}]\s)\((?P<short>{_SHORT})s?\)")
"""An abbreviation in brackets, behind what it stands for."""
_BEFORE = lazy_pattern(
    rf"\b(?P<short>{_SHORT})s?(?:\s+\((?=\p{{L}})|\s+(?:stands?\s+for|means?|is\s+short\s+for|"
    r"is\s+an?\s+(?:abbreviation|acronym)\s+(?:of|for)|steht\s+für|bedeutet)\s+(?:an?\s+|the\s+)?)"
)
"""An abbreviation before what it stands for."""
_CAPITALS = lazy_pattern(rf"(?<![\p{{L}}\p{{N}}])(?P<short>{_SHORT})s?(?![\p{{L}}\p{{N}}])")
_BRACKETED = lazy_pattern(rf"\((?P<short>{_SHORT})\)")
_WORD = lazy_pattern(r"[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)?")
_ENDS = lazy_pattern(r"[.,;:!?()\n]")
_MORE_WORDS = 4
"""Words that what is abbreviated may have beside those of the letters."""
_LONGEST = 120
"""Code points of what is abbreviated."""
_BEGINNING = 4
"""Letters by which a word is looked for in a question."""
_GAP, _ENDS_WORDS = lazy_pattern(r"[\s-]+"), lazy_pattern(r"(?:s|es)?(?![\p{L}\p{N}])")
_LETTER, _ENDS_WORD = lazy_pattern(r"[\p{L}\p{N}]"), lazy_pattern(r"s?(?![\p{L}\p{N}])")


@dataclass(frozen=True, slots=True)
class Abbreviation:
    """An abbreviation, and the words that it stands for, as a document writes them."""

    short: str
    long: str


def abbreviations_in(text: str, question: str = "", only: str = "") -> Iterator[Abbreviation]:
    """Yield the abbreviations that a text spells out, those whose letters begin the words.

    With a question only those that may be in it, and with ``only`` this one: others are told apart sooner
    than spelled.
    """
    asked = question.casefold()
    for match in _behind(text, only):
        short, before = match["short"], text[max(0, match.start() - _LONGEST) : match.start()]
        if only and short != only:
            continue
        last = before.rstrip().rpartition(" ")[2]
        if asked and short.casefold() not in asked and last[:_BEGINNING].casefold() not in asked:
            continue
        words = _spelled([one.span() for one in _WORD.finditer(before)], before, short)
        if words is not None and not _ENDS.search(before, *words):
            yield Abbreviation(short, before[slice(*words)])
    for match in _before(text, only):
        short, after = match["short"], text[match.end() : match.end() + _LONGEST]
        if only and short != only:
            continue
        if asked and short.casefold() not in asked and after[:_BEGINNING].casefold() not in asked:
            continue
        end = _ENDS.search(after)
        own = after[: end.start()] if end else after
        words = _spelled([one.span() for one in _WORD.finditer(own)], own, short, is_first=True)
        if words is not None:
            yield Abbreviation(short, own[slice(*words)])


def _behind(text: str, only: str) -> list[regex.Match[str]]:
    """Find the abbreviations in brackets."""
    if not only:
        return list(_BEHIND.finditer(text)) if "(" in text else []
    return [match for at in find_all(f"({only}", text) if (match := _BEHIND.match(text, at))]


def _before(text: str, only: str) -> list[regex.Match[str]]:
    """Find the abbreviations before their words."""
    if not only or f"&{only}" in text:  # it may be a part of another one
        return list(_BEFORE.finditer(text))
    return [match for at in find_all(only, text) if (match := _BEFORE.match(text, at))]


def _spelled(
    words: Sequence[tuple[int, int]], text: str, short: str, *, is_first: bool = False
) -> tuple[int, int] | None:
    """The span of the first or last words whose letters make an abbreviation; small words need not count."""
    letters = "".join(filter(str.isalnum, short)).casefold()
    longest = min(len(words), len(letters) + _MORE_WORDS - 1)
    words = words[:longest] if is_first else words[len(words) - longest :]
    own = [text[slice(*one)].casefold() for one in words]
    for most in (1, 2):
        for count in range(2, longest + 1):
            first = 0 if is_first else longest - count
            # Most are told by their first word.
            if (own[first][0] == letters[0] or own[first] in FUNCTION_WORDS) and _begin_with(
                own[first : first + count], letters, most
            ):
                return words[first][0], words[first + count - 1][1]
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
        of_short, of_long = _find_short(one.short, question), _find_long(one.long, question)
        if of_short is not None and of_long is None:
            start, end = of_short
            question = f"{question[:start]}{one.long} ({one.short}){question[end:]}"
        elif of_long is not None and of_short is None:
            end = of_long[1]
            question = f"{question[:end]} ({one.short}){question[end:]}"
    return question


def _find_short(short: str, question: str) -> Span | None:
    """Where a question has an abbreviation; one of two letters may be another word where they are small."""
    found = _find_word(short, question)
    if len(short) < 3 or short.casefold() in FUNCTION_WORDS:
        return found
    small = _find_word(short.lower(), question)
    return min(filter(None, (found, small)), default=None)


def _find_long(long: str, text: str) -> Span | None:
    """Where a text has the words that are abbreviated. To compile a pattern of them would take longer."""
    small, words = _small(text), _WORD.findall(_small(long))
    if long.endswith("s"):
        words[-1] = words[-1][:-1]
    for start in find_all(words[0], small):
        at = start + len(words[0])
        for word in words[1:]:
            gap = _GAP.match(small, at)
            if gap is None or not small.startswith(word, gap.end()):
                break
            at = gap.end() + len(word)
        else:
            end = _ENDS_WORDS.match(text, at)
            if end is not None and not (start and _LETTER.match(text, start - 1)):
                return start, end.end()
    return None


def _small(text: str) -> str:
    """A text in small letters, of which each is at its place; str.lower() makes two of İ."""
    return text.replace("İ", "i").lower()


def _find_word(word: str, text: str) -> Span | None:
    """Where a text first has a word, in the singular or plural."""
    for at in find_all(word, text):
        end = _ENDS_WORD.match(text, at + len(word))
        if end is not None and not (at and _LETTER.match(text, at - 1)):
            return at, end.end()
    return None


def may_abbreviate(one: Abbreviation, question: str, text: str) -> bool:
    """Whether a question may have an abbreviation: a "cat" in small letters is none where a text has cats."""
    return one.short in question or _find_word(one.short.lower(), text) is None


def is_otherwise(one: Abbreviation, question: str, texts: Iterable[str]) -> bool:
    """Whether one of some texts has only what a question has not: the abbreviation, or its words."""
    lacks_short = _find_short(one.short, question) is None
    for text in texts:
        has_short = _find_word(one.short, text) is not None
        if has_short == lacks_short and (_find_long(one.long, text) is None) == lacks_short:
            return True
    return False


def is_lacked(short: str, texts: Iterable[str]) -> bool:
    """Whether one of some texts has not an abbreviation; else none has only its words."""
    return any(_find_word(short, text) is None for text in texts)


def abbreviations_of(question: str) -> list[str]:
    """What of a question may be an abbreviation."""
    return _CAPITALS.findall(question)


def long_form(question: str, end: int) -> str:
    """The words that an abbreviation in brackets, which ends at an offset, stands for; or nothing."""
    for match in _BRACKETED.finditer(question):
        if match.end("short") == end:
            before = question[: match.start()]
            words = _spelled([one.span() for one in _WORD.finditer(before)], before, match["short"])
            return "" if words is None else before[slice(*words)]
    return ""
