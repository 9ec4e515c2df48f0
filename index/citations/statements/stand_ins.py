"""Put other words in the place of parts of a sentence: "twice a month" becomes one number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from index.citations.statements.numbers import Number
from index.citations.statements.words import Kind, Word

_WEIGHTS: dict[Kind, float] = {"number": 1.5, "date": 1.5, "word": 1.0, "negation": 0.3}


@dataclass(frozen=True, slots=True)
class StandIn:
    """The reading of ``[start, end)`` of a sentence: the kinds and terms of words, or a number.

    ``measure`` is what it measures or says, ``form`` how: a unit, or the word that says it.
    """

    start: int
    end: int
    measure: str
    form: str
    terms: Sequence[tuple[Kind, str]] = ()
    values: frozenset[Decimal] = frozenset()
    is_exact: bool = True

    def words(self, text: str, clause: int) -> Iterator[Word]:
        """The words that stand for the ``text`` that is replaced."""
        if self.values:
            number = Number(self.start, self.end, self.values, is_exact=self.is_exact, measure=self.measure)
            term = f"#{self.measure}{min(self.values).normalize():f}"
            yield Word(text, self.start, self.end, term, "number", _WEIGHTS["number"], clause, number)
        for kind, term in self.terms:
            yield Word(text, self.start, self.end, term, kind, _WEIGHTS[kind], clause)


def replace_words(sentence: str, words: Iterable[Word], stand_ins: Iterable[StandIn]) -> Iterator[Word]:
    """Yield the words of a sentence, with others where some stand in; of two that overlap the first."""
    waiting = sorted(stand_ins, key=lambda one: (one.start, -one.end))
    until = 0
    for word in words:
        while waiting and waiting[0].start < until:
            waiting.pop(0)
        if word.start < until:
            continue  # the "rd" of "3rd"
        if waiting and waiting[0].start < word.end:
            one = waiting.pop(0)
            until = one.end
            yield from one.words(sentence[one.start : one.end], word.clause)
        else:
            yield word
