"""Figures for the questions about each kind of document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evaluation import measures
from evaluation.measures import Estimate

MIN_QUESTIONS = 10
"""Questions that a kind needs for a mean and its interval."""
MAIN_MEASURES = ("ndcg@10", "overlap@1", "span_recall@5", "evidence@1")
"""Measures that tables by kind show, of those that an evaluation has."""
_RESAMPLES = 2_000
_Z = 1.96


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures for the questions with gold in documents of one kind.

    ``estimates`` has the measures that at least :data:`MIN_QUESTIONS` of these questions have. ``auroc`` is
    the probability that one of these that is answerable gets a higher answerability than an unanswerable
    question of the whole set; None with fewer than :data:`MIN_QUESTIONS` of either.
    """

    questions: int
    estimates: Mapping[str, Estimate] = field(default_factory=dict)
    auroc: Estimate | None = None

    @property
    def are_too_few(self) -> bool:
        """Whether there are too few questions for means."""
        return self.questions < MIN_QUESTIONS


def estimates(values: Mapping[str, Sequence[float]]) -> dict[str, Estimate]:
    """Means of the measures that have enough values, with 95 % intervals.

    Intervals are those of a bootstrap. Where all values are equal, as they often are with few questions, a
    bootstrap has no width, and the interval is Wilson's for so many questions.
    """
    return {
        name: measures.mean(one) if len(set(one)) > 1 else _wilson(one[0], len(one))
        for name, one in values.items()
        if len(one) >= MIN_QUESTIONS
    }


def _wilson(share: float, count: int) -> Estimate:
    """Wilson's score interval of a share, which is too wide rather than too narrow for other means in [0, 1].

    Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
    """
    spread = _Z * _Z / count
    middle = (share + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * float(np.sqrt(share * (1 - share) / count + spread / (4 * count)))
    return Estimate(share, max(0.0, middle - half), min(1.0, middle + half), count)


def auroc(answerable: Sequence[float], unanswerable: Sequence[float]) -> Estimate | None:
    """Area under the ROC curve of stated probabilities with its bootstrap interval; None with too few."""
    if min(len(answerable), len(unanswerable)) < MIN_QUESTIONS:
        return None
    yes, no = np.array(answerable), np.sort(unanswerable)
    first, last = np.searchsorted(no, yes, "left"), np.searchsorted(no, yes, "right")

    def share_below(counts: NDArray[np.int64]) -> NDArray[np.float64]:
        """For each answerable question the share of unanswerable ones below it; equal ones count half."""
        below = np.concatenate([[0], np.cumsum(counts)])
        return np.asarray(below[first] + below[last], np.float64) / (2.0 * len(no))

    draw = np.random.default_rng(0)
    drawn = []
    for _ in range(_RESAMPLES):
        counts = np.bincount(draw.integers(len(no), size=len(no)), minlength=len(no))
        drawn.append(share_below(counts)[draw.integers(len(yes), size=len(yes))].mean())
    low, high = np.percentile(drawn, [2.5, 97.5])
    value = float(share_below(np.ones(len(no), np.int64)).mean())
    return Estimate(value, float(low), float(high), len(yes))
