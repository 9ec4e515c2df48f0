"""Fit answerability to questions that the documents are known to answer, or not to answer.

The numbers of the package come first: what is fitted is a correction of their logit, with a Gaussian prior
around none. With few questions it stays near the package's numbers, with many it follows the questions.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation import reliability
from evaluation.questions import InvalidQuestions
from evaluation.reliability import Reliability
from index.search import Answerability, Regression, load_answerability, sigmoid

Numbers = NDArray[np.float64]
_FOLDS = 5
_SHIFT, _SLOPE, _WEIGHT = 0.5, 0.25, 0.3
"""Standard deviations of the prior: of the intercept's and the slope's corrections, and of each feature's.

Chosen on sets that the package's numbers were not fitted to, with 6 to 200 of their questions."""
_STEPS = 25


@dataclass(frozen=True, slots=True)
class Calibration:
    """Corrected numbers, and their reliability on held-out questions; None with one question of a kind."""

    answerability: Answerability
    held_out: Reliability | None


def fit(
    features: Sequence[Mapping[str, float]],
    answerable: Sequence[bool],
    *,
    source: str,
    base: Answerability | None = None,
) -> Calibration:
    """Correct ``base``, the package's by default, by the :attr:`index.answers.Answer.features` of answers.

    Questions without features, of which nothing was found, are left out. Held out are folds of at most a
    fifth of the questions. Raises :class:`InvalidQuestions` without a question of either kind.
    """
    base = base or load_answerability()
    pairs = [(one, truth) for one, truth in zip(features, answerable, strict=True) if one]
    truth = np.array([one for _, one in pairs], np.bool_)
    yes, no = int(truth.sum()), int((~truth).sum())
    if not (yes and no):
        raise InvalidQuestions(
            f"There are {yes} answerable and {no} unanswerable questions for which something was found; at "
            'least one of each is needed, and 10 are better. Add lines such as {"question": "...", '
            '"answerable": false}.'
        )
    rows = [one for one, _ in pairs]
    held_out = _held_out(rows, truth, base) if min(yes, no) > 1 else None
    provenance: dict[str, Any] = {
        "fitted": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "questions": source,
        "answerable": yes,
        "unanswerable": no,
        "base": dict(base.provenance),
    }
    if held_out:
        provenance["held_out"] = {"auroc": round(held_out.auroc, 4), "ece": round(held_out.ece, 4)}
    return Calibration(_corrected(rows, truth, base, provenance), held_out)


def _held_out(
    rows: Sequence[Mapping[str, float]], truth: NDArray[np.bool_], base: Answerability
) -> Reliability | None:
    from sklearn.model_selection import StratifiedKFold

    folds = min(_FOLDS, int(truth.sum()), int((~truth).sum()))
    stated = np.zeros(len(rows))
    for fitted, measured in StratifiedKFold(folds, shuffle=True, random_state=0).split(stated, truth):
        own = _corrected([rows[at] for at in fitted], truth[fitted], base, {})
        stated[measured] = [own.probability(rows[at]) for at in measured]
    return reliability.measure(stated, truth)


def _corrected(
    rows: Sequence[Mapping[str, float]],
    truth: NDArray[np.bool_],
    base: Answerability,
    provenance: Mapping[str, object],
) -> Answerability:
    """Correct the regressions for known and for other languages, each by its own questions.

    What was read is known, too: the same questions correct what is used where nothing is read.
    """
    spelt = [bool(one.get("spelt")) for one in rows]
    read = [bool(one.get("read_passages")) for one in rows]
    fitted = {}
    for name, regression, of in (
        ("known", base.known, [not one for one in spelt]),
        ("spelt", base.spelt, spelt),
        ("read", base.read, read),
    ):
        own = [at for at, is_its in enumerate(of) if is_its]
        fitted[name] = _correction(regression, [rows[at] for at in own], truth[own]) if own else regression
    return base.with_question(**fitted, provenance=provenance)


def _correction(
    regression: Regression, rows: Sequence[Mapping[str, float]], truth: NDArray[np.bool_]
) -> Regression:
    numbers = np.concatenate([regression.row(one) for one in rows])
    logits, standard = regression.logits(numbers), regression.standardise(numbers)
    design = np.column_stack([standard, logits, np.ones(len(rows))])
    precision = 1.0 / np.square([*[_WEIGHT] * standard.shape[1], _SLOPE, _SHIFT])
    *shift, slope, intercept = maximum_a_posteriori(design, truth, logits, precision).tolist()
    return regression.correct(1.0 + slope, np.array(shift), intercept)


def maximum_a_posteriori(
    design: Numbers,
    truth: NDArray[np.bool_],
    offset: Numbers,
    precision: Numbers,
    weight: Numbers | None = None,
) -> Numbers:
    """Return the coefficients (f) of a logistic regression with a Gaussian prior around 0.

    ``design`` has shape (n, f); ``offset`` (n) is added to the logits; ``precision`` (f) has the inverse
    variances of the prior; ``weight`` (n) counts a row as often. Newton's method, with steps halved while
    they do not lower the loss.
    """
    count = np.ones(len(truth)) if weight is None else weight
    sign = np.where(truth, 1.0, -1.0)

    def loss(coefficients: Numbers) -> float:
        margins = sign * (design @ coefficients + offset)
        return float(count @ np.logaddexp(0.0, -margins) + 0.5 * precision @ np.square(coefficients))

    found = np.zeros(design.shape[1])
    now = loss(found)
    for _ in range(_STEPS):
        stated = sigmoid(design @ found + offset)
        gradient = design.T @ (count * (stated - truth)) + precision * found
        curvature = (design.T * (count * stated * (1.0 - stated))) @ design + np.diag(precision)
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while (then := loss(found - size * step)) > now and size > 1e-4:
            size /= 2
        found, before, now = found - size * step, now, min(then, now)
        if before - now < 1e-9 * max(1.0, before):
            break
    return found
