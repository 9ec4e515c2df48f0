"""Find facts on which a claim contradicts its source: numbers, dates, names, negations, directions.

A fact counts as contradicted only where the rest of the sentence agrees: the two are aligned word by word,
and the words around the fact are the same in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from index.citations.statements import english
from index.citations.statements.alignment import Alignment, agreement
from index.citations.statements.words import Word

ConflictKind = Literal["number", "date", "name", "negation", "direction"]

_NEAR = 4
"""Words on each side of a fact that are its context."""
_SAME_REST = 0.6
"""Least share of the claim's other words that the source has, for a fact to be contradicted."""
_SAME_SLOT = 0.5
"""Least share of the words around a fact that are around the other one."""
_SAME_NEGATED = 0.75
_LONGEST_NAME = 6
_NOT_ONLY = frozenset(
    "only just merely solely necessarily simply above below more less later earlier "
    "nur seulement solo sólo".split()
)

_NONE = frozenset("no none nobody nothing never neither".split())
"""Negations that may be far from the word they negate."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A fact on which a claim and its source differ, in the words ``claimed`` and those ``stated``.

    ``start`` and ``end`` are those of the claimed words in the claim, ``at`` and ``to`` those of the stated
    words in the source; a negation that only one of them has is an empty span at the word it negates.
    """

    kind: ConflictKind
    claimed: str
    stated: str
    start: int
    end: int
    at: int
    to: int


def find_conflicts(alignment: Alignment) -> list[Conflict]:
    """The facts on which claim and source differ, in the order of the claim."""
    found = [*_replaced_facts(alignment), *_negations(alignment)]
    return sorted(found, key=lambda one: one.start)


def _replaced_facts(alignment: Alignment) -> list[Conflict]:
    claim, source, pairs = alignment.claim, alignment.source, alignment.pairs
    taken = set(pairs.values())
    found = []
    for run in _group_facts(claim, {at for at in range(len(claim)) if at not in pairs}):
        kind = claim[run[0]].kind
        rest = agreement(claim, pairs, frozenset(run))
        if kind not in ("number", "date", "name", "direction") or rest < _SAME_REST:
            continue
        others = _group_facts(source, {to for to in range(len(source)) if to not in taken})
        candidates = [other for other in others if _comparable(claim, run, source, other)]
        slots = [(_context_share(alignment, run, other), other) for other in candidates]
        if max((share for share, _ in slots), default=0.0) < _SAME_SLOT:
            continue
        # Which of them is told decides nothing about the claim.
        _, other = max(slots, key=lambda one: _likeness(alignment, run, one[1], one[0]))
        found.append(_conflict(kind, claim, run, source, other))
    return found


def _likeness(
    alignment: Alignment, run: list[int], other: list[int], share: float
) -> tuple[bool, float, float]:
    """The order of facts that may be the one claimed: numbers of the same thing, by context, by value."""
    one, that = alignment.claim[run[0]], alignment.source[other[0]]
    if one.number is None or that.number is None:
        return False, share, 0.0
    mine, theirs = _counted(alignment.claim, run[0]), _counted(alignment.source, other[0])
    is_same_thing = mine is not None and theirs is not None and mine.equals(theirs)
    return is_same_thing and _alike(one, that), share, -one.number.distance(that.number)


def _counted(words: Sequence[Word], at: int) -> Word | None:
    """The word for what a number counts: the next content word of its clause that is no number."""
    for one in words[at + 1 :]:
        if one.clause != words[at].clause or one.sentence != words[at].sentence:
            return None
        if one.has_content and one.kind != "number":
            return one
    return None


def _group_facts(words: Sequence[Word], free: set[int]) -> list[list[int]]:
    """Group words without a partner into facts. Consecutive words of a name are one fact."""
    runs: list[list[int]] = []
    for at in sorted(free):
        kind = words[at].kind
        if kind not in ("number", "date", "name", "direction"):
            continue
        previous = runs[-1] if runs else []
        if (
            kind == "name"
            and previous
            and previous[-1] == at - 1
            and words[at - 1].kind == "name"
            and (len(previous) < _LONGEST_NAME)
        ):
            previous.append(at)
        else:
            runs.append([at])
    return runs


def _comparable(claim: Sequence[Word], run: list[int], source: Sequence[Word], other: list[int]) -> bool:
    """Whether two facts are of kinds that can contradict each other."""
    one, that = claim[run[0]], source[other[0]]
    if {one.kind, that.kind} == {"name", "date"}:
        return True
    if one.kind != that.kind:
        return False
    if one.kind == "direction":
        return that.text.lower() in one.opposites
    if one.kind == "date":
        return one.term[:3] == that.term[:3]
    if one.kind == "name":
        mine, theirs = {claim[at].term for at in run}, {source[at].term for at in other}
        return not (mine & theirs) and not _abbreviates(claim, run, source, other)
    return one.number is None or that.number is None or one.number.measure == that.number.measure


def _alike(one: Word, that: Word) -> bool:
    """Whether two numbers are of one kind; always true for other words."""
    return one.number is None or that.number is None or one.counts_like(that)


def _abbreviates(claim: Sequence[Word], run: list[int], source: Sequence[Word], other: list[int]) -> bool:
    """Whether one name is the initials of the other, or begins like it: 2.2.1 does not abbreviate 2.2.10."""
    mine, theirs = [claim[at].text for at in run], [source[at].text for at in other]
    for short, long in ((mine, theirs), (theirs, mine)):
        if len(short) == 1 and short[0].upper() == "".join(word[0] for word in long).upper():
            return True
    a, b = "".join(mine).lower(), "".join(theirs).lower()
    beginning, whole = sorted((a, b), key=len)
    if beginning[-1:].isdigit() and not whole[len(beginning) :][:1].isalpha():
        return False
    return a.startswith(b[:4]) and whole.startswith(beginning)


def _context_share(alignment: Alignment, run: list[int], other: list[int]) -> float:
    """The share of a claim fact's context that is also around a source fact, 0 to 1, by weight.

    1 if the next content words on both sides are the same. A name replaces another only then, because one
    sentence may have two names in similar contexts.
    """
    claim, source, pairs = alignment.claim, alignment.source, alignment.pairs
    sides = [
        _same_neighbour(pairs, _neighbours(claim, run, step), _neighbours(source, other, step))
        for step in (-1, 1)
    ]
    if all(sides):
        return 1.0
    if "name" in (claim[run[0]].kind, source[other[0]].kind) or not _alike(claim[run[0]], source[other[0]]):
        return 0.0
    around = [
        at for at in range(run[0] - _NEAR, run[-1] + _NEAR + 1) if 0 <= at < len(claim) and at not in run
    ]
    around = [at for at in around if claim[at].has_content]
    if not around:
        return 0.0
    low, high = other[0] - _NEAR - 1, other[-1] + _NEAR + 1
    weights = [claim[at].weight / min(abs(at - run[0]), abs(at - run[-1])) for at in around]
    near = sum(w for at, w in zip(around, weights, strict=True) if low <= pairs.get(at, -99) <= high)
    return 0.9 * near / sum(weights)


def _neighbours(words: Sequence[Word], run: list[int], step: int) -> tuple[int | None, int | None]:
    """The next word and the next content word on one side of a fact; None at the end of the sentence."""
    at = (run[0] if step < 0 else run[-1]) + step
    nearest = at if 0 <= at < len(words) else None
    while 0 <= at < len(words) and not words[at].has_content:
        at += step
    return nearest, at if 0 <= at < len(words) else None


def _same_neighbour(
    pairs: dict[int, int], ours: tuple[int | None, int | None], theirs: tuple[int | None, int | None]
) -> bool:
    """Whether the next words, or the next content words, are a pair, or both sentences end there."""
    return any(
        to is None if at is None else at in pairs and pairs[at] == to
        for at, to in zip(ours, theirs, strict=True)
    )


def _negations(alignment: Alignment) -> list[Conflict]:
    """Find the first negation that only one of the two sentences has."""
    claim, source, pairs = alignment.claim, alignment.source, alignment.pairs
    if alignment.agreement < _SAME_NEGATED:
        return []
    for cue in _cues(claim):
        target = _negated_word(claim, cue)
        if (
            target in pairs
            and not _is_negated(source, pairs[target])
            and not _has_same_negation(claim, cue, source, pairs)
            and not (
                cue > target and source[pairs[target]].clause in {source[to].clause for to in _cues(source)}
            )
        ):
            one, place = claim[cue], source[pairs[target]].start
            return [Conflict("negation", one.text, "", one.start, one.end, place, place)]
    backwards = {to: at for at, to in pairs.items()}
    for cue in _cues(source):
        target = _negated_word(source, cue)
        if (
            target in backwards
            and not _is_negated(claim, backwards[target])
            and not _has_same_negation(source, cue, claim, backwards)
            and not _ends_negated(claim, pairs, source, source[cue].clause)
        ):
            one, place = source[cue], claim[backwards[target]].start
            return [Conflict("negation", "", one.text, place, place, one.start, one.end)]
    return []


def _has_same_negation(
    words: Sequence[Word], cue: int, others: Sequence[Word], pairs: dict[int, int]
) -> bool:
    """Whether the other sentence has the same negation, anywhere before the words in its scope."""
    text = words[cue].text.lower()
    same = [to for to in _cues(others) if others[to].text.lower() == text and text in _NONE]
    scope = {pairs[at] for at in range(cue + 1, len(words)) if at in pairs and words[at].has_content}
    return any(scope & set(range(to + 1, len(others))) for to in same)


def _cues(words: Sequence[Word]) -> list[int]:
    """The positions of negations, without "not only"."""
    return [
        at for at, one in enumerate(words)
        if one.kind == "negation" and not (at + 1 < len(words) and words[at + 1].text.lower() in _NOT_ONLY)
    ]  # fmt: skip


def _negated_word(words: Sequence[Word], cue: int) -> int:
    """The position of the word that a negation negates; -1 if there is none.

    It is the next content word of the clause, preferably no adverb, or else the content word before.
    """
    clause = words[cue].clause
    after = [at for at in range(cue + 1, min(cue + 7, len(words))) if words[at].clause == clause]
    before = [at for at in range(cue - 1, max(-1, cue - 4), -1) if words[at].clause == clause]
    content = [at for at in after if words[at].has_content]
    content = [at for at in content if not words[at].text.endswith("ly")] or content
    return next(iter([*content, *(at for at in before if words[at].has_content)]), -1)


def _is_negated(words: Sequence[Word], at: int) -> bool:
    """Whether a negation negates a word, or comes shortly before it in its clause."""
    return any(
        _negated_word(words, cue) == at
        or (words[cue].clause == words[at].clause and 0 < at - cue <= 2 * _NEAR)
        for cue in _cues(words)
    ) or any(
        words[other].clause == words[at].clause and other != at and english.denies(words[other].text.lower())
        for other in range(max(0, at - 2 * _NEAR), min(at + 2 * _NEAR, len(words)))
    )


def _ends_negated(words: Sequence[Word], pairs: dict[int, int], others: Sequence[Word], clause: int) -> bool:
    """Whether a sentence ends with a negation ("they did not") of what the other negates in ``clause``."""
    for cue in _cues(words):
        own = [at for at in range(len(words)) if words[at].clause == words[cue].clause]
        if any(at > cue and words[at].has_content for at in own):
            continue
        if any(at in pairs and words[at].has_content and others[pairs[at]].clause == clause for at in own):
            return True
    return False


def _conflict(
    kind: str, claim: Sequence[Word], run: list[int], source: Sequence[Word], other: list[int]
) -> Conflict:
    start, end, at, to = (
        claim[run[0]].start,
        claim[run[-1]].end,
        source[other[0]].start,
        source[other[-1]].end,
    )
    claimed = " ".join(claim[i].text for i in run)
    stated = " ".join(source[i].text for i in other)
    return Conflict(kind, claimed, stated, start, end, at, to)  # type: ignore[arg-type]
