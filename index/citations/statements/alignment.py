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
    keys: dict[str, int] = {}
    ours = [keys.setdefault(_key(one), len(keys)) for one in claim]
    theirs = [keys.setdefault(_key(one), len(keys)) for one in source]
    pairs: dict[int, int] = {}
    for block in LCSseq.opcodes(ours, theirs).as_matching_blocks():
        pairs.update((block.a + step, block.b + step) for step in range(block.size))
    taken = set(pairs.values())
    for at, one in enumerate(claim):
        if at in pairs or not one.has_content:
            continue
        free = [to for to, other in enumerate(source) if to not in taken and one.equals(other)]
        if free:
            pairs[at] = min(free, key=lambda to: _distance(pairs, at, to))
            taken.add(pairs[at])
    return Alignment(claim, source, dict(sorted(pairs.items())))


def _key(one: Word) -> str:
    return f"{one.kind == 'negation'}{one.term}"


def _distance(pairs: dict[int, int], at: int, to: int) -> int:
    """The distance of a source word from the partners of the claim word's neighbours; 1000 without any."""
    near = [abs(pairs[other] - to) for other in range(at - _NEAR, at + _NEAR + 1) if other in pairs]
    return min(near, default=1000)
