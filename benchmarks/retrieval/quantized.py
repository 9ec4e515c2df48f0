"""What integers of 8 bits cost in quality, and save: ``python -m benchmarks.retrieval.quantized [FOLDER]``.

The model is quantized on passages of a BEIR folder's documents, as ``loccit quantize`` does it; the documents
are taken in once by each model, and the same questions asked of both collections.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from benchmarks import sets
from benchmarks.figures import show
from benchmarks.sets import DATA, SCIFACT
from evaluation import questions
from evaluation.harness import Evaluation, evaluate
from evaluation.measures import Estimate, mean
from index.collection import Collection
from index.embedding import quantize_model
from index.embedding.backends import DYNAMIC_INT8
from service.settings import load_settings
from service.state.library import open_library

_TEXTS = 1000
"""Passages that ``loccit quantize`` calibrates and measures on."""
_MEASURES = ("ndcg@10", "recall@5")


@contextmanager
def _collection(data: Path, folder: Path, precision: str) -> Iterator[Collection]:
    models = sets.MODELS.resolve()
    with open_library(load_settings(data=data, models=models, precision=precision)) as library:
        yield sets.collection_of(library, folder)


def study(folder: Path = SCIFACT, data: Path = DATA) -> dict[str, Estimate]:
    """Quality by either model, their difference question by question, and what neighbours were kept."""
    settings = load_settings(data=data, models=sets.MODELS.resolve())
    asked = questions.load(folder)
    with _collection(data, folder, "float") as collection:
        sample = collection.sample_texts(_TEXTS)
        told = asdict(quantize_model(settings.model, sample, config=settings.embedding_config()))
        before = evaluate(collection, asked, name="auto")
    with tempfile.TemporaryDirectory() as apart, _collection(Path(apart), folder, "int8") as collection:
        after = evaluate(collection, asked, name="int8")
    texts = told.pop("texts")
    found = {name: Estimate(value, value, value, texts) for name, value in told.items()}
    return found | compared(before, after)


def dynamic_study(folder: Path = SCIFACT, data: Path = DATA) -> dict[str, Estimate]:
    """Quality with integers that need no calibration, without them, and the difference by question."""
    asked = questions.load(folder)
    with _collection(data, folder, "float") as collection:
        before = evaluate(collection, asked, name="float")
    with _collection(data / DYNAMIC_INT8, folder, DYNAMIC_INT8) as collection:
        after = evaluate(collection, asked, name=DYNAMIC_INT8)
    return compared(before, after)


def compared(before: Evaluation, after: Evaluation) -> dict[str, Estimate]:
    """Each measure of both, and the mean of what each question lost."""
    found: dict[str, Estimate] = {}
    for name in _MEASURES:
        found[f"whole_{name}"] = before.estimates()[name]
        found[f"int8_{name}"] = after.estimates()[name]
        found[f"lost_{name}"] = mean(_losses(before.by_question(name), after.by_question(name)))
    return found


def _losses(before: Mapping[str, float], after: Mapping[str, float]) -> Sequence[float]:
    return [before[question] - after[question] for question in before]


def main() -> None:
    """Print the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=SCIFACT)
    figures = study(parser.parse_args().folder)
    show(figures)


if __name__ == "__main__":
    main()
