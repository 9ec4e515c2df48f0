"""Fits answerability to questions of which it is known whether the documents answer them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from evaluation import reliability
from evaluation.questions import InvalidQuestions
from evaluation.reliability import Reliability
from index.answerability import FEATURES, Answerability

LEAST = 20
"""Questions of each kind, below which nothing can be fitted that would hold for others."""
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights, and how they do on questions that they were not fitted to (5-fold cross-validation)."""

    answerability: Answerability
    held_out: Reliability


def fit(features: Sequence[Mapping[str, float]], answerable: Sequence[bool], *, source: str) -> Calibration:
    """Fit a logistic regression. ``features`` are those of :attr:`index.answers.Answer.features`.

    Raises :class:`InvalidQuestions` when there are too few questions of either kind.
    """
    truth = np.array(answerable)
    yes, no = int(truth.sum()), int((~truth).sum())
    if min(yes, no) < LEAST:
        raise InvalidQuestions(
            f"There are {yes} answerable and {no} unanswerable questions; {LEAST} of each are needed. Add "
            'lines such as {"question": "...", "answerable": false}.'
        )
    rows = np.array([[one.get(name, 0.0) for name in FEATURES] for one in features])
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    stated = cross_val_predict(_model(), rows, truth, cv=folds, method="predict_proba")[:, 1]
    held_out = reliability.of(stated, truth)
    assert held_out is not None  # noqa: S101 -- there are questions of both kinds
    weights, intercept = _unscaled(_model().fit(rows, truth))
    provenance = {
        "fitted": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "questions": source,
        "answerable": yes,
        "unanswerable": no,
        "held_out": {"auroc": round(held_out.auroc, 4), "ece": round(held_out.ece, 4)},
    }
    return Calibration(Answerability(weights, intercept, provenance), held_out)


def _model() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression())


def _unscaled(model: Any) -> tuple[dict[str, float], float]:
    """Weights of the features as they come, with the scaling in them."""
    scaler, regression = model
    weights: NDArray[np.float64] = regression.coef_[0] / scaler.scale_
    intercept = float(regression.intercept_[0] - weights @ scaler.mean_)
    rounded = {name: round(float(weight), 6) for name, weight in zip(FEATURES, weights, strict=True)}
    return rounded, round(intercept, 6)
