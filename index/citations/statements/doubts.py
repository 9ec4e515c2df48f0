"""Find reasons why a source whose words agree with a claim does not say it. For English sentences only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from index.citations.statements import english
from index.citations.statements.alignment import Alignment
from index.citations.statements.bindings import ClausePair, Mismatch, find_exchanged, find_moved, pair_clauses
from index.citations.statements.clauses import clauses
from index.citations.statements.quantities import find_overstated
from index.citations.statements.scopes import find_opposed, is_elliptic, moods, operators
from index.citations.statements.values import Numbers
from index.citations.statements.words import Word

DoubtKind = Literal["denied", "planned", "moved", "roles", "number", "quantity", "word"]

_SAME = 0.9
"""Least share of a claim's words that a sentence with nearly the same words has."""
_MOST_LONGER = 1.3
_LEAST_MEANING = 0.8
"""Cosine above which another word in the same place may be a synonym."""
_FEWEST_WORDS = 3
_MOST_WORDS, _MOST_OF_SOURCE = 150, 600
"""Most words of a claim and of a source to compare by clauses: longer ones are lists or tables."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A reason why the source does not say the claim, with the words of claim and source, if any."""

    kind: DoubtKind
    claimed: str
    stated: str

    def __str__(self) -> str:
        claimed, stated = repr(self.claimed), repr(self.stated)
        if self.kind == "denied" and self.claimed:
            return f"The answer negates this ({claimed}), the source does not."
        return {
            "denied": f"The source negates this ({stated}), the answer does not.",
            "planned": f"The source does not tell this as a fact ({stated}).",
            "moved": f"The source says this of {stated}, and of {claimed} something else.",
            "roles": f"The source has {claimed} and {stated} in each other's place.",
            "number": f"The source has {stated} here, and {claimed} of something else.",
            "quantity": f"The answer says {claimed} where the source says {stated}.",
            "word": f"The answer has {claimed} where the source has {stated}.",
        }[self.kind]


def find_doubts(
    alignment: Alignment, meaning: float, known: frozenset[str], elsewhere: frozenset[str] = frozenset()
) -> Iterator[Doubt]:
    """Find reasons to doubt that the aligned sentences say the claim, strongest first.

    ``meaning`` is the cosine of both, ``known`` are the terms that the source need not repeat, ``elsewhere``
    those of the whole passage.
    """
    claim, source = alignment.claim, alignment.source
    if len(claim) > _MOST_WORDS or len(source) > _MOST_OF_SOURCE:
        return
    ours, theirs = clauses(claim), clauses(source)
    pairs = alignment.pairs
    yield from _affix_conflicts(claim, source, pairs, ours, theirs)
    yield from _mood_conflicts(claim, source, pairs, ours, theirs)
    yield from _unmatched_negation(alignment, ours, theirs)
    laid = pair_clauses(claim, ours, source, theirs)
    yield from _opposite_words(laid, pairs)
    for under in laid:
        yield from _misplaced_words(under, theirs)
        yield from _time_conflicts(under[0])
    numbers = Numbers(alignment, ours, theirs)
    for mismatch in (*numbers.mismatches(), *numbers.neighbours()):
        yield _doubt_of("number", claim, source, mismatch)
    for mismatch in find_overstated(claim, source, pairs, theirs):
        yield _doubt_of("quantity", claim, source, mismatch)
    yield from _replaced_word(laid, known, elsewhere if meaning >= _LEAST_MEANING else None)


def _unmatched_negation(
    alignment: Alignment, ours: Sequence[range], theirs: Sequence[range]
) -> Iterator[Doubt]:
    """Find a negation that only one of two sentences has, if both have nearly the same words."""
    if alignment.agreement < _SAME or any(is_elliptic(alignment.claim, one) for one in ours):
        return
    low, high = min(alignment.pairs.values()) - 1, max(alignment.pairs.values())
    if high - low > _MOST_LONGER * len(alignment.claim):
        return
    mine = _negations(alignment.claim, ours)
    yours = [at for at in _negations(alignment.source, theirs) if low <= at <= high]
    if (len(mine) - len(yours)) % 2:
        longer = len(mine) > len(yours)
        words, at = (alignment.claim, mine[-1]) if longer else (alignment.source, yours[-1])
        yield Doubt("denied", words[at].text if longer else "", "" if longer else words[at].text)


def _time_conflicts(laid: ClausePair) -> Iterator[Doubt]:
    """Find two clauses that begin with different conjunctions of time or condition: when, before, unless."""
    ours, theirs = laid.claim[laid.ours[0]].text, laid.source[laid.theirs[0]].text
    mine, yours = english.TIMES.get(ours.lower()), english.TIMES.get(theirs.lower())
    if mine and yours and mine != yours:
        yield Doubt("word", ours, theirs)


def _negations(words: Sequence[Word], clauses: Sequence[range]) -> list[int]:
    """The positions of negations with a content word behind them in their clause."""
    return [
        at for clause in clauses for at in clause
        if words[at].kind == "negation" and any(words[to].has_content for to in range(at + 1, clause.stop))
    ]  # fmt: skip


def _misplaced_words(under: Sequence[ClausePair], theirs: Sequence[range]) -> Iterator[Doubt]:
    """Find a word with another place in every paired clause of the source; nothing if one pair has none."""
    found: list[tuple[DoubtKind, Mismatch]] = []
    for one in under:
        here: list[tuple[DoubtKind, Mismatch]] = [("moved", mismatch) for mismatch in find_moved(one, theirs)]
        if (crossed := find_exchanged(one)) is not None:
            is_number = one.claim[crossed.at].number is not None
            here.append(("number" if is_number else "roles", crossed))
        if not here:
            return
        found += here
    kind, mismatch = found[0]
    yield _doubt_of(kind, under[0].claim, under[0].source, mismatch)


def _doubt_of(kind: DoubtKind, claim: Sequence[Word], source: Sequence[Word], mismatch: Mismatch) -> Doubt:
    return Doubt(kind, claim[mismatch.at].text, source[mismatch.to].text)


def _mood_conflicts(
    claim: Sequence[Word], source: Sequence[Word], pairs: dict[int, int],
    ours: Sequence[range], theirs: Sequence[range],
) -> Iterator[Doubt]:  # fmt: skip
    back = {to: at for at, to in pairs.items()}
    for one in find_opposed(source, theirs, back, claim, ours):
        yield Doubt(one.mood, "", _text(source, one.start, one.end))
    for one in find_opposed(claim, ours, pairs, source, theirs):
        if one.mood == "denied":
            yield Doubt("denied", _text(claim, one.start, one.end), "")
    if not any("denied" in moods(word) for word in source):
        for one in operators(claim, ours):
            if one.mood == "denied" and one.head(claim) >= 0:
                yield Doubt("denied", _text(claim, one.start, one.end), "")


def _text(words: Sequence[Word], start: int, end: int) -> str:
    return " ".join(one.text for one in words[start:end])


def _affix_conflicts(
    claim: Sequence[Word], source: Sequence[Word], pairs: dict[int, int],
    ours: Sequence[range], theirs: Sequence[range],
) -> Iterator[Doubt]:  # fmt: skip
    """Find words that only one of both has with a negating affix: unsafe, dishonest, useless."""
    taken = set(pairs.values())
    for at, one in enumerate(claim):
        if at in pairs or not one.has_content:
            continue
        for to, that in enumerate(source):
            if to in taken or not that.has_content or not _is_opposite(one.text, that.text):
                continue
            if not _is_denied(claim, ours, at) and not _is_denied(source, theirs, to):
                yield Doubt("word", one.text, that.text)


def _is_opposite(one: str, that: str) -> bool:
    a, b = one.lower(), that.lower()
    return any(
        base and _stem(base) == _stem(word)
        for base, word in ((english.negated_base(a), b), (english.negated_base(b), a))
    )


def _stem(word: str) -> str:
    for ending in ("ness", "ily", "ly", "ing", "ed", "es", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _is_denied(words: Sequence[Word], clauses: Sequence[range], at: int) -> bool:
    return any(one.mood == "denied" and at in one.scope for one in operators(words, clauses))


def _opposite_words(laid: Sequence[Sequence[ClausePair]], pairs: dict[int, int]) -> Iterator[Doubt]:
    """Find words of the claim that the source lacks, with their opposite in the paired clause."""
    taken = set(pairs.values())
    for under in laid:
        one = under[0]
        for at in one.ours:
            word = one.claim[at]
            for to in one.theirs if word.opposites and at not in pairs else ():
                if to not in taken and one.source[to].text.lower() in word.opposites:
                    yield Doubt("word", word.text, one.source[to].text)


def _replaced_word(
    laid: Sequence[Sequence[ClausePair]], known: frozenset[str], among: frozenset[str] | None
) -> Iterator[Doubt]:
    """Find the one word of a claim that its source lacks, with another word in its place.

    With ``among``, only a word among these: others may be synonyms.
    """
    if not laid:
        return
    claim, source = laid[0][0].claim, laid[0][0].source
    terms = {word.term for word in source} | known
    strange = [at for at, one in enumerate(claim) if one.has_content and one.term not in terms]
    if len(strange) != 1 or (among is not None and claim[strange[0]].term not in among):
        return
    for one in (under[0] for under in laid):
        to = _word_instead(one, strange[0]) if strange[0] in one.ours else None
        if to is not None:
            ours, theirs = claim[strange[0]], source[to]
            if not moods(ours) & moods(theirs) and ours.text[:3].lower() != theirs.text[:3].lower():
                yield Doubt("word", ours.text, theirs.text)


def _word_instead(laid: ClausePair, at: int) -> int | None:
    """The one content word of the source between the partners of a word's neighbours; or None."""
    if len(laid.pairs) < _FEWEST_WORDS - 1:
        return None
    content = [one for one in laid.ours if laid.claim[one].has_content]
    number = content.index(at)
    left, right = content[:number][-1:], content[number + 1 :][:1]
    low = laid.pairs.get(left[0], -1) if left else laid.theirs.start - 1
    high = laid.pairs.get(right[0], -1) if right else laid.theirs.stop
    taken = set(laid.pairs.values())
    between = [to for to in range(low + 1, high) if laid.source[to].has_content and to not in taken]
    return between[0] if low >= laid.theirs.start - 1 and len(between) == 1 else None
