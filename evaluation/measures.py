"""Measures of answers: numbers in [0, 1], where more is better, and their means with intervals."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import ir_measures
import numpy as np
from ir_measures import RR, R, nDCG

from evaluation.questions import Question, Span
from index.answers import Hit

DEPTH = 50
"""Passages per question. A document has the rank of its first passage, and may have several."""
_RANKED = {R @ 5: "recall@5", R @ 20: "recall@20", nDCG @ 10: "ndcg@10", RR @ 10: "mrr@10"}
_SPAN_DEPTHS = (1, 3, 5, 20)
_IOU_DEPTH = 5
_EVIDENCE_DEPTHS = (1, 2)
_OVERLAP_DEPTHS = (1, 5)
_RESAMPLES = 2_000
_Z = 1.96

Values = dict[str, float]
SpanSet = Mapping[str, Sequence[tuple[int, int]]]
"""Document id -> disjoint spans in ascending order."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over questions with its 95 % confidence interval."""

    value: float
    low: float
    high: float
    questions: int

    @property
    def decimals(self) -> int:
        """Decimals that so many questions can tell: the first in which the interval has a width, 1 to 3."""
        half = (self.high - self.low) / 2
        return 3 if half <= 0 else min(3, max(1, -math.floor(math.log10(half))))

    @property
    def rounded(self) -> str:
        """The value with :attr:`decimals`."""
        return f"{self.value:.{self.decimals}f}"

    @property
    def interval(self) -> str:
        """The interval, with one decimal more."""
        decimals = min(3, self.decimals + 1)
        return f"{self.low:.{decimals}f} to {self.high:.{decimals}f}"


def share(value: float, count: int) -> Estimate:
    """A share of so many, in [0, 1], with Wilson's score interval, which also holds for all and for none.

    Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
    """
    spread = _Z * _Z / count
    middle = (value + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * float(np.sqrt(value * (1 - value) / count + spread / (4 * count)))
    # Rounding must not leave the share outside: that of all is 1, and the end of its interval 1 - 1e-16.
    return Estimate(value, min(value, max(0.0, middle - half)), max(value, min(1.0, middle + half)), count)


def measure(questions: Sequence[Question], rankings: Sequence[Sequence[Hit]]) -> list[Values]:
    """Measure the hits of each question by relevant documents and answer spans, where these are known."""
    values: dict[str, Values] = {question.id: {} for question in questions}
    relevant = {question.id: dict(question.relevant) for question in questions if question.relevant}
    run = {question.id: _document_scores(hits) for question, hits in zip(questions, rankings, strict=True)}
    for one in ir_measures.iter_calc(_RANKED, relevant, run) if relevant else ():
        values[one.query_id][_RANKED[one.measure]] = float(one.value)
    for question, hits in zip(questions, rankings, strict=True):
        if question.answers:
            values[question.id] |= _span_measures(question, hits)
    return [values[question.id] for question in questions]


def _document_scores(hits: Sequence[Hit]) -> dict[str, float]:
    ranked: dict[str, float] = {}
    for hit in hits:
        ranked.setdefault(hit.citation.document_id, -float(hit.rank))
    return ranked


def _span_measures(question: Question, hits: Sequence[Hit]) -> Values:
    spans = [Span(hit.citation.document_id, hit.citation.start, hit.citation.end) for hit in hits]
    answers = [merge_spans(answer) for answer in question.answers]
    values: Values = {}
    for depth in _SPAN_DEPTHS:
        found = merge_spans(spans[:depth])
        values[f"span_recall@{depth}"] = max(
            overlap(answer, found) / total_length(answer) for answer in answers
        )
    found = merge_spans(spans[:_IOU_DEPTH])
    if with_answer := first_with_answer(answers, hits):
        hit, inside = with_answer
        for depth in _EVIDENCE_DEPTHS:
            values[f"evidence@{depth}"] = _evidence_hit(inside, hit, depth)
    for depth in _OVERLAP_DEPTHS:
        first = merge_spans(spans[:depth])
        values[f"overlap@{depth}"] = float(any(overlap(answer, first) for answer in answers))
    values[f"span_iou@{_IOU_DEPTH}"] = max(_iou(answer, found) for answer in answers)
    return values


def first_with_answer(answers: Sequence[SpanSet], hits: Sequence[Hit]) -> tuple[Hit, list[SpanSet]] | None:
    """The first hit that overlaps an answer, and the answers that it overlaps."""
    for hit in hits:
        cited = hit.citation
        found = merge_spans([Span(cited.document_id, cited.start, cited.end)])
        if inside := [answer for answer in answers if overlap(answer, found)]:
            return hit, inside
    return None


def find_answer(question: Question, hits: Sequence[Hit]) -> tuple[int | None, bool]:
    """The rank of the first hit with an answer, and whether a lit sentence of that hit has it.

    The rank is 0 if no hit has one, and None if the question's answers are not known. Where only documents
    are known, every passage of them has the answer.
    """
    if question.answerable is False or not (question.answers or question.relevant):
        return None, False
    if not question.answers:
        of_documents = (hit.rank for hit in hits if hit.citation.document_id in question.relevant)
        return (rank := next(of_documents, 0)), rank > 0
    with_answer = first_with_answer([merge_spans(answer) for answer in question.answers], hits)
    if with_answer is None:
        return 0, False
    hit, inside = with_answer
    return hit.rank, not hit.evidence or _evidence_hit(inside, hit, len(hit.evidence)) > 0


def _evidence_hit(answers: Sequence[SpanSet], hit: Hit, depth: int) -> float:
    """Whether one of the first ``depth`` sentences of a hit's evidence is part of an answer."""
    document_id = hit.citation.document_id
    lit = merge_spans([Span(document_id, one.start, one.end) for one in hit.evidence[:depth]])
    return float(any(overlap(answer, lit) for answer in answers))


def _iou(wanted: SpanSet, found: SpanSet) -> float:
    shared = overlap(wanted, found)
    return shared / (total_length(wanted) + total_length(found) - shared)


def merge_spans(spans: Iterable[Span]) -> SpanSet:
    """Merge overlapping spans."""
    spans_of: dict[str, list[tuple[int, int]]] = {}
    for span in sorted(spans, key=lambda span: (span.document_id, span.start)):
        known = spans_of.setdefault(span.document_id, [])
        if known and span.start <= known[-1][1]:
            known[-1] = (known[-1][0], max(known[-1][1], span.end))
        else:
            known.append((span.start, span.end))
    return spans_of


def total_length(some: SpanSet) -> int:
    """Number of characters in the spans."""
    return sum(end - start for spans in some.values() for start, end in spans)


def overlap(one: SpanSet, other: SpanSet) -> int:
    """Number of characters that are in both."""
    return sum(
        max(0, min(end, until) - max(start, at))
        for document_id, spans in one.items()
        for start, end in spans
        for at, until in other.get(document_id, ())
    )


def mean(values: Sequence[float]) -> Estimate:
    """The mean with its bootstrap interval (2,000 resamples, fixed seed)."""
    numbers = np.array(values)
    drawn = np.random.default_rng(0).choice(numbers, (_RESAMPLES, len(values))).mean(axis=-1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Estimate(float(numbers.mean()), float(low), float(high), len(values))
