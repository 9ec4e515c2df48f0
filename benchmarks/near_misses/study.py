"""Measure how many near misses get a high probability, and how many answerable questions keep one.

On the documents that no number was fitted to, with the numbers of the package.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import sets
from benchmarks.answerability.table import Table
from benchmarks.near_misses.exchanging import KINDS
from benchmarks.near_misses.table import exchanged, tables
from evaluation import reliability
from evaluation.measures import Estimate
from index.search import FEATURES, Answerability, load_answerability, sigmoid

NAMED = ("name", "place", "year", "number")
"""Kinds that exchange what a question names."""
_OTHERS = ("role", "negation", "attribute")
_PROBABLE = 0.5
_RESAMPLES = 500
Numbers = NDArray[np.float64]


def study(data: Path = sets.DATA, *, dev: bool = False, read: bool = False) -> dict[str, Estimate]:
    """Shares at .5 or more: of near misses by kind and by set, and of the questions they were made of.

    ``read``: the cross-encoder reads passages.
    """
    found = dict(tables(data, read=read))
    stated = {name: _stated(load_answerability(), one) for name, one in found.items()}
    return figures(found, stated, dev=dev)


def figures(
    tables: Mapping[str, Table], stated: Mapping[str, Numbers], *, dev: bool = False
) -> dict[str, Estimate]:
    """The figures of probabilities; ``named`` are the kinds of :data:`NAMED`, ``others`` the other ones."""
    halves = {name: one.dev == dev for name, one in tables.items()}

    def shown(which: Mapping[str, NDArray[np.bool_]]) -> Numbers:
        return np.concatenate([stated[name][which[name] & halves[name]] for name in tables])

    present = {name: one.kind == "present" for name, one in tables.items()}
    groups = {"named": NAMED, "others": _OTHERS} | {kind: (kind,) for kind in KINDS}
    found = {
        group: _share(shown({name: exchanged(one, kinds) for name, one in tables.items()}))
        for group, kinds in groups.items()
    }
    found["answerable"] = _share(shown(present))
    for name, one in tables.items():
        set_name = name.rpartition("-")[0]
        found[f"{set_name}_named"] = _share(stated[name][exchanged(one, NAMED) & halves[name]])
        found[f"{set_name}_answerable"] = _share(stated[name][present[name] & halves[name]])
    near = {name: exchanged(one, NAMED) for name, one in tables.items()}
    found["auroc"] = auroc(shown(present), shown(near))
    return {name: one for name, one in found.items() if one.questions}


def _stated(answerability: Answerability, table: Table) -> Numbers:
    named = [dict(zip(FEATURES, row, strict=True)) for row in table.features.tolist()]
    return sigmoid(np.array([answerability.logit(one) for one in named]))


def _share(stated: Numbers) -> Estimate:
    """The share of probabilities at .5 or more, with its bootstrap interval."""
    if not len(stated):
        return Estimate(0.0, 0.0, 0.0, 0)
    high = (stated >= _PROBABLE).astype(float)
    drawn = np.random.default_rng(0).choice(high, (_RESAMPLES, len(high))).mean(axis=1)
    low, most = np.percentile(drawn, [2.5, 97.5])
    return Estimate(float(high.mean()), float(low), float(most), len(high))


def auroc(positive: Numbers, negative: Numbers) -> Estimate:
    """AUROC with its bootstrap interval."""
    random = np.random.default_rng(0)
    drawn = [
        reliability.auroc(random.choice(positive, len(positive)), random.choice(negative, len(negative)))
        for _ in range(_RESAMPLES)
    ]
    low, high = np.percentile(drawn, [2.5, 97.5])
    value = reliability.auroc(positive, negative)
    return Estimate(value, float(low), float(high), len(positive) + len(negative))
