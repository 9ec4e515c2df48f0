"""Read words that say the same or its opposite as one word, denied or not: "forbidden" is "not allowed".

"Not forbidden" is "allowed".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

import regex

from index.citations.statements.stand_ins import StandIn
from index.citations.statements.words import Kind
from index.patterns import lazy_pattern

STOPPED = "stopped"
"""The name of words that deny the verb behind them, also where the other sentence has no word for that."""
_PAIRS: Mapping[str, tuple[str, str]] = {
    "permit": (
        r"allowed|allows?|permitted|permits?|permissible|welcome|may|can|must(?=(?:n['’]t| not)\b)",
        r"forbidden|forbids?|prohibited|prohibits?|banned|bans?|cannot",
    ),
    "open": ("open|opens|opening", "closed|shut"),
    "include": ("included|includes?", "excluded|excludes?"),
    "require": ("compulsory|mandatory|obligatory|required", "optional|voluntary"),
    "cost": (r"costs?|prices?|priced|fees?|charges?|charged|pays?|paid", ""),
    "last": ("takes?|lasts?|duration", ""),
    STOPPED: ("continues?(?= to )", r"(?:ha(?:s|ve) )?(?:stopped|ceased)(?= \p{L}+ing\b)"),
}
"""For each name, the words that say it, and those that deny it."""
_WEAK = frozenset(("may", "can", "cannot", "must"))
"""Words that have other meanings, too: they count beside another word for the same."""
_ANY = lazy_pattern(
    "|".join(
        rf"\b(?:(?P<said>{said})|(?P<denied>{denied or '(?!)'}))\b(?P<at{at}>)"
        for at, (said, denied) in enumerate(_PAIRS.values())
    ),
    regex.IGNORECASE,
)
_NAMES = tuple(_PAIRS)
_NEGATION = lazy_pattern(r"(?:\b(?:not|never|no longer)|n['’]t)(?: be| been| yet)? \Z", regex.IGNORECASE)
_BEFORE = 20
"""Code points before a word in which a negation of it is."""


@lru_cache(20_000)
def _is_any(word: str) -> bool:
    """Tell whether a word may begin or be one of those above."""
    return word in ("must", "stopped", "ceased", "continue", "continues") or _ANY.fullmatch(word) is not None


def has_polarity(words: Iterable[str]) -> bool:
    """Tell whether words in small letters have one that is read."""
    return any(map(_is_any, words))


def read_polarity(sentence: str) -> Iterator[StandIn]:
    """The words of a sentence that say that something is allowed, open, included or required, or is not."""
    for match in _ANY.finditer(sentence):
        name = next(one for at, one in enumerate(_NAMES) if match[f"at{at}"] is not None)
        if match[0][0].isupper() and match.start():
            continue  # "May"
        start, denial = denial_at(sentence, match.start()) if match["denied"] else (match.start(), ())
        said: Sequence[tuple[Kind, str]] = () if name == STOPPED else (("word", name),)
        yield StandIn(start, match.end(), name, match[0].lower(), terms=(*denial, *said))


def denial_at(sentence: str, start: int) -> tuple[int, Sequence[tuple[Kind, str]]]:
    """How a word that denies another is read: where it begins, and the term of its negation.

    There is none if a negation stands before the word, which belongs to it: "not closed".
    """
    twice = _NEGATION.search(sentence, max(0, start - _BEFORE), start)
    return (start, (("negation", "not"),)) if twice is None else (twice.start(), ())


def are_worth_comparing(forms: frozenset[str], others: frozenset[str]) -> bool:
    """Tell whether two sentences say the same in other words, of which one is sure to mean it."""
    return forms != others and not forms | others <= _WEAK
