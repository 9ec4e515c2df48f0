"""Find words of a claim that its source says of something else: roles exchanged, another actor.

Each clause of the claim is compared with the clause of the source that has most of its words. A word is bound
to something else if it occurs in another clause of the source and this clause has another word in its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.citations.statements import english
from index.citations.statements.clauses import has_verb, is_verb
from index.citations.statements.words import Word

_LEAST_SHARE = 0.4
"""Least share of a claim's clause that a clause of the source must have to be compared with it."""
_AS_GOOD = 0.15
"""Also compare clauses whose share is this close to the best."""
_NEAR = 3


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A word of the claim, and the word that stands in its place in the source, as positions."""

    at: int
    to: int


@dataclass(frozen=True, slots=True)
class ClausePair:
    """A clause of the claim and one of the source; ``pairs`` maps equal content words, by position."""

    claim: Sequence[Word]
    source: Sequence[Word]
    ours: range
    theirs: range
    pairs: dict[int, int]

    @property
    def share(self) -> float:
        """The share of the claim's clause, by weight, that the source's clause has."""
        content = [at for at in self.ours if self.claim[at].has_content]
        total = sum(self.claim[at].weight for at in content)
        return sum(self.claim[at].weight for at in self.pairs) / total if total else 0.0


def pair_clauses(
    claim: Sequence[Word], ours: Sequence[range], source: Sequence[Word], theirs: Sequence[range]
) -> list[list[ClausePair]]:
    """Pair each clause of the claim with the clauses of the source that share most of it, best first."""
    found = []
    for clause in ours:
        each = [
            ClausePair(claim, source, clause, other, _pair_words(claim, clause, source, other))
            for other in theirs
        ]
        best = max((one.share for one in each), default=0.0)
        if best >= _LEAST_SHARE:
            near = [one for one in each if one.share >= best - _AS_GOOD]
            found.append(sorted(near, key=lambda one: -one.share))
    return found


def _pair_words(claim: Sequence[Word], ours: range, source: Sequence[Word], theirs: range) -> dict[int, int]:
    free = [to for to in theirs if source[to].has_content]
    pairs: dict[int, int] = {}
    last = theirs.start - 1
    for at in ours:
        if not claim[at].has_content:
            continue
        same = [to for to in free if claim[at].equals(source[to])]
        if same:
            to = next((one for one in same if one > last), same[0])
            pairs[at] = last = to
            free.remove(to)
    return pairs


def find_moved(laid: ClausePair, theirs: Sequence[range]) -> Iterator[Mismatch]:
    """Find words of the claim that the source has in other clauses, and another word in this one."""
    content = [at for at in laid.ours if laid.claim[at].has_content]
    said = _mentioned_terms(laid.claim, laid.ours)
    for number, at in enumerate(content):
        word = laid.claim[at]
        if at in laid.pairs:
            continue
        others = [
            clause
            for clause in theirs
            if clause != laid.theirs and any(word.equals(laid.source[to]) for to in clause)
        ]
        if not others:
            continue
        left = next((one for one in reversed(content[:number][-2:]) if one in laid.pairs), None)
        right = next((one for one in content[number + 1 : number + 3] if one in laid.pairs), None)
        leads = all(laid.claim[one].kind in ("number", "date") for one in content[:number])
        if right is not None and leads:
            to = _find_subject(laid, left, right, min(clause.start for clause in others))
            if to is not None and any(_is_subject(laid, clause, word) for clause in others):
                yield Mismatch(at, to)
                continue
        to = _find_replacement(laid, word, left, right)
        if to is not None and (
            laid.source[to].text.lower() in word.opposites
            or all(_has_other_subject(laid.source, clause, word, said, like=to) for clause in others)
        ):
            yield Mismatch(at, to)


def _mentioned_terms(claim: Sequence[Word], clause: range) -> set[str]:
    """The terms of a clause, or of the whole claim if the clause has no subject of its own."""
    first = _first_content(claim, clause)
    is_own = first is not None and has_verb(claim, clause) and not is_verb(claim, first)
    if is_own and claim[clause[0]].text.lower() not in english.SPLITTING:
        return {claim[at].term for at in clause if claim[at].has_content}
    return {one.term for one in claim if one.has_content}


def _find_subject(laid: ClausePair, left: int | None, right: int, later: int) -> int | None:
    """The subject of the source's clause in place of the claim's; a pronoun if ``later`` is behind it."""
    low = laid.pairs[left] + 1 if left is not None else laid.theirs.start
    for to in range(low, laid.pairs[right]):
        one = laid.source[to]
        if one.has_content:
            is_noun = one.kind not in ("number", "date") and not one.text.endswith("ly")
            return to if is_noun and not english.is_past(one.text.lower()) else None
        if one.text.lower() in ("it", "he", "she", "they"):
            return to if later > to else None
    return None


def _is_subject(laid: ClausePair, clause: range, word: Word) -> bool:
    """Whether a word is the subject of a clause that has a verb, or a value other than the claim's."""
    first = _first_content(laid.source, clause)
    if first is None or not word.equals(laid.source[first]):
        return False
    return has_verb(laid.source, clause) or any(_is_other_value(laid, laid.source[at]) for at in clause)


def _is_other_value(laid: ClausePair, word: Word) -> bool:
    """Whether the claim's clause has another number than a source word, or its opposite."""
    values = [laid.claim[at] for at in laid.ours]
    if word.kind in ("number", "date"):
        return any(is_like(one, word) for one in values) and not any(one.equals(word) for one in values)
    return any(one.text.lower() in word.opposites for one in values)


def _has_other_subject(
    words: Sequence[Word], clause: range, word: Word, said: set[str], *, like: int
) -> bool:
    """Whether a clause relates a word to a subject that the claim does not mention.

    ``like`` is the word in its place: only if that is a verb may the word be one.
    """
    first = _first_content(words, clause)
    if first is None or word.equals(words[first]) or words[first].term in said:
        return False
    if not is_verb(words, like) and any(word.equals(words[at]) and is_verb(words, at) for at in clause):
        return False
    is_denied = any(
        words[at].kind == "negation" for at in clause
    )  # "Never use acetone" has no verb by its form
    return word.kind in ("number", "date") or is_denied or has_verb(words, clause)


def _first_content(words: Sequence[Word], clause: range) -> int | None:
    return next((at for at in clause if words[at].has_content), None)


def _find_replacement(laid: ClausePair, word: Word, left: int | None, right: int | None) -> int | None:
    """The source word in the place of a claim word, between the partners of its neighbours; or None."""
    taken = set(laid.pairs.values())
    if left is None and right is not None and word.opposites:
        before = [to for to in range(laid.theirs.start, laid.pairs[right]) if laid.source[to].has_content]
        return before[-1] if before and before[-1] not in taken else None
    if left is None or (right is not None and laid.pairs[left] > laid.pairs[right]):
        return None
    for to in range(laid.pairs[left] + 1, laid.theirs.stop if right is None else laid.pairs[right]):
        if laid.source[to].has_content:
            fits = to not in taken and _comparable(word, laid.source[to])
            return to if fits and not laid.source[to].text.endswith("ly") else None
    return None


def _comparable(one: Word, that: Word) -> bool:
    if one.kind in ("number", "date") or that.kind in ("number", "date"):
        return one.kind == that.kind and is_like(one, that)
    return True


def is_like(one: Word, that: Word) -> bool:
    """Whether two words are numbers of one kind, or other words of one kind."""
    return one.counts_like(that) or (None in (one.number, that.number) and one.kind == that.kind)


def find_exchanged(laid: ClausePair) -> Mismatch | None:
    """Find two words that change sides of a verb between claim and source; None without."""
    order = sorted(laid.pairs)
    places = [laid.pairs[at] for at in order]
    behind = {
        number: to
        for number in range(len(order))
        if _may_be_pivot(laid, order[number])
        and (to := next((i for i in places[number + 1 :] if i < places[number]), None)) is not None
    }
    for number, at in enumerate(order):
        for pivot, to in behind.items():
            if pivot > number and places[pivot] < places[number]:
                return Mismatch(at, to)
    return None


def _may_be_pivot(laid: ClausePair, at: int) -> bool:
    """Whether a word may be the verb of both clauses, both active or both passive."""
    to = laid.pairs[at]
    is_verb = _may_be_verb(laid.claim, at) and _may_be_verb(laid.source, to)
    return is_verb and _is_passive(laid.claim, at) == _is_passive(laid.source, to)


def _may_be_verb(words: Sequence[Word], at: int) -> bool:
    """Whether nothing before a word shows that it is a noun."""
    if words[at].kind != "word" or at == 0:
        return False
    before = words[at - 1].text.lower()
    return before not in english.DETERMINERS | english.PREPOSITIONS


def _is_passive(words: Sequence[Word], at: int) -> bool:
    near = [
        words[i].text.lower() for i in range(max(0, at - _NEAR), at) if words[i].clause == words[at].clause
    ]
    behind = [words[i].text.lower() for i in range(at + 1, min(at + _NEAR, len(words)))]
    return bool(english.BE & set(near)) or "by" in behind
