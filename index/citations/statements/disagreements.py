"""Tell on what two sentences of documents disagree: another number, date or name, a negation, a direction.

Stricter than the judgement of a claim: an alarm that nobody asked for has to be right. The two must have the
same words but for one fact, and none may have a number, date or name of its own beside it, for that may be
what both facts depend on. Offsets are Unicode code points, spans half open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import regex
from rapidfuzz.distance import Levenshtein

from index.citations.statements import english
from index.citations.statements.alignment import Alignment, align
from index.citations.statements.assertions import FACTS, FEWEST_SHARED, Assertion, plain_text
from index.citations.statements.changes import are_of_two_times
from index.citations.statements.conflicts import Conflict, find_conflicts
from index.citations.statements.measures import periods
from index.citations.statements.numbers import Number
from index.citations.statements.subjects import Subject, values_begin, verb_of
from index.citations.statements.words import Word
from index.patterns import lazy_pattern
from index.text.languages import FUNCTION_WORDS, is_english

_SHARE, _LESSER_SHARE = 0.8, 0.65
"""Least share of the words of one of them, and of either, that the other has, beside the fact."""
_MOST_REPLACED = 1
_SAME_SPELLING = 0.7
"""Similarity from which two names may be one in two spellings."""
_SHARE_DENIED = 0.85
"""Least share of either of two sentences of which one denies what the other says."""
_LABELLED = lazy_pattern(
    r"(?:\b|(?=#))(?:fig(?:ure)?s?\.?|tables?|sections?|articles?|chapters?|pages?|pp?\.|steps?|equations?|eq\.|nos?\.|"
    r"clauses?|paragraphs?|appendix|annex|exhibit|schedule|types?|phase|stage|group|class|grade|level|part|"
    r"item|rule|#|version|release|volume|vol\.|act|law|days?|week|month|sample|case|patient|model|study|"
    r"experiment|question|number|no|season|episode|round|series|lot|unit|tutorial|lesson|room|building|line|route|apollo)"
    r"\s+\Z",
    regex.IGNORECASE,
)
"""Words before a number that names something rather than counts: "Table 2"."""
_NEXT = lazy_pattern(r"\s*(?:[\p{L}-]+|[%$€£°])")
_NAMED = lazy_pattern(r"(?:\p{Lu}[\p{L}\p{N}]*|#)\s+\Z")
_POSSIBLE = frozenset("can could may might".split())
_LIST = lazy_pattern(r":\s+\S")
"""A list behind a colon; the text before tells of what."""
_POINTER = lazy_pattern(
    r"(?:\A\W*|[,;:(]\s*|\b(?:please|also)\s+)(?:see|read|consult|visit|refer to|look at)\b"
    r"|\b(?:more|further|additional) (?:information|details?|reading|documentation)\b"
    r"|\bthe following\b",
    regex.IGNORECASE,
)
"""A sentence that tells where to read, and no fact: "See the guide for Uvicorn"."""
_EXAMPLE = lazy_pattern(r"(?:\be\.\s?g\.|\bfor (?:example|instance)\b|\bsuch as\b)", regex.IGNORECASE)
"""Words behind which one of several stands."""
_AT_MOST = lazy_pattern(
    r"\b(?:up to|at most|(?:no|not) more than|a maximum of|less than|fewer than|under|below)\s+\Z",
    regex.IGNORECASE,
)
_AT_LEAST = lazy_pattern(
    r"\b(?:at least|(?:no|not) (?:less|fewer) than|a minimum of|more than|over|above)\s+\Z", regex.IGNORECASE
)
_ABOUT = lazy_pattern(
    r"\b(?:about|approximately|around|roughly|some|nearly|almost|over)\s+\Z", regex.IGNORECASE
)
_BOUND, _ROUNDED = 20, 0.05
"""Code points before a number in which a bound is, and how far a rounded number is from the exact one."""
_MANY_SHARED, _SAME_SHARE = 6, 0.9
"""Words with content, and the share of them, that two sentences have in common which have one origin."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The one fact on which two sentences disagree: ``claimed`` in the first, ``stated`` in the other.

    ``is_sure``: the sentences tell by themselves that they are about the same. Else it may be a formula that
    stands in many documents, each about something else.
    """

    fact: Conflict
    is_sure: bool


def disagreement(one: Assertion, other: Assertion, *, are_related: bool = False) -> Disagreement | None:
    """The one fact on which two sentences disagree that otherwise say the same; None if there is none.

    ``are_related``: their documents are about the same, as one that replaces the other. They are compared as
    they are, without words such as "now", and where only one of the two has another statement behind a
    semicolon, without that.
    """
    is_limited = one.is_limited_beside(other) or other.is_limited_beside(one)
    if is_limited or are_of_two_times(one.text, other.text):
        return None
    pairs = [(one, other)]
    if one.unchanged is not None or other.unchanged is not None:
        pairs.append((one.unchanged or one, other.unchanged or other))
    mine, theirs = pairs[-1]
    if (mine.first is None) != (theirs.first is None):
        pairs.append((mine.first or mine, theirs.first or theirs))
    found = (_disagreement(*pair, are_related=are_related) for pair in pairs)
    return next((one for one in found if one is not None), None)


def _disagreement(one: Assertion, other: Assertion, *, are_related: bool) -> Disagreement | None:
    one, other = one.beside(other), other.beside(one)
    one = one.on_days_of(other)
    if one.turned is not None and other.ends_with_name:
        one = one.turned
    elif other.turned is not None and one.ends_with_name:
        other = other.turned
    alignment = align(one.words, other.words)
    found = find_conflicts(alignment)
    if len(found) != 1 or _is_name_of_something(one, other, found[0]):
        return None
    (fact,) = found
    mine, theirs = _inside(one.words, fact.start, fact.end), _inside(other.words, fact.at, fact.to)
    back = {to: at for at, to in alignment.pairs.items()}
    ours = _Side(one.words, alignment.pairs, mine, _beginning(one.words, alignment.pairs))
    others = _Side(other.words, back, theirs, _beginning(other.words, back))
    if not _is_same_but_for(fact, alignment, ours, others) or _are_both_possible(fact, one, other):
        return None
    subjects = [Subject(side.words, side.begin, side.pairs, side.fact) for side in (ours, others)]
    if not all(one.is_shared for one in subjects):
        return None
    if are_related:
        is_told_before = any(one.is_told_before for one in subjects)
        return None if is_told_before else Disagreement(fact, is_sure=True)
    if not (_tells_alone(one, ours, fact) and _tells_alone(other, others, fact)):
        return None
    is_long = ours.shared >= _MANY_SHARED and min(ours.share, others.share) >= _SAME_SHARE
    return _of_same(subjects, fact, is_long=is_long)


def _is_same_but_for(fact: Conflict, alignment: Alignment, ours: _Side, others: _Side) -> bool:
    """Tell whether the sentences say the same beside a fact."""
    if ours.has_own_fact or others.has_own_fact or ours.shared < FEWEST_SHARED:
        return False
    is_denied = fact.kind == "negation"
    if is_denied and (ours.has_own_scope or others.has_own_scope):
        return False
    least, most = sorted((ours.share, others.share))
    if least < (_SHARE_DENIED if is_denied else _LESSER_SHARE) or most < _SHARE:
        return False
    return (
        _has_same_unit(alignment, ours.fact, others.fact)
        and _is_ordered(alignment, fact)
        and _has_same_scope(alignment, ours.fact, others.fact, most=0 if is_denied else _MOST_REPLACED)
    )


def _tells_alone(one: Assertion, side: _Side, fact: Conflict) -> bool:
    """Tell whether a sentence may tell what it is about: it is in English, and no list."""
    is_list = fact.kind in ("number", "name") and _LIST.search(one.text, one.words[side.begin].start)
    return is_english(one.text) and (not is_list or values_begin(one.words, side.begin) > 0)


def _states(text: str, at: int) -> bool:
    """Tell whether a sentence states the fact at an offset, which is no example and nothing to read."""
    return _POINTER.search(text) is None and _EXAMPLE.search(text, 0, at) is None


def _may_both_hold(fact: Conflict, one: Assertion, other: Assertion) -> bool:
    """Tell whether two numbers are for other periods, or one keeps the bound that the other is."""
    ours, theirs = _number_at(one, fact.start), _number_at(other, fact.at)
    if ours is None or theirs is None:
        return False
    mine, others = periods(one.text), periods(other.text)
    if ours.measure != "rate" and mine and others and mine != others:
        return True
    before, after = one.text[: fact.start], other.text[: fact.at]
    return _is_within(before, ours, after, theirs) or _is_within(after, theirs, before, ours)


def _is_within(before: str, bound: Number, other_before: str, other: Number) -> bool:
    """Tell whether one number is a bound that the other keeps, or rounded: "up to 14 nights", "7 nights"."""
    before, other_before = before[-_BOUND:], other_before[-_BOUND:]
    if _ABOUT.search(before) is not None and bound.distance(other) < _ROUNDED:
        return True
    if _AT_MOST.search(other_before) is not None or _AT_LEAST.search(other_before) is not None:
        return False
    is_less = min(other.values) < max(bound.values)
    return (is_less and _AT_MOST.search(before) is not None) or (
        not is_less and _AT_LEAST.search(before) is not None
    )


def _number_at(one: Assertion, at: int) -> Number | None:
    return next((word.number for word in one.words if word.start == at), None)


def _are_both_possible(fact: Conflict, one: Assertion, other: Assertion) -> bool:
    """Tell whether both can be true: examples, what may rise and may fall, what is denied twice.

    Of "if no cells are found" and "if cells are not found" words do not tell that they differ, and "allowed
    with a lead" and "forbidden without a lead" say the same. A state and its opposite, "open on weekdays" and
    "closed on weekends", are of two times or groups.
    """
    if fact.kind == "negation":
        is_condition = "without" in (fact.claimed.lower(), fact.stated.lower()) and one.is_of_state
        return is_condition or (one.negations - other.negations) % 2 == 0 or one.is_apart_from(other)
    if one.negations != other.negations:
        return True
    if one.is_of_other_end(other) or other.is_of_other_end(one):
        return True
    if not (_states(one.text, fact.start) and _states(other.text, fact.at)):
        return True
    if fact.kind == "number" and _may_both_hold(fact, one, other):
        return True
    return fact.kind == "direction" and any(
        plain_text(word) in _POSSIBLE for side in (one, other) for word in side.words
    )


def _of_same(subjects: Sequence[Subject], fact: Conflict, *, is_long: bool) -> Disagreement | None:
    """The disagreement if both sentences are about the same in whatever documents they stand."""
    if any(one.is_elsewhere or not verb_of(one.words, one.begin) for one in subjects):
        return None
    if fact.kind == "name" and any(min(one.fact, default=one.verb) < one.verb for one in subjects):
        return None
    if not any(one.is_bare for one in subjects) and (
        all(one.is_named for one in subjects) or all(one.is_general for one in subjects)
    ):
        return Disagreement(fact, is_sure=True)
    return Disagreement(fact, is_sure=False) if is_long else None


def _beginning(words: Sequence[Word], paired: Iterable[int]) -> int:
    """The position at which the clause begins that both sentences have: behind "Note that"."""
    first = min((at for at in paired if words[at].has_content), default=0)
    while first and words[first - 1].clause == words[first].clause and plain_text(words[first - 1]) != "that":
        first -= 1
    return first


def _is_name_of_something(one: Assertion, other: Assertion, fact: Conflict) -> bool:
    """Tell whether the fact names what the sentence is about: "Table 2"; or is only spelt in another way."""
    if fact.kind == "number":
        return _is_label(one.text, fact.start, fact.end) or _is_label(other.text, fact.at, fact.to)
    words = fact.claimed + fact.stated
    if fact.kind != "name":
        return False
    is_code = any(mark in "/_" or mark.isdigit() for mark in words)
    return is_code or Levenshtein.normalized_similarity(fact.claimed, fact.stated) > _SAME_SPELLING


def _is_label(text: str, start: int, end: int) -> bool:
    if text[:start].endswith("#") or _LABELLED.search(text, max(0, start - 20), start) is not None:
        return True
    after = _NEXT.match(text, end)
    is_counting = after is not None and after[0].strip().lower() not in FUNCTION_WORDS
    return not is_counting and _NAMED.search(text, max(0, start - 30), start) is not None


@dataclass(frozen=True)
class _Side:
    """The words of one of two sentences, those with a partner in the other, and those of the fact."""

    words: Sequence[Word]
    pairs: dict[int, int]
    fact: frozenset[int]
    begin: int

    @cached_property
    def _own(self) -> Sequence[int]:
        """The positions of the words that the other sentence lacks, without those of the fact."""
        return [at for at in range(len(self.words)) if at not in self.pairs and at not in self.fact]

    @property
    def has_own_fact(self) -> bool:
        """Tell whether it has another number, date or name that the other sentence lacks."""
        return any(self.words[at].kind in FACTS for at in self._own)

    @property
    def has_own_scope(self) -> bool:
        """Tell whether it has a time, a group or a condition that the other sentence lacks: "at night"."""
        return any(
            at >= self.begin and self.words[at].has_content and _is_scope(self.words, at) for at in self._own
        )

    @property
    def shared(self) -> int:
        """Number of words with content that the other sentence has."""
        return sum(self.words[at].has_content for at in self.pairs if at not in self.fact)

    @property
    def share(self) -> float:
        """Their share by weight."""
        rest = [at for at in range(self.begin, len(self.words)) if self.words[at].has_content]
        rest = [at for at in rest if at not in self.fact]
        total = sum(self.words[at].weight for at in rest)
        return sum(self.words[at].weight for at in rest if at in self.pairs) / total if total else 0.0


def _has_same_scope(alignment: Alignment, mine: frozenset[int], theirs: frozenset[int], *, most: int) -> bool:
    """Tell whether both have other words in so many places at most, and none behind a preposition.

    "10 euros for adults" and "5 euros for children" are both true.
    """
    claim, source = alignment.claim, alignment.source
    pairs = [(-1, -1), *alignment.pairs.items(), (len(claim), len(source))]
    count = 0
    for (at, to), (next_at, next_to) in pairwise(pairs):
        own = [i for i in range(at + 1, next_at) if i not in mine and claim[i].has_content]
        others = [i for i in range(to + 1, next_to) if i not in theirs and source[i].has_content]
        if own and others:
            count += 1
            if _is_scope(claim, own[0]) or _is_scope(source, others[0]):
                return False
    return count <= most


def _is_scope(words: Sequence[Word], at: int) -> bool:
    """Tell whether a preposition stands before a word, an article apart."""
    before = [plain_text(one) for one in words[max(0, at - 2) : at]]
    return bool(before) and (
        before[-1] in english.PREPOSITIONS
        or (before[-1] in english.DETERMINERS and before[0] in english.PREPOSITIONS)
    )


def _is_ordered(alignment: Alignment, fact: Conflict) -> bool:
    """Tell whether no words are exchanged that a comparison or a time may relate: "A is lower than B"."""
    places = [to for at, to in alignment.pairs.items() if alignment.claim[at].has_content]
    return fact.kind != "direction" or places == sorted(places)


def _has_same_unit(alignment: Alignment, mine: frozenset[int], theirs: frozenset[int]) -> bool:
    """Tell whether what two numbers count is the same, where a word behind both of them tells it."""
    at, to = max(mine, default=-1), max(theirs, default=-1)
    claim, source = alignment.claim, alignment.source
    if at < 0 or to < 0 or claim[at].number is None or at + 1 == len(claim) or to + 1 == len(source):
        return True
    ours, others = claim[at + 1], source[to + 1]
    return not (ours.has_content and others.has_content) or ours.equals(others)


def _inside(words: Sequence[Word], start: int, end: int) -> frozenset[int]:
    return frozenset(at for at, one in enumerate(words) if start <= one.start < end)
