"""Estimate the probability that a source says what a sentence claims.

A logistic regression on the words that both share and on the similarity of their vectors. Its weights are
data with their provenance (``support.json``).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).with_name("support.json")


@dataclass(frozen=True, slots=True)
class Features:
    """Features of the agreement of a claim with some sentences of a source.

    ``coverage``: the share of the claim's words with content, by weight, that the source has; ``order``: the
    share of neighbouring words of the claim that are neighbours in the source; ``meaning``: the cosine of
    the claim and the nearest of the sentences; ``missing``: the share of its numbers, dates and names that
    the source does not have. All 0 to 1, the cosine -1 to 1.
    """

    coverage: float
    order: float
    meaning: float
    missing: float

    def as_dict(self) -> dict[str, float]:
        """The features by name."""
        return {name: getattr(self, name) for name in FEATURES}


FEATURES = tuple(one.name for one in fields(Features))


@dataclass(frozen=True, slots=True)
class Support:
    """A fitted logistic regression; ``provenance`` records training data and quality."""

    weights: Mapping[str, float]
    intercept: float
    provenance: Mapping[str, object]

    def probability(self, named: Mapping[str, float]) -> float:
        """The probability that the source says it, in (0, 1), from features by name."""
        logit = self.intercept + sum(weight * named[name] for name, weight in self.weights.items())
        return 1.0 / (1.0 + math.exp(-logit)) if logit > -700.0 else 0.0

    @classmethod
    def load(cls, path: Path) -> Support:
        """Read weights from JSON."""
        read = json.loads(path.read_text(encoding="utf-8"))
        return cls(read["weights"], float(read["intercept"]), read["provenance"])

    def save(self, path: Path = FILE) -> None:
        """Write the weights as JSON."""
        content = {
            "weights": dict(self.weights), "intercept": self.intercept, "provenance": dict(self.provenance)
        }  # fmt: skip
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


@lru_cache(1)
def load_fitted() -> Support:
    """The weights that come with the package."""
    return Support.load(FILE)
