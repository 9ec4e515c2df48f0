"""Reliability of stated probabilities: calibration, and precision and recall."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_BINS = 10


@dataclass(frozen=True, slots=True)
class Reliability:
    """Stated probabilities that questions can be answered, compared with whether they can.

    ``auroc`` is the probability that an answerable question gets a higher one than an unanswerable question.
    ``ece`` is the expected calibration error over ten bins with equal numbers of questions (Naeini, Cooper
    and Hauskrecht, AAAI 2015). ``bins`` are (mean probability, share answerable, questions).
    """

    auroc: float
    average_precision: float
    ece: float
    bins: tuple[tuple[float, float, int], ...]
    precision: tuple[float, ...]
    recall: tuple[float, ...]
    thresholds: tuple[float, ...]


def measure(probabilities: NDArray[np.float64], answerable: NDArray[np.bool_]) -> Reliability | None:
    """Measure the reliability. Returns None when all questions are answerable, or none is."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    if len(answerable) == 0 or answerable.all() or not answerable.any():
        return None
    precision, recall, thresholds = precision_recall_curve(answerable, probabilities)
    bins = _bins(probabilities, answerable)
    return Reliability(
        auroc=auroc(probabilities[answerable], probabilities[~answerable]),
        average_precision=float(average_precision_score(answerable, probabilities)),
        ece=calibration_error(probabilities, answerable),
        bins=bins,
        precision=tuple(map(float, precision)),
        recall=tuple(map(float, recall)),
        thresholds=tuple(map(float, thresholds)),
    )


def auroc(yes: NDArray[np.float64], no: NDArray[np.float64]) -> float:
    """The probability that a number of ``yes`` is above one of ``no``; equal ones count half."""
    ordered = np.sort(no)
    below = np.searchsorted(ordered, yes) + np.searchsorted(ordered, yes, side="right")
    return float(below.mean() / (2 * len(no)))


def calibration_error(probabilities: NDArray[np.float64], answerable: NDArray[np.bool_]) -> float:
    """Compute the expected calibration error, as :attr:`Reliability.ece`."""
    bins = _bins(probabilities, answerable)
    return sum(abs(stated - true) * count for stated, true, count in bins) / len(answerable)


def _bins(
    probabilities: NDArray[np.float64], answerable: NDArray[np.bool_]
) -> tuple[tuple[float, float, int], ...]:
    order = np.argsort(probabilities, kind="stable")
    parts = [part for part in np.array_split(order, _BINS) if len(part)]
    return tuple(
        (float(probabilities[part].mean()), float(answerable[part].mean()), len(part)) for part in parts
    )
