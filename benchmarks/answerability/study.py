"""Measure answerability on sets that it was not fitted to, in collections of every size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import sets
from benchmarks.answerability.cases import SIZES
from benchmarks.answerability.fitting import left_out
from benchmarks.answerability.table import Table, tables
from benchmarks.near_misses import table as near_misses
from evaluation import reliability
from evaluation.measures import Estimate
from index.config import LibraryConfig
from index.library import Library
from index.search import sigmoid
from index.search.cross_encoder.model import CrossEncoder

Numbers = NDArray[np.float64]
_RESAMPLES = 200
_FEWEST = 20
"""Questions of each kind without which a set and size is not measured."""
_PROBABLE, _IMPROBABLE = 0.5, 0.3
SEED = Path(__file__).parents[3] / "shared" / "seed"
MEASURES = ("auroc", "ece")


def study(data: Path = sets.DATA, *, read: bool = False) -> dict[str, Estimate]:
    """All figures: on the test halves by what was fitted to other sets, and of the seed by the package's.

    ``read``: the cross-encoder reads passages.
    """
    found = dict(tables(data, read=read)) | dict(near_misses.tables(data, read=read))
    return figures(found) | _seed(data, sets.cross_encoder() if read else None)


def _seed(data: Path, cross_encoder: CrossEncoder | None) -> dict[str, Estimate]:
    """Of the questions about one report, the shares with the probability that they deserve."""
    with Library(
        data, embedder=sets.embedder(), config=LibraryConfig(), cross_encoder=lambda _: cross_encoder
    ) as library:
        collection, asked = sets.prepared(library, SEED, "test")
        stated = np.array([collection.ask(one.text).answerability for one in asked])
    can = np.array([bool(one.answerable) for one in asked])
    return {
        "seed_answerable": _share((stated[can] >= _PROBABLE).astype(float)),
        "seed_unanswerable": _share((stated[~can] < _IMPROBABLE).astype(float)),
    }


def size_name(size: int) -> str:
    """A size as figures name it."""
    return str(size) if size else "all"


def figures(tables: Mapping[str, Table], *, dev: bool = False) -> dict[str, Estimate]:
    """AUROC and ECE on the test halves (or development halves), each set by what was fitted to the others.

    Near misses are fitted to, and measured elsewhere (:mod:`benchmarks.near_misses.study`).

    By size: the mean over sets, and the worst set; of each set the mean over sizes; of all cells the mean and
    the worst. ``ece_by_chance`` is the mean ECE that true probabilities would have. ``clapnq`` and ``mtrag``
    have questions that people call unanswerable, ``off_topic`` questions of other sets, below 0.3.
    ``passages``: AUROC and ECE of the probabilities of passages.
    """
    cells: dict[tuple[str, int], tuple[Numbers, NDArray[np.bool_]]] = {}
    found: dict[str, Estimate] = {}
    strange: list[Numbers] = []
    alone: list[tuple[Numbers, NDArray[np.bool_]]] = []
    for name, (fitted, table) in left_out(tables).items():
        if name.endswith(near_misses.SUFFIX):
            continue
        stated = sigmoid(fitted.logits(table))
        half = table.dev == dev
        for size in SIZES:
            rows = half & (table.size == size) & np.isin(table.kind, ["present", "replaced"])
            truth = table.kind[rows] == "present"
            if min(truth.sum(), (~truth).sum()) >= _FEWEST:
                cells[name, size] = stated[rows], truth
        rows = half & (table.size == 0) & np.isin(table.kind, ["present", "unanswerable"])
        if name == "mtrag":
            rows &= table.turns
        if (table.kind[rows] == "unanswerable").sum() >= _FEWEST:
            for measure in MEASURES:
                found[f"{name}_{measure}"] = _mean([(stated[rows], table.kind[rows] == "present")], measure)
        strange.append(stated[half & (table.kind == "off_topic")])
        asked = (half & np.isin(table.kind, ["present", "replaced"]))[table.of]
        alone.append((fitted.of_passages(table)[asked], table.relevant[asked]))
    found |= _summaries(cells)
    below = (np.concatenate(strange) < _IMPROBABLE).astype(float)
    found["off_topic"] = _share(below)
    for measure in MEASURES:
        found[f"passages_{measure}"] = _mean(alone, measure)
    return found


def _summaries(cells: Mapping[tuple[str, int], tuple[Numbers, NDArray[np.bool_]]]) -> dict[str, Estimate]:
    found = {}
    names, sizes = (list(dict.fromkeys(some)) for some in zip(*cells, strict=True))
    for measure in MEASURES:
        for size in sizes:
            some = {name: cells[name, size] for name in names if (name, size) in cells}
            found[f"{size_name(size)}_{measure}"] = _mean(list(some.values()), measure)
            found[f"{size_name(size)}_{measure}_worst"] = _worst(list(some.values()), measure)
        for name in names:
            of_set = [cell for (other, _), cell in cells.items() if other == name]
            found[f"set_{name}_{measure}"] = _mean(of_set, measure)
        found[measure] = _mean(list(cells.values()), measure)
        found[f"{measure}_worst"] = _worst(list(cells.values()), measure)
    found["ece_by_chance"] = _by_chance(list(cells.values()))
    return found


def _by_chance(cells: Sequence[tuple[Numbers, NDArray[np.bool_]]]) -> Estimate:
    """The mean calibration error that the probabilities would have if they were true: that of few cases."""
    random = np.random.default_rng(0)
    drawn = np.zeros(_RESAMPLES)
    for stated, _ in cells:
        for at in range(_RESAMPLES):
            truth = random.random(len(stated)) < stated
            drawn[at] += reliability.calibration_error(stated, truth) / len(cells)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Estimate(float(drawn.mean()), float(low), float(high), sum(len(one) for one, _ in cells))


def _value(stated: Numbers, truth: NDArray[np.bool_], measure: str) -> float:
    if measure == "ece":
        return reliability.calibration_error(stated, truth)
    if truth.all() or not truth.any():
        return float("nan")
    return reliability.auroc(stated[truth], stated[~truth])


def _mean(cells: Sequence[tuple[Numbers, NDArray[np.bool_]]], measure: str) -> Estimate:
    """The mean over cells with its bootstrap interval over their questions.

    Resampling adds noise, and a calibration error counts noise as error: what is drawn is of the right width,
    and too high. The interval of such an error is therefore put around its value.
    """
    random = np.random.default_rng(0)
    drawn = np.zeros(_RESAMPLES)
    for stated, truth in cells:
        for at in range(_RESAMPLES):
            rows = random.integers(0, len(truth), len(truth))
            drawn[at] += _value(stated[rows], truth[rows], measure) / len(cells)
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    value = float(np.mean([_value(*cell, measure) for cell in cells]))
    if measure == "ece":
        low, high = value - (high - low) / 2, value + (high - low) / 2
    return Estimate(value, float(low), float(high), sum(len(truth) for _, truth in cells))


def _worst(cells: Sequence[tuple[Numbers, NDArray[np.bool_]]], measure: str) -> Estimate:
    """The cell with the lowest AUROC, or the highest ECE."""
    chosen = min if measure == "auroc" else max
    return _mean([chosen(cells, key=lambda cell: _value(*cell, measure))], measure)


def _share(truth: Numbers) -> Estimate:
    drawn = np.random.default_rng(0).choice(truth, (_RESAMPLES, len(truth))).mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Estimate(float(truth.mean()), float(low), float(high), len(truth))
