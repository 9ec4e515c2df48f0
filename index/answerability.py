"""The probability that what was found answers the question.

A logistic regression on a few absolute numbers: how near the best passages are, and how much of the question
they have. Its weights are data (``answerability.json``) with their provenance; a collection may have its
own, fitted on its operator's questions by ``loccit eval --calibrate``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from index.candidates import Ranked, Scores
from index.errors import StoreDamaged

FILE = "answerability.json"
_FITTED = Path(__file__).with_name(FILE)
_FEW, _MANY = 5, 20
_TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Features:
    """What the probability is made of. Cosines are -1 to 1, shares 0 to 1; all are 0 where nothing was found.

    ``nearest``: the best mean of a sentence's cosine and its passage's; ``second``: the second best cosine
    of any sentence; ``few`` and ``many``: the mean cosine of the 5 and of the 20 nearest passages;
    ``contrast``: by how many standard deviations the best sentence's cosine stands out among the
    candidates' best ones; ``together``: the best mean of a sentence's cosine and its share of the
    question's words.
    """

    nearest: float
    second: float
    few: float
    many: float
    contrast: float
    together: float

    def named(self) -> dict[str, float]:
        """The numbers by their names."""
        return {name: getattr(self, name) for name in FEATURES}

    @staticmethod
    def of(found: Ranked) -> Features:
        """The features of a ranking."""
        dense = _known(found.candidates.dense)
        ordered = np.sort(dense)[::-1][:_MANY].tolist()
        few, many = (sum(ordered[:count]) / max(1, len(ordered[:count])) for count in (_FEW, _MANY))
        if not len(found) or found.seen is None:
            nearest = ordered[0] if ordered else 0.0
            return Features(nearest, nearest, few, many, 0.0, nearest)
        best = _known(found.seen.meaning)
        cosines, coverage = found.seen.all_sentences()
        cosines = _known(cosines)
        two = np.sort(np.partition(cosines, -2)[-2:]) if len(cosines) > 1 else cosines
        return Features(
            nearest=float(((dense + best) / 2).max()),
            second=float(two[0]) if len(two) else 0.0,
            few=few,
            many=many,
            contrast=float((best.max() - best.mean()) / (best.std() + _TINY)),
            together=float(((cosines + coverage) / 2).max(initial=0.0)),
        )


def _known(scores: Scores) -> Scores:
    """The scores, nought where there is none."""
    return np.where(np.isnan(scores), np.float32(0.0), scores)


FEATURES = tuple(one.name for one in fields(Features))


@dataclass(frozen=True, slots=True)
class Answerability:
    """A fitted logistic regression. ``provenance`` says on what, when and how well."""

    weights: Mapping[str, float]
    intercept: float
    provenance: Mapping[str, object]

    def stated(self, features: Mapping[str, float]) -> float:
        """The probability, in (0, 1), for features by their names."""
        logit = self.intercept + sum(weight * features[name] for name, weight in self.weights.items())
        return 1.0 / (1.0 + math.exp(-logit)) if logit > -700.0 else 0.0

    def save(self, path: Path) -> None:
        """Write the numbers as JSON, in one step."""
        content = {
            "weights": dict(self.weights), "intercept": self.intercept, "provenance": dict(self.provenance)
        }  # fmt: skip
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        fresh.replace(path)


def load(folders: Sequence[Path] = ()) -> Answerability:
    """The numbers of the first folder that has some, else those that come with the package.

    Raises :class:`index.errors.StoreDamaged` for a file that is none.
    """
    path = next((found for folder in folders if (found := folder / FILE).exists()), _FITTED)
    try:
        read = json.loads(path.read_text())
        weights = {str(name): float(weight) for name, weight in read["weights"].items()}
        known = {name: weights.pop(name) for name in FEATURES if name in weights}
        if known and not weights:
            return Answerability(known, float(read["intercept"]), read["provenance"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreDamaged(f"{path} cannot be read. Delete it, or calibrate again.") from error
    raise StoreDamaged(f"{path} has weights of another version. Delete it, or calibrate again.")
