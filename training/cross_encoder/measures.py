"""Measures of scores and labels, on plain arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def auroc(scores: Floats, labels: NDArray[np.bool_]) -> float:
    """How often a positive has a higher score than a negative; a tie counts half. NaN without both."""
    positive, negative = int(labels.sum()), int((~labels).sum())
    if not positive or not negative:
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((ranks[labels].sum() - positive * (positive + 1) / 2) / (positive * negative))


def calibration_error(probabilities: Floats, labels: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error over bins of equal width."""
    at = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    total = 0.0
    for number in range(bins):
        chosen = at == number
        if chosen.any():
            total += chosen.sum() * abs(probabilities[chosen].mean() - labels[chosen].mean())
    return float(total / len(labels))


def token_f1(found: Sequence[int], wanted: Sequence[int]) -> float:
    """F1 of two sets of token ids, each counted as often as it occurs."""
    shared = sum((Counter(found) & Counter(wanted)).values())
    return 2 * shared / (len(found) + len(wanted)) if shared else 0.0


def logistic(logits: Floats) -> Floats:
    """Probabilities of logits."""
    return 1 / (1 + np.exp(-np.clip(logits, -60, 60)))
