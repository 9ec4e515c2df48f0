"""A logistic regression whose numbers are data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Regression:
    """Turns f features into the logit of a probability.

    Features are standardised by ``mean`` and ``scale`` (f) and cut off at ``limit`` standard deviations, so
    that an unusual collection cannot push a probability further than the usual ones did. ``weights`` (f) and
    ``intercept`` are those of the standardised features.
    """

    features: tuple[str, ...]
    mean: Numbers
    scale: Numbers
    limit: float
    weights: Numbers
    intercept: float

    def standardise(self, rows: Numbers) -> Numbers:
        """Standardise features; shape (n, f)."""
        found: Numbers = np.minimum(np.maximum((rows - self.mean) / self.scale, -self.limit), self.limit)
        return found

    def logits(self, rows: Numbers) -> Numbers:
        """Return the logit of each row's probability; ``rows`` has shape (n, f)."""
        found: Numbers = self.standardise(rows) @ self.weights + self.intercept
        return found

    def row(self, named: Mapping[str, float]) -> Numbers:
        """Return the features by name as one row, shape (1, f). Raises ``KeyError`` if one is missing."""
        return np.array([list(map(named.__getitem__, self.features))], np.float64)

    def correct(self, slope: float, shift: Numbers, intercept: float) -> Self:
        """Return a regression: ``slope`` times this one's logit, plus ``shift`` (f) and ``intercept``."""
        return type(self)(
            self.features, self.mean, self.scale, self.limit,
            slope * self.weights + shift, slope * self.intercept + intercept,
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """Return the numbers as JSON values, which :meth:`of_json` reads."""
        return {
            "intercept": _round(self.intercept),
            "limit": self.limit if math.isfinite(self.limit) else None,
            "features": {
                name: {"mean": _round(mean), "scale": _round(scale), "weight": _round(weight)}
                for name, mean, scale, weight in zip(
                    self.features, self.mean.tolist(), self.scale.tolist(), self.weights.tolist(), strict=True
                )
            },
        }

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> Self:
        """Read the numbers. Raises ``KeyError``, ``TypeError`` or ``ValueError`` if they are wrong."""
        features = value["features"]
        limit = value["limit"]
        return cls(
            tuple(map(str, features)),
            _numbers([one["mean"] for one in features.values()]),
            _numbers([one["scale"] for one in features.values()]),
            math.inf if limit is None else float(limit),
            _numbers([one["weight"] for one in features.values()]),
            float(value["intercept"]),
        )

    @classmethod
    def plain(cls, weights: Mapping[str, float], intercept: float) -> Self:
        """Return a regression on features as they are."""
        count = len(weights)
        numbers = _numbers(list(weights.values()))
        return cls(tuple(weights), np.zeros(count), np.ones(count), math.inf, numbers, intercept)


def sigmoid(logits: Numbers) -> Numbers:
    """Return the probabilities of logits."""
    found: Numbers = 1.0 / (1.0 + np.exp(-np.minimum(np.maximum(logits, -700.0), 700.0)))
    return found


def _round(number: float) -> float:
    return float(f"{number:.6g}")


def _numbers(values: Sequence[Any]) -> Numbers:
    found = np.array(values, np.float64)
    if not np.isfinite(found).all():
        raise ValueError("a number is not finite")
    return found
