"""Pair the words of a claim with equal words of a source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import LCSseq

from index.citations.statements.words import Word

_NEAR = 4
"""Words on each side of one that are its neighbours."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """The pairs of equal words of a claim and a source, as positions, ascending in the claim."""

    claim: Sequence[Word]
    source: Sequence[Word]
    pairs: dict[int, int]

    @property
    def agreement(self) -> float:
        """The share of the claim's words, by weight, that have a partner."""
        return agreement(self.claim, self.pairs)


def agreement(claim: Sequence[Word], pairs: dict[int, int], but: frozenset[int] = frozenset()) -> float:
    """The share of the claim's words, by weight, that have a partner; ``but`` are not counted."""
    total = sum(one.weight for at, one in enumerate(claim) if at not in but)
    return sum(claim[at].weight for at in pairs if at not in but) / total if total else 0.0


def align(claim: Sequence[Word], source: Sequence[Word]) -> Alignment:
    """Pair equal words: first in the same order, then words with content wherever they are."""
    keys: dict[tuple[bool, str], int] = {}
    ours = [keys.setdefault(_key(one), len(keys)) for one in claim]
    theirs = [keys.setdefault(_key(one), len(keys)) for one in source]
    pairs: dict[int, int] = {}
    for block in LCSseq.opcodes(ours, theirs).as_matching_blocks():
        pairs.update((block.a + step, block.b + step) for step in range(block.size))
    taken, places = set(pairs.values()), _Places(source)
    for at, one in enumerate(claim):
        if at in pairs or not one.has_content:
            continue
        free = [to for to in places.equal_to(one) if to not in taken]
        if free:
            pairs[at] = min(free, key=lambda to: _distance(pairs, at, to))
            taken.add(pairs[at])
    return Alignment(claim, source, dict(sorted(pairs.items())))


def _key(one: Word) -> tuple[bool, str]:
    return one.kind == "negation", one.term


class _Places:
    """The positions of words by their terms; numbers are compared, as they may be written in other ways."""

    def __init__(self, words: Sequence[Word]) -> None:
        self._words = words
        self._by_term: dict[str, list[int]] = {}
        self._numbers = [at for at, one in enumerate(words) if one.number is not None]
        for at, one in enumerate(words):
            self._by_term.setdefault(one.term, []).append(at)

    def equal_to(self, word: Word) -> Sequence[int]:
        """The positions of the words that equal one, ascending."""
        if word.number is not None:
            return [at for at in self._numbers if word.equals(self._words[at])]
        return self._by_term.get(word.term, ())


def _distance(pairs: dict[int, int], at: int, to: int) -> int:
    """The distance of a source word from the partners of the claim word's neighbours; 1000 without any."""
    near = [abs(pairs[other] - to) for other in range(at - _NEAR, at + _NEAR + 1) if other in pairs]
    return min(near, default=1000)
