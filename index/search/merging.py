"""Merge the answers of several collections to one question into one answer."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from index.answers import Answer, Hit, Searched, Unasked

_LEAST = 1e-6


def merge_answers(answers: Mapping[str, Answer], *, k: int) -> Answer:
    """Return one answer with at most ``k`` passages of all collections, whose answers are given by name.

    A passage is weighed by the sum of two logits, that of its score and that of its collection's
    answerability. Scores are relative to the other passages of a collection and keep their order; how well
    the collection answers is calibrated, and compares with others, whatever their models. Scores alone, ranks
    alone and the probabilities of passages found less of the answers to the questions of
    ``benchmarks/retrieval/divided.py``.

    The answerability is the largest of the collections': if one of them answers, the question is answered.
    What is said of the question as a whole, such as what it names and what was computed, is of that
    collection. Passages of different collections are not folded into each other, because a locator is looked
    up in one collection.
    """
    best = max(answers, key=lambda name: answers[name].answerability)
    first = answers[best]
    timings: defaultdict[str, float] = defaultdict(float)
    for answer in answers.values():
        for stage, spent in answer.timings_ms.items():
            timings[stage] = round(timings[stage] + spent, 3)
    unknown = {
        name: one.unknown_language for name, one in answers.items() if one.unknown_language is not None
    }
    of = best if best in unknown else next(iter(unknown), best)
    language = unknown.get(of)
    return replace(
        first,
        hits=_merge_hits(answers, k),
        reading=None if first.reading is None else replace(first.reading, collection=best),
        unasked=_unasked({one.unasked for one in answers.values()}),
        timings_ms=dict(timings),
        unknown_language=None if language is None else replace(language, collection=of),
        read=sum(one.read for one in answers.values()),
        read_by=next((one.read_by for one in answers.values() if one.read_by), ""),
        searched=tuple(
            Searched(name, answer.answerability, answer.index) for name, answer in answers.items()
        ),
    )


def _unasked(each: set[Unasked]) -> Unasked:
    """Why no document of any collection was asked."""
    if "" in each:
        return ""
    if "filtered_out" in each:
        return "filtered_out"
    return "no_documents_then" if "no_documents_then" in each else "no_documents"


def _merge_hits(answers: Mapping[str, Answer], k: int) -> tuple[Hit, ...]:
    found = [
        (_logit(hit.score) + _logit(answer.answerability), name, hit)
        for name, answer in answers.items()
        for hit in answer.hits
    ]
    found.sort(key=lambda one: -one[0])
    return tuple(
        replace(hit, rank=rank, score=_sigmoid(weight), citation=replace(hit.citation, collection=name))
        for rank, (weight, name, hit) in enumerate(found[:k], 1)
    )


def _logit(share: float) -> float:
    share = min(max(share, _LEAST), 1.0 - _LEAST)
    return math.log(share / (1.0 - share))


def _sigmoid(weight: float) -> float:
    return 1.0 / (1.0 + math.exp(-weight))
