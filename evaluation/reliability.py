"""How far a stated probability can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

_BINS = 10


@dataclass(frozen=True, slots=True)
class Reliability:
    """Of probabilities that a question can be answered, against whether it could.

    ``auroc`` is the chance that an answerable question is given more than an unanswerable one. ``ece``,
    the expected calibration error, is by how much the probabilities are off on average, over ten bins
    with as many questions each (Naeini, Cooper and Hauskrecht, AAAI 2015). ``bins`` are (mean
    probability, share answerable, questions).
    """

    auroc: float
    average_precision: float
    ece: float
    bins: tuple[tuple[float, float, int], ...]
    precision: tuple[float, ...]
    recall: tuple[float, ...]
    thresholds: tuple[float, ...]


def of(probabilities: NDArray[np.float64], answerable: NDArray[np.bool_]) -> Reliability | None:
    """Measure; None when all questions are of one kind."""
    if len(answerable) == 0 or answerable.all() or not answerable.any():
        return None
    precision, recall, thresholds = precision_recall_curve(answerable, probabilities)
    bins = _bins(probabilities, answerable)
    return Reliability(
        auroc=float(roc_auc_score(answerable, probabilities)),
        average_precision=float(average_precision_score(answerable, probabilities)),
        ece=sum(abs(stated - true) * count for stated, true, count in bins) / len(answerable),
        bins=bins,
        precision=tuple(map(float, precision)),
        recall=tuple(map(float, recall)),
        thresholds=tuple(map(float, thresholds)),
    )


def _bins(
    probabilities: NDArray[np.float64], answerable: NDArray[np.bool_]
) -> tuple[tuple[float, float, int], ...]:
    order = np.argsort(probabilities, kind="stable")
    parts = [part for part in np.array_split(order, _BINS) if len(part)]
    return tuple(
        (float(probabilities[part].mean()), float(answerable[part].mean()), len(part)) for part in parts
    )
