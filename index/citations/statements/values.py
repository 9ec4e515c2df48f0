"""Find numbers that a claim and its source give for different things."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from index.citations.statements.alignment import Alignment
from index.citations.statements.bindings import Mismatch, is_like
from index.citations.statements.words import Word

_NEAR = 3
"""Content words on each side of a number that tell what it counts."""
_ACROSS = 4.0
"""Extra distance of two words in different clauses."""
_CLEARLY = 1.5
"""Factor by which a number must fit better at another place of the source."""


class Numbers:
    """Compares what the numbers of a claim and a source count, by the words around them."""

    def __init__(self, alignment: Alignment, ours: Sequence[range], theirs: Sequence[range]) -> None:
        claim, source = alignment.claim, alignment.source
        self._claim, self._source, self._pairs = claim, source, alignment.pairs
        self._near_words: dict[int, list[tuple[int, float]]] = {}
        self._our_clause = {at: n for n, clause in enumerate(ours) for at in clause}
        self._their_clause = {at: n for n, clause in enumerate(theirs) for at in clause}
        self._our_place, self._their_place = _places(claim), _places(source)

    def mismatches(self) -> Iterator[Mismatch]:
        """Numbers that fit clearly better to another place of the source than to where they stand there."""
        found = [at for at in self._pairs if self._claim[at].number is not None]
        taken = {self._pairs[at]: at for at in found}
        others = [to for to, one in enumerate(self._source) if one.number is not None]
        for at in found:
            own = self._fit(at, self._pairs[at])
            for to in others:
                if to == self._pairs[at] or not self._alike(at, to):
                    continue
                if to not in taken:
                    if self._fit(at, to) > _CLEARLY * own and not self._has_own(self._pairs[at]):
                        yield Mismatch(at, to)
                        break
                elif (other := taken[to]) > at and self._alike(other, self._pairs[at]):
                    straight = own + self._fit(other, to)
                    crossed = self._fit(at, to) + self._fit(other, self._pairs[at])
                    if crossed > _CLEARLY * straight:
                        yield Mismatch(at, to)
                        break

    def _has_own(self, at: int) -> bool:
        """Whether the word behind a number of the source, or else the one before it, is one of the claim."""
        said = {one.term for one in self._claim if one.has_content}
        after = list(self._beside(self._source, self._their_clause, at, 1))
        before = list(self._beside(self._source, self._their_clause, at, -1))[:1]
        return any(self._source[to].term in said for to in after or before)

    def neighbours(self) -> Iterator[Mismatch]:
        """Numbers of a claim beside a word beside which the source has another one, which the claim omits."""
        numbers = [at for at in self._pairs if self._claim[at].number is not None]
        taken = {self._pairs[at] for at in numbers}
        for at in numbers:
            for word in self._beside(self._claim, self._our_clause, at, 1):
                to = self._near(self._pairs[word], -1) if word in self._pairs else None
                if to is not None and to not in taken and self._pairs[at] < to and self._alike(at, to):
                    yield Mismatch(at, to)
            for word in [*self._beside(self._claim, self._our_clause, at, -1)][:1]:
                if word not in self._pairs or self._is_beside(word, self._pairs[at]):
                    continue
                to = self._near(self._pairs[word], 1)
                if to is not None and to not in taken and self._alike(at, to):
                    yield Mismatch(at, to)

    def _is_beside(self, word: int, to: int) -> bool:
        """Whether the clause of a number of the source has a word of the claim."""
        return any(
            self._claim[word].equals(one)
            for at, one in enumerate(self._source)
            if self._their_clause[at] == self._their_clause[to]
        )

    def _beside(self, words: Sequence[Word], clauses: dict[int, int], at: int, step: int) -> Iterator[int]:
        """The next words with content on one side, in the clause, up to a number."""
        count, to = 0, at + step
        while 0 <= to < len(words) and clauses[to] == clauses[at] and count < _NEAR:
            if words[to].number is not None:
                return
            if words[to].has_content:
                count += 1
                yield to
            to += step

    def _near(self, at: int, step: int) -> int | None:
        """The next number on one side of a word of the source, in its clause."""
        count, to = 0, at + step
        while (
            0 <= to < len(self._source) and self._their_clause[to] == self._their_clause[at] and count < _NEAR
        ):
            if self._source[to].number is not None:
                return to
            count += self._source[to].has_content
            to += step
        return None

    def _alike(self, at: int, to: int) -> bool:
        one, that = _unit(self._claim, at), _unit(self._source, to)
        if self._claim[at].equals(self._source[to]):
            return False
        return is_like(self._claim[at], self._source[to]) and (not one or not that or one == that)

    def _fit(self, at: int, to: int) -> float:
        """The proximity of the words around a claim's number to a number of the source; larger is nearer."""
        total = 0.0
        for partner, weight in self._around(at):
            if partner != to:
                total += weight / self._distance(self._their_place, self._their_clause, to, partner)
        return total

    def _around(self, at: int) -> list[tuple[int, float]]:
        """The places in the source of the words beside a number of the claim, and how much they count."""
        if (known := self._near_words.get(at)) is None:
            known = self._near_words[at] = []
            for other, partner in self._pairs.items():
                if other != at and self._claim[other].has_content:
                    near = self._distance(self._our_place, self._our_clause, at, other)
                    if near <= _NEAR + 1:
                        known.append((partner, self._claim[other].weight / near))
        return known

    @staticmethod
    def _distance(places: list[int], clauses: dict[int, int], one: int, that: int) -> float:
        return max(1, abs(places[one] - places[that])) + _ACROSS * (clauses[one] != clauses[that])


def _places(words: Sequence[Word]) -> list[int]:
    """The number of words with content before each word."""
    places, count = [], 0
    for one in words:
        places.append(count)
        count += one.has_content
    return places


def _unit(words: Sequence[Word], at: int) -> str:
    """The word behind a number, if it follows at once."""
    if at + 1 == len(words) or words[at + 1].clause != words[at].clause:
        return ""
    after = words[at + 1]
    return after.term if after.has_content and after.number is None else ""
