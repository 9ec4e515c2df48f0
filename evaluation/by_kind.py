"""Figures for the questions about each kind of document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from evaluation import measures, reliability
from evaluation.measures import Estimate

MIN_QUESTIONS = 10
"""Questions that a kind needs for a mean and its interval."""
MAIN_MEASURES = ("ndcg@10", "overlap@1", "span_recall@5", "evidence@1")
"""Measures that tables by kind show, of those that an evaluation has."""
_RESAMPLES = 2_000


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
    bootstrap has no width, and the interval is Wilson's for so many questions: for means of other values than
    0 and 1 it is too wide rather than too narrow.
    """
    return {
        name: measures.mean(one) if len(set(one)) > 1 else measures.share(one[0], len(one))
        for name, one in values.items()
        if len(one) >= MIN_QUESTIONS
    }


def auroc(answerable: Sequence[float], unanswerable: Sequence[float]) -> Estimate | None:
    """Area under the ROC curve of stated probabilities with its bootstrap interval; None with too few."""
    if min(len(answerable), len(unanswerable)) < MIN_QUESTIONS:
        return None
    yes, no = np.array(answerable), np.array(unanswerable)
    draw = np.random.default_rng(0)
    drawn = []
    for _ in range(_RESAMPLES):
        others = no[draw.integers(len(no), size=len(no))]
        drawn.append(reliability.auroc(yes[draw.integers(len(yes), size=len(yes))], others))
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Estimate(reliability.auroc(yes, no), float(low), float(high), len(yes))
