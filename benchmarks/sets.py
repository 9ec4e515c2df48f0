"""The data of the conditions, and what is measured on halves of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from evaluation import calibration, questions, reliability
from evaluation.harness import Evaluation
from evaluation.measures import Estimate
from evaluation.questions import Question
from index.background_embedding import put_all
from index.collection import Collection
from index.config import EmbeddingConfig
from index.embedding import load_embedder
from index.errors import InvalidInput
from index.folders import FolderIngest
from index.library import Library
from index.protocols import Embedder

_RESAMPLES = 1000


SCIFACT = Path(__file__).parents[2] / "shared" / "data" / "scifact"
DATA = Path("data/benchmarks")
"""The data folder of what is measured."""
MODELS = DATA / "models"


def embedder() -> Embedder:
    """The package's model, run as a service on this machine would run it."""
    return load_embedder(config=EmbeddingConfig(cache=MODELS))


def prepared(library: Library, folder: Path, split: str) -> tuple[Collection, list[Question]]:
    """A collection of the folder's documents, and its questions."""
    collection = collection_of(library, folder)
    if (folder / "corpus.jsonl").exists():
        return collection, questions.load(folder, split=split)
    return collection, questions.located(questions.load(folder / "questions.jsonl"), collection)


def collection_of(library: Library, folder: Path) -> Collection:
    """A collection of the folder's documents; nothing is embedded twice."""
    parts = folder.parts[folder.parts.index("data") + 1 :] if "data" in folder.parts else folder.parts[-1:]
    collection = library.open("-".join(parts).lower().replace(".", "-"), create=True)
    if not (folder / "corpus.jsonl").exists():
        FolderIngest(collection).run([path for path in folder.iterdir() if path.suffix != ".jsonl"])
        return collection
    for outcomes in put_all(collection, questions.sources(folder)):
        for outcome in outcomes:
            if isinstance(outcome, InvalidInput):
                raise outcome
    return collection


def first_half(count: int) -> list[bool]:
    """Which of so many questions are of the half that weights may be fitted to."""
    return [number % 2 == 0 for number in np.random.default_rng(0).permutation(count).tolist()]


def held_out(evaluation: Evaluation, measure: str) -> Estimate:
    """AUROC or ECE of answerability, fitted on one half of the questions and measured on the other.

    Both ways round: every question is measured, by weights that did not see its half.
    """
    known = [one for one in evaluation.outcomes if one.answerable is not None]
    truth = np.array([bool(one.answerable) for one in known])
    stated = np.zeros(len(known))
    half = np.array(first_half(len(known)))
    for fitted, measured in ((half, ~half), (~half, half)):
        part = np.flatnonzero(fitted).tolist()
        weights = calibration.fit(
            [known[at].features for at in part], truth[fitted].tolist(), source=evaluation.name
        ).answerability
        for at in np.flatnonzero(measured).tolist():
            stated[at] = weights.stated(known[at].features)
    return _estimate(stated, truth, "auroc" if measure == "answerability_auroc" else "ece")


def _estimate(stated: np.ndarray, truth: np.ndarray, part: str) -> Estimate:
    def value(rows: np.ndarray) -> float:
        found = reliability.of(stated[rows], truth[rows])
        return float(getattr(found, part)) if found else float("nan")

    drawn = np.random.default_rng(0).integers(0, len(truth), (_RESAMPLES, len(truth)))
    low, high = np.nanpercentile([value(rows) for rows in drawn], [2.5, 97.5])
    return Estimate(value(np.arange(len(truth))), float(low), float(high), len(truth))
