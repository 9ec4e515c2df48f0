"""Find quantifiers by which a claim says more than its source: all for some, every for most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from index.citations.statements import english
from index.citations.statements.bindings import Mismatch
from index.citations.statements.words import Word

_BEFORE = 5
"""Words before a noun among which its quantifier stands."""
_SOME = 4
"""The level of a number that is part of a whole."""


def find_overstated(
    claim: Sequence[Word], source: Sequence[Word], pairs: dict[int, int], theirs: Sequence[range]
) -> Iterator[Mismatch]:
    """Find quantifiers of the claim for which the source has a weaker one with the same noun."""
    for at, word in enumerate(claim):
        text = word.text.lower()
        level = english.ALL.get(text)
        noun = _noun(claim, at)
        if noun not in pairs:
            continue
        if text == "only" and _is_count(claim, at + 1):
            level = 1
        if level is not None and level > 0:
            to = _quantifier(source, pairs[noun])
            if to is not None and _level(source[to]) != level and _is_overstated(level, _level(source[to])):
                yield Mismatch(at, to)
        elif text == "only" and not _is_count(claim, at + 1):
            clause = next(one for one in theirs if pairs[noun] in one)
            if not any(source[to].text.lower() in english.EXCLUSIVE for to in clause):
                yield Mismatch(at, pairs[noun])


def _is_overstated(claimed: int, stated: int) -> bool:
    """Whether the source's quantifier does not imply the claimed one."""
    return claimed > stated or (claimed == 1 and stated > claimed)


def _is_count(words: Sequence[Word], at: int) -> bool:
    """Whether the word at a position is a number or "one"."""
    return at < len(words) and (words[at].number is not None or words[at].text.lower() == "one")


def _noun(words: Sequence[Word], at: int) -> int:
    """The next word with content behind a quantifier in its clause; -1 if none is near."""
    for to in range(at + 1, min(at + 1 + _BEFORE, len(words))):
        if words[to].clause != words[at].clause:
            break
        if words[to].has_content and words[to].number is None:
            return to
    return -1


def _quantifier(words: Sequence[Word], noun: int) -> int | None:
    """The quantifier of a noun, or the number of which it is a part; None if it has none."""
    for to in range(noun - 1, max(-1, noun - 1 - _BEFORE), -1):
        if words[to].clause != words[noun].clause:
            return None
        if words[to].text.lower() in english.ALL or _is_part(words, to):
            return to
        if words[to].has_content and words[to].number is None:
            return None
    return None


def _is_part(words: Sequence[Word], at: int) -> bool:
    """Whether a number is followed by "of the", as in "twelve of the fourteen"."""
    return words[at].number is not None and [one.text.lower() for one in words[at + 1 : at + 3]] == [
        "of",
        "the",
    ]


def _level(word: Word) -> int:
    return english.ALL.get(word.text.lower(), _SOME)
