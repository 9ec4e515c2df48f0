"""Estimates of shares and of times."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluation.measures import Estimate, share

_RESAMPLES = 2_000


def proportion(hits: int, of: int) -> Estimate:
    """A share with its 95 % interval (:func:`evaluation.measures.share`)."""
    return share(hits / of, of)


def percentile(values: Sequence[float], percent: float) -> Estimate:
    """A percentile with its 95 % interval (bootstrap)."""
    from scipy.stats import bootstrap  # takes a second to load

    found = bootstrap(
        (np.asarray(values),),
        lambda sample, axis: np.percentile(sample, percent, axis=axis),
        n_resamples=_RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    value = float(np.percentile(values, percent))
    return Estimate(value, float(found.low), float(found.high), len(values))
