"""Combine the scores of two rankings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]


def min_max_scale(scores: Scores, *, least: float | None = None) -> Scores:
    """Min-max scale the scores of one question's candidates to [0, 1]; shape (n), or (scores, n) for several.

    ``least`` replaces the smallest score, where the possible minimum is known. NaN, for a passage that the
    index did not score, becomes 0. If all scores are equal they do not define an order: all scored candidates
    get 1.
    """
    known = ~np.isnan(scores)
    high = np.fmax.reduce(scores, axis=-1, keepdims=True, initial=-np.inf)
    if least is None:
        low = np.fmin.reduce(scores, axis=-1, keepdims=True, initial=np.inf)
    else:
        low = np.asarray(least, np.float32)
    differ = high > low
    found: Scores = np.where(
        known & differ, (scores - low) / np.where(differ, high - low, np.float32(1.0)), known
    )
    return found


def convex(dense: Scores, lexical: Scores, *, dense_weight: float) -> Scores:
    """Compute the convex combination of min-max scaled scores, in [0, 1].

    Entry i of both arrays is candidate i. A passage whose dense score is NaN has no vector yet: it is ranked
    by its words alone, so that it does not fall below those that have one. Bruch, Gai and Ingber, "An
    Analysis of Fusion Functions for Hybrid Retrieval", ACM TOIS 42 (2023), find it better than reciprocal
    rank fusion.
    """
    words, meaning = min_max_scale(np.stack([lexical, dense]))
    meaning = np.where(np.isnan(dense), words, meaning)
    combined: Scores = (dense_weight * meaning + (1.0 - dense_weight) * words).astype(np.float32)
    return combined
