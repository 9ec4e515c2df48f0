"""Estimate the probability that the passages found answer the question, and that each of them does.

Logistic regressions on features of the second look. Their weights are data with their provenance
(``answerability.json``); a collection may have its own, fitted on its operator's questions
(:mod:`evaluation.calibration`). A question in a language that the model does not know has a regression of
its own, because its cosines say little and its words decide.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from index.answers import Hit
from index.durability import write_text_durably
from index.embedding import MULTILINGUAL_MODEL
from index.errors import StoreDamaged
from index.naming import CALIBRATION_FILE
from index.search.features import FEATURES, PASSAGE_FEATURES, of_passages
from index.search.regression import Numbers, Regression, sigmoid

FORMAT = 2
_REGRESSIONS = ("known", "spelt", "passage", "read", "read_passage")
_OF_PASSAGES = ("passage", "read_passage")
_INSTEAD = {"read": "known", "read_passage": "passage"}
_IS_READ = PASSAGE_FEATURES.index("is_read")
_FITTED = Path(__file__).with_name(CALIBRATION_FILE)
_FITTED_BESIDE = {MULTILINGUAL_MODEL: _FITTED.with_stem(f"{_FITTED.stem}-multilingual")}
"""The numbers for collections of other models, whose cosines mean something else."""


@dataclass(frozen=True, slots=True)
class Answerability:
    """The fitted regressions; ``provenance`` records training data, date and quality.

    ``known`` is for questions in a language that the model knows, ``spelt`` for others. ``passage`` is for
    one passage; the logit of the question's probability is one of its features. ``read`` and ``read_passage``
    take the places of ``known`` and ``passage`` where the cross-encoder read passages.
    """

    known: Regression
    spelt: Regression
    passage: Regression
    read: Regression
    read_passage: Regression
    provenance: Mapping[str, object]

    def of_question(self, features: Mapping[str, float]) -> Regression:
        """Return the regression for a question with these features."""
        if features.get("read_passages"):
            return self.read
        return self.spelt if features.get("spelt") else self.known

    def logit(self, features: Mapping[str, float]) -> float:
        """Return the logit of the probability for features by name."""
        regression = self.of_question(features)
        return float(regression.logits(regression.row(features))[0])

    def probability(self, features: Mapping[str, float]) -> float:
        """Return the probability, in (0, 1), that the passages answer, for features by name."""
        return probability(self.logit(features))

    def of_hits(self, hits: Sequence[Hit], logit: float) -> Numbers:
        """Return the probability of each passage that it answers; not above that of all together.

        ``logit`` is that of the question, by :meth:`logit`.
        """
        rows = of_passages(hits, logit)
        is_read = rows[:, _IS_READ].any()
        passage = self.read_passage if is_read else self.passage
        alone = passage.logits(rows[:, _places(passage.features)])
        found: Numbers = sigmoid(np.minimum(alone, logit))
        return found

    def with_question(
        self, *, known: Regression, spelt: Regression, read: Regression, provenance: Mapping[str, object]
    ) -> Answerability:
        """Return these with other regressions for questions."""
        return replace(self, known=known, spelt=spelt, read=read, provenance=provenance)

    def save(self, path: Path) -> None:
        """Write the numbers as JSON, atomically."""
        content = {
            "format": FORMAT,
            **{name: getattr(self, name).as_json() for name in _REGRESSIONS},
            "provenance": dict(self.provenance),
        }
        write_text_durably(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


@lru_cache(16)
def _places(features: tuple[str, ...]) -> list[int]:
    """The places of features among those of a passage."""
    return list(map(PASSAGE_FEATURES.index, features))


def probability(logit: float) -> float:
    """Return the probability of a logit."""
    return float(sigmoid(np.array(logit)))


def fitted_file(model: str = "") -> Path:
    """The file of the package's numbers for collections of an embedding model, by its name."""
    return _FITTED_BESIDE.get(model, _FITTED)


def load(folders: Sequence[Path] = (), *, model: str = "") -> Answerability:
    """Load the numbers of the first folder that has some, else those of the package for an embedding model.

    A file of the first format has a regression on six of the features, which is used for every question.
    Raises :class:`index.errors.StoreDamaged` for an invalid file.
    """
    own = (found for folder in folders if (found := folder / CALIBRATION_FILE).exists())
    path = next(own, fitted_file(model))
    try:
        read = _parse(json.loads(path.read_text()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreDamaged(f"{path} cannot be read. Delete it, or calibrate again.") from error
    if read is None:
        raise StoreDamaged(f"{path} has numbers of another version. Delete it, or calibrate again.")
    return read


def _parse(content: Mapping[str, Any]) -> Answerability | None:
    """Parse the weights of a file; None if they are for features that this version does not compute."""
    if "format" not in content:
        weights = {str(name): float(weight) for name, weight in content["weights"].items()}
        both = Regression.plain(weights, float(content["intercept"]))
        if not weights or not _is_known(both, FEATURES):
            return None
        return load().with_question(known=both, spelt=both, read=both, provenance=content["provenance"])
    if content["format"] != FORMAT:
        return None
    regressions = {name: Regression.of_json(content[name]) for name in _REGRESSIONS if name in content}
    if not all(
        _is_known(one, PASSAGE_FEATURES if name in _OF_PASSAGES else FEATURES)
        for name, one in regressions.items()
    ):
        return None
    for name, instead in _INSTEAD.items():  # written before passages were read
        regressions.setdefault(name, regressions[instead])
    return Answerability(**regressions, provenance=content["provenance"])


def _is_known(regression: Regression, names: Sequence[str]) -> bool:
    return set(regression.features) <= set(names)
