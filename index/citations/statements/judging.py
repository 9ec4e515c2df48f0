"""Judge what a sentence claims by the sentences of some passages: supported, contradicted or unsupported.

The words of the claim are aligned with those of the most similar sentences. Where they agree but for a
number, a date, a name, a negation or a direction, the claim is contradicted; else words and meaning
together give the probability that the source says it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np

from index.citations.statements.alignment import Alignment, align
from index.citations.statements.conflicts import Conflict, find_conflicts
from index.citations.statements.doubts import Doubt, find_doubts
from index.citations.statements.facts import Told
from index.citations.statements.sources import Source, unit
from index.citations.statements.support import Features, Support, load_fitted
from index.citations.statements.words import Terms, Word, words_of
from index.protocols import Embedder
from index.text.languages import is_english
from index.text.sentences import Span
from index.types import Vectors

Status = Literal["supported", "contradicted", "unsupported"]

SUPPORTED_FROM = 0.5
"""Least probability of a supported claim, unless the caller sets another."""
_LEAST = 0.5
"""Least probability of a likely claim, and of the rest of a contradicted one."""
_LEAST_COVERAGE = 0.7
"""Least share of a supported claim's words: "the cat sat on the log" is not what "on the mat" says."""
_LEAST_SEQUENCE, _LEAST_SEQUENCE_NEGATED = 0.6, 0.8
"""Least share of neighbouring words of a contradicted claim that follow each other in its source, too: else
the source may say the other fact of something else. More for a negation, which may belong to any verb."""
_LEAST_TOLD = 0.1
"""Least probability at which an unsupported claim gets a citation of the nearest sentences."""
_MOST_STARTS = 3
"""Most sentences of a source around which windows are compared with the claim."""
_NEARLY = 0.1
"""Prefer sentences without a doubt if their rank is this close to the best."""
_MAY_DIFFER = ("number", "date", "name", "direction")
"""Kinds of words that count as the source's where it has another fact, or the number in another form."""
_MOST_COSINE = 1.001
_LENGTH_COST = 0.02
_MEANING_SHARE = 0.3
_FOLLOWING = 4
"""Words of a source between which one of the claim's neighbours follows the other, what differs included."""
_FEWEST_WORDS = 2
"""Fewer words with content claim nothing that can be checked."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The judgement of a claim; ``source`` is the index of the decisive passage, None without a span.

    ``start`` and ``end`` are those of the sentences that speak for or against the claim, in the passage.
    ``missing`` are numbers and names of the claim that the passage does not have: it is not supported then.
    """

    status: Status
    probability: float
    conflicts: tuple[Conflict, ...] = ()
    source: int | None = None
    start: int = 0
    end: int = 0
    missing: tuple[str, ...] = ()
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of an answer, ready to be judged."""

    text: str
    words: tuple[Word, ...]
    vector: Vectors

    @property
    def content(self) -> list[int]:
        """Positions of the words with content."""
        return [at for at, one in enumerate(self.words) if one.has_content]


def is_question(sentence: str) -> bool:
    """Whether a sentence ends as a question does, also a Greek one."""
    return sentence.rstrip(" \"'”’)").endswith(("?", "？", "؟", ";"))


def makes_claim(sentence: str, terms: Terms) -> bool:
    """Whether a sentence makes a claim that a source can support: no question, and not too short."""
    if is_question(sentence):
        return False
    return sum(one.has_content for one in words_of(sentence, terms)) >= _FEWEST_WORDS


def statements(sentences: Sequence[str], terms: Terms, embedder: Embedder) -> list[Statement]:
    """Prepare sentences; all are embedded at once."""
    if not sentences:
        return []
    _, vectors = embedder.embed_sentences(sentences, [[(0, len(one))] for one in sentences])
    return [
        Statement(one, words_of(one, terms), unit(vector)[0])
        for one, vector in zip(sentences, vectors, strict=True)
    ]


def judge(
    claim: Statement, sources: Sequence[Source], *, supported_from: float = SUPPORTED_FROM
) -> Judgement:
    """Judge a claim by some passages: the sentences that agree most with it decide."""
    return judge_nearest(claim, sources, nearest(claim, sources), supported_from=supported_from)


def judge_nearest(
    claim: Statement,
    sources: Sequence[Source],
    best: Comparison | None,
    *,
    supported_from: float = SUPPORTED_FROM,
) -> Judgement:
    """Judge a claim by the sentences that agree most with it."""
    if best is None:
        return Judgement("unsupported", 0.0)
    probability = round(best.probability, 4)
    found = Judgement("unsupported", probability, (), best.source, *best.span)
    if best.conflicts:
        # The other words are as likely those of the source as if the fact were the same.
        if best.likeness >= _LEAST and best.is_same_sequence:
            return replace(found, status="contradicted", conflicts=best.conflicts)
        return found
    missing = missing_facts(claim, best, sources[best.source])
    is_said = best.probability >= supported_from and best.stated.coverage >= _LEAST_COVERAGE
    if is_said and not missing:
        return replace(found, status="unsupported" if best.doubt else "supported", doubt=best.doubt)
    if best.probability >= _LEAST_TOLD:
        return replace(found, missing=missing)
    return Judgement("unsupported", probability)


def nearest(
    claim: Statement,
    sources: Sequence[Source],
    support: Support | None = None,
    cosines: Sequence[Vectors] | None = None,
) -> Comparison | None:
    """The sentences of the passages that agree most with a claim; None if there are none.

    ``cosines`` are those of each passage's sentences with the claim, where they are known.
    """
    support = support or load_fitted()
    compared: dict[int, list[Comparison]] = {}
    highest = -1.0
    # The likeliest first: where they agree, the others are not embedded.
    for most, number in sorted((-_most_rank(claim, one), at) for at, one in enumerate(sources)):
        if -most < highest - _NEARLY:
            break
        compared[number] = [
            Comparison(number, *window, support)
            for window in _windows(claim, sources[number], None if cosines is None else cosines[number])
        ]
        highest = max([highest, *(one.rank for one in compared[number])])
    found = [one for number in sorted(compared) for one in compared[number]]
    best = max(found, key=lambda one: one.rank, default=None)
    if best is None or not best.is_likely or best.doubt is None:
        return best
    # Other sentences may say nearly the same without doubt.
    others = [
        one
        for one in found
        if one.rank > best.rank - _NEARLY and one.is_likely and not one.conflicts and one.doubt is None
    ]
    return max(others, key=lambda one: one.rank, default=best)


@dataclass(frozen=True)
class Comparison:
    """Some consecutive sentences of a source, compared with a claim."""

    source: int
    claim: Statement
    alignment: Alignment
    sentences: tuple[Span, ...]
    meaning: float
    known: frozenset[str]
    elsewhere: frozenset[str]
    support: Support
    conflicts: tuple[Conflict, ...] = field(init=False)
    _matched: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "conflicts", tuple(find_conflicts(self.alignment)))
        words, pairs = self.claim.words, self.alignment.pairs
        matched = {at for at in self.claim.content if at in pairs or words[at].term in self.known}
        object.__setattr__(self, "_matched", frozenset(matched))

    def features(self, matched: frozenset[int]) -> Features:
        """The features if these words of the claim were those of the source."""
        words, pairs, content = self.claim.words, self.alignment.pairs, self.claim.content
        total = sum(words[at].weight for at in content)
        facts = [at for at in content if words[at].kind in ("number", "date", "name")]
        following = [(pairs.get(a), pairs.get(b)) for a, b in pairwise(content)]
        ordered = sum(a is not None and b is not None and 0 < b - a <= 3 for a, b in following)
        return Features(
            coverage=sum(words[at].weight for at in content if at in matched) / total if total else 0.0,
            order=ordered / len(following) if following else 0.0,
            meaning=self.meaning,
            missing=sum(at not in matched for at in facts) / len(facts) if facts else 0.0,
        )

    @cached_property
    def stated(self) -> Features:
        """The features of the words as they are."""
        return self.features(self._matched)

    @cached_property
    def probability(self) -> float:
        """The probability that the sentences say what is claimed."""
        return self.support.probability(self.stated.as_dict())

    @property
    def span(self) -> Span:
        """From the first sentence to the last."""
        return self.sentences[0][0], self.sentences[-1][1]

    @property
    def is_likely(self) -> bool:
        """Whether the sentences have enough of the claim's words."""
        return self.probability >= _LEAST and self.stated.coverage >= _LEAST_COVERAGE

    @cached_property
    def doubt(self) -> Doubt | None:
        """The first reason why the sentences may not say the claim despite equal words; or None."""
        if not is_english(self.claim.text):
            return None
        return next(find_doubts(self.alignment, self.meaning, self.known, self.elsewhere), None)

    @cached_property
    def likeness(self) -> float:
        """The probability, as if facts in conflict were equal."""
        return self.support.probability(self.features(self._agreeing).as_dict())

    @property
    def is_same_sequence(self) -> bool:
        """Whether the words but those in conflict stand in the claim's order: it tells of the same."""
        pairs, agreeing = self.alignment.pairs, [at for at in self.claim.content if at not in self._differing]
        following = [(pairs.get(a), pairs.get(b)) for a, b in pairwise(agreeing)]
        near = sum(a is not None and b is not None and 0 < b - a <= _FOLLOWING for a, b in following)
        is_negated = any(one.kind == "negation" for one in self.conflicts)
        least = _LEAST_SEQUENCE_NEGATED if is_negated else _LEAST_SEQUENCE
        return near >= least * len(following)

    @cached_property
    def _differing(self) -> frozenset[int]:
        """The words of the claim that are in conflict with the source."""
        return frozenset(
            at
            for at, word in enumerate(self.claim.words)
            if any(one.start <= word.start < one.end for one in self.conflicts)
        )

    @property
    def _agreeing(self) -> frozenset[int]:
        return self._matched | self._differing

    @cached_property
    def rank(self) -> float:
        """The rank among comparisons: coverage and meaning, less a cost of length and of conflicts."""
        coverage = self.features(self._agreeing).coverage
        length = _LENGTH_COST * (len(self.sentences) - 1)
        return coverage + _MEANING_SHARE * self.meaning - length - (0.01 if self.conflicts else 0.0)


def _most_rank(claim: Statement, source: Source) -> float:
    """A bound of the rank of all comparisons with a source, without its vectors."""
    words = [claim.words[at] for at in claim.content]
    may_agree = [one for one in words if one.kind in _MAY_DIFFER or one.term in source.terms_known]
    total = sum(one.weight for one in words)
    coverage = sum(one.weight for one in may_agree) / total if total else 0.0
    return coverage + _MEANING_SHARE * _MOST_COSINE


def _windows(
    claim: Statement, source: Source, cosines: Vectors | None
) -> Iterator[tuple[Statement, Alignment, tuple[Span, ...], float, frozenset[str], frozenset[str]]]:
    """Yield the sentences that are most like the claim, alone and with their neighbours."""
    if not source.spans or not claim.words:
        return
    wanted: Mapping[str, float] = {one.term: one.weight for one in claim.words if one.has_content}
    if cosines is None:
        cosines = source.cosines(claim.vector, wanted)
    total = sum(wanted.values()) or 1.0
    shared = [
        sum(wanted.get(term, 0.0) for term in {word.term for word in words}) / total for words in source.words
    ]
    likely = np.argsort(-(np.array(shared) + _MEANING_SHARE * cosines))[:_MOST_STARTS].tolist()
    count, seen = len(source.spans), set()
    for at in likely:
        for before, after in ((0, 1), (1, 1), (0, 2), (1, 2)):
            low, high = max(0, at - before), min(count, at + after)
            if (low, high) in seen:
                continue
            seen.add((low, high))
            words = [word for sentence in source.words[low:high] for word in sentence]
            meaning = float(cosines[low:high].max())
            terms = source.known, source.terms_known
            yield claim, align(claim.words, words), tuple(source.spans[low:high]), meaning, *terms


def missing_facts(claim: Statement, window: Comparison, source: Source) -> tuple[str, ...]:
    """The numbers and names of the claim that are nowhere in the passage, its title and its headings."""
    told = Told(source.terms_known, [one.number for one in source.numbers if one.number is not None])
    return tuple(
        one.text
        for at, one in enumerate(claim.words)
        if at not in window.alignment.pairs
        and (one.kind in ("name", "number") or (one.may_name and _replaces_name(window.alignment, at)))
        and not told.has(one)
    )


def _replaces_name(alignment: Alignment, at: int) -> bool:
    """Whether the source has a name where the claim has this word: before the same next word."""
    after = alignment.pairs.get(at + 1, 0)
    return after > 0 and alignment.source[after - 1].kind == "name"
