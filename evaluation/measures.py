"""What is measured: of each answer, numbers in [0, 1] where more is better; of many, means with intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import ir_measures
import numpy as np
from ir_measures import RR, R, nDCG
from numpy.typing import NDArray

from evaluation.questions import Question, Span
from index.answers import Hit

DEPTH = 50
"""Passages asked for. A document ranks where its first passage does, and may have several."""
_RANKED = {R @ 5: "recall@5", R @ 20: "recall@20", nDCG @ 10: "ndcg@10", RR @ 10: "mrr@10"}
_SPAN_DEPTHS = (1, 3, 5, 20)
_IOU_DEPTH = 5
_LIT = 2
_RESAMPLES = 2_000

Numbers = NDArray[np.float64]
Values = dict[str, float]
Places = Mapping[str, Sequence[tuple[int, int]]]
"""Document id -> disjoint spans in order."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over questions, and the 95 % interval in which it would fall for others like them."""

    value: float
    low: float
    high: float
    questions: int


def measured(questions: Sequence[Question], rankings: Sequence[Sequence[Hit]]) -> list[Values]:
    """For each question the measures of its hits: of documents and of places, where these are known."""
    values: dict[str, Values] = {question.id: {} for question in questions}
    relevant = {question.id: dict(question.relevant) for question in questions if question.relevant}
    run = {question.id: _documents(hits) for question, hits in zip(questions, rankings, strict=True)}
    for one in ir_measures.iter_calc(_RANKED, relevant, run) if relevant else ():
        values[one.query_id][_RANKED[one.measure]] = float(one.value)
    for question, hits in zip(questions, rankings, strict=True):
        if question.answers:
            values[question.id] |= _of_places(question, hits)
    return [values[question.id] for question in questions]


def _documents(hits: Sequence[Hit]) -> dict[str, float]:
    ranked: dict[str, float] = {}
    for hit in hits:
        ranked.setdefault(hit.citation.document_id, -float(hit.rank))
    return ranked


def _of_places(question: Question, hits: Sequence[Hit]) -> Values:
    spans = [Span(hit.citation.document_id, hit.citation.start, hit.citation.end) for hit in hits]
    answers = [places(answer) for answer in question.answers]
    values: Values = {}
    for depth in _SPAN_DEPTHS:
        found = places(spans[:depth])
        values[f"span_recall@{depth}"] = max(common(answer, found) / size(answer) for answer in answers)
    found = places(spans[:_IOU_DEPTH])
    if (lit := _lit(answers, hits)) is not None:
        values[f"evidence@{_LIT}"] = lit
    values[f"span_iou@{_IOU_DEPTH}"] = max(_iou(answer, found) for answer in answers)
    return values


def _lit(answers: Sequence[Places], hits: Sequence[Hit]) -> float | None:
    """Whether the evidence in the first passage that has an answer is part of it; None without such one."""
    for hit in hits:
        cited = hit.citation
        found = places([Span(cited.document_id, cited.start, cited.end)])
        if inside := [answer for answer in answers if common(answer, found)]:
            lit = places([Span(cited.document_id, one.start, one.end) for one in hit.evidence[:_LIT]])
            return float(any(common(answer, lit) for answer in inside))
    return None


def _iou(wanted: Places, found: Places) -> float:
    shared = common(wanted, found)
    return shared / (size(wanted) + size(found) - shared)


def places(spans: Iterable[Span]) -> Places:
    """The spans, those that overlap made one."""
    merged: dict[str, list[tuple[int, int]]] = {}
    for span in sorted(spans, key=lambda span: (span.document_id, span.start)):
        known = merged.setdefault(span.document_id, [])
        if known and span.start <= known[-1][1]:
            known[-1] = (known[-1][0], max(known[-1][1], span.end))
        else:
            known.append((span.start, span.end))
    return merged


def size(some: Places) -> int:
    """How many characters."""
    return sum(end - start for spans in some.values() for start, end in spans)


def common(one: Places, other: Places) -> int:
    """How many characters are in both."""
    return sum(
        max(0, min(end, until) - max(start, at))
        for document_id, spans in one.items()
        for start, end in spans
        for at, until in other.get(document_id, ())
    )


def mean(values: Sequence[float]) -> Estimate:
    """The mean with its bootstrap interval (2,000 resamples, fixed seed)."""
    return estimate(np.array(values), lambda sample: sample.mean(axis=-1))


def estimate(values: Numbers, statistic: Callable[[Numbers], Numbers]) -> Estimate:
    """A statistic over the last axis with its bootstrap interval."""
    drawn = np.random.default_rng(0).choice(values, (_RESAMPLES, len(values)))
    low, high = np.percentile(statistic(drawn), [2.5, 97.5])
    return Estimate(float(statistic(values[None])[0]), float(low), float(high), len(values))
