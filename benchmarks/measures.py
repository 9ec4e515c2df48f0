"""Measures of one condition: a number, with the interval in which it would fall for other questions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import ir_measures
import numpy as np

from benchmarks import datasets
from index.collection import Collection

_PASSAGES = 50
"""Passages asked for to rank documents: a document has several, its best decides."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The mean over questions, with a 95 % interval by bootstrap over them."""

    value: float
    low: float
    high: float
    questions: int


def mean(scores: list[float]) -> Measured:
    """Mean and bootstrap interval (10,000 resamples, fixed seed)."""
    values = np.array(scores)
    means = np.random.default_rng(0).choice(values, (10_000, len(values))).mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Measured(float(values.mean()), float(low), float(high), len(values))


def ndcg_at_10(collection: Collection, folder: Path, split: str = "test") -> Measured:
    """nDCG@10 of documents, each ranked by its best passage."""
    questions, relevant = datasets.beir_questions(folder, split)
    run: dict[str, dict[str, float]] = {}
    for id_, question in questions.items():
        ranked: dict[str, float] = {}
        for hit in collection.ask(question, k=_PASSAGES).hits:
            ranked.setdefault(hit.citation.document_id, -float(hit.rank))
        run[id_] = ranked
    return mean([one.value for one in ir_measures.iter_calc([ir_measures.nDCG @ 10], relevant, run)])


def quote_in_top(collection: Collection, path: Path, *, k: int) -> Measured:
    """Share of answerable questions whose quote stands inside one of the first ``k`` passages."""
    found = []
    for one in datasets.quotes(path):
        if one.quote:
            hits = collection.ask(one.question, k=k).hits
            found.append(float(any(one.quote in hit.text for hit in hits)))
    return mean(found)
