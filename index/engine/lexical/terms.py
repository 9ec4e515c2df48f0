"""The terms of a question: their weights in a search, and their importance."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from index.text.analysis import Analyzer
from index.types import Importance


def weighted_terms(
    analyzer: Analyzer, question: str, context: Sequence[tuple[str, float]]
) -> dict[str, float]:
    """The terms of a question and of its context, each with its weight in a search."""
    terms: dict[str, float] = defaultdict(float)
    for text, weight in ((question, 1.0), *context):
        for term, _, _ in analyzer.question_spans(text):
            # Only terms in hiragana weigh less.
            terms[term] += weight * (1.0 if term.isascii() else analyzer.weight(term))
    return terms


def importance_of(
    weights: Mapping[str, float],
    total: int,
    frequencies: Callable[[Sequence[str]], NDArray[np.int64]],
) -> Importance:
    """The shares of terms: inverse document frequency (that of BM25) times search weight, in sum 1.

    ``frequencies`` gives how many of the ``total`` passages have each term; without passages all terms have
    equal shares.
    """
    terms = dict(zip(Analyzer.hashes_of(weights), weights, strict=True))
    hashes = np.array(sorted(terms), np.uint32)
    if not total or not terms:
        return Importance(hashes, np.full(len(hashes), 1.0 / max(1, len(hashes)), np.float32))
    ordered = list(map(terms.__getitem__, hashes.tolist()))
    holding = frequencies(ordered)
    own = np.minimum(1.0, list(map(weights.__getitem__, ordered)))
    shares = np.log(1.0 + (total - holding + 0.5) / (holding + 0.5)) * own
    return Importance(hashes, (shares / shares.sum()).astype(np.float32))


def equal_importance(analyzer: Analyzer, question: str, context: Sequence[tuple[str, float]]) -> Importance:
    """Equal shares for all terms of a question and its context, without looking into an index."""
    weights = weighted_terms(analyzer, question, context)
    return importance_of(weights, 0, lambda terms: np.zeros(len(terms), np.int64))
