"""Compare two configurations on the same questions."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

_RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean difference (after minus before) over shared questions, with its 95 % interval and p value.

    ``p`` is two-sided, from a paired bootstrap: twice the share of resamples with no difference or one of the
    opposite sign.
    """

    value: float
    low: float
    high: float
    p: float
    questions: int

    @property
    def is_significant(self) -> bool:
        """Whether p < 0.05."""
        return self.p < 0.05


def compare(before: Mapping[str, float], after: Mapping[str, float]) -> Difference | None:
    """Compare values by question id. Returns None when no question has both.

    Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 16.
    """
    shared = sorted(before.keys() & after.keys())
    if not shared:
        return None
    differences = np.array([after[id_] - before[id_] for id_ in shared])
    drawn = np.random.default_rng(0).choice(differences, (_RESAMPLES, len(shared))).mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    tail = min(np.mean(drawn <= 0.0), np.mean(drawn >= 0.0))
    p = min(1.0, 2.0 * float(tail))
    return Difference(float(differences.mean()), float(low), float(high), p, len(shared))
