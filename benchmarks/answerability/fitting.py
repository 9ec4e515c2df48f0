"""Fit the regressions to the cases of several sets, and measure them on a set that they did not see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.answerability.table import Table, family
from evaluation.calibration import maximum_a_posteriori
from index.search import FEATURES, PASSAGE_FEATURES, Regression, sigmoid

Numbers = NDArray[np.float64]
_LIMIT = 3.0
_RIDGE = 30.0
_SHARES = {
    "present": 1.0, "replaced": 1.0, "unanswerable": 0.75, "off_topic": 0.25,
    **dict.fromkeys(("near-name", "near-place", "near-year", "near-number"), 0.4),
    **dict.fromkeys(("near-role", "near-negation", "near-attribute"), 0.05),
}  # fmt: skip
"""Weights of the kinds of cases: as many questions that can be answered as such that cannot. What exchanges a
role, a negation or an attribute is told by no feature, and would only lower all probabilities."""
_TOLD = {"unanswerable": 1.0, **dict.fromkeys(("near-role", "near-negation", "near-attribute"), 0.2)}
"""The weights of kinds where the cross-encoder read, which tells some of them."""
_NEAR = 4.0
"""Weight of the tables of near misses, which are small."""
_BY_PEOPLE = {"everyday": 6.0}
"""Weights of the sets whose questions are as people ask them: in the others most repeat the words of the
answer, and most that are not answered are far from all documents."""
_OF_READING = ("read", "read_first", "read_second", "read_passages")
READ_QUESTION = tuple(name for name in FEATURES if name not in {"spelt", "read_passages"})
QUESTION = tuple(name for name in READ_QUESTION if name not in _OF_READING)
PASSAGE = tuple(name for name in PASSAGE_FEATURES if name not in {"read", "is_read"})
_SPELT = FEATURES.index("spelt")
_READ = FEATURES.index("read_passages")


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Regressions for questions in known and other languages, and for passages.

    ``read`` and ``read_passage`` are for questions for which passages were read.
    """

    known: Regression
    spelt: Regression
    passage: Regression
    read: Regression
    read_passage: Regression

    def logits(self, table: Table) -> Numbers:
        """The logits of all cases of a table."""
        rows = _columns(table.features, QUESTION)
        spelt, read = table.features[:, _SPELT] > 0, table.features[:, _READ] > 0
        unread = np.where(spelt, self.spelt.logits(rows), self.known.logits(rows))
        return np.where(read, self.read.logits(_columns(table.features, self.read.features)), unread)

    def of_passages(self, table: Table) -> Numbers:
        """The probabilities of all passages of a table."""
        logits = self.logits(table)[table.of]
        rows, read = _with_question(table, logits), table.features[table.of][:, _READ] > 0
        unread = self.passage.logits(_columns(rows, PASSAGE, PASSAGE_FEATURES))
        seen = _columns(rows, self.read_passage.features, PASSAGE_FEATURES)
        alone = np.where(read, self.read_passage.logits(seen), unread)
        return sigmoid(np.minimum(alone, logits))


def fit(tables: Mapping[str, Table]) -> Fitted:
    """Fit to the development halves of the tables.

    Passages are fitted without near misses: which passage answers is not what these exchange, and with them
    the probabilities of passages lose .03 of AUROC.
    """
    parts = [
        (
            one.features[one.dev],
            one.kind[one.dev] == "present",
            _BY_PEOPLE.get(name, 1.0) * weights(one)[one.dev],
        )
        for name, one in tables.items()
    ]
    rows, truth, weight = (np.concatenate(some) for some in zip(*parts, strict=True))
    spelt = rows[:, _SPELT] > 0
    known, other = (
        regression(QUESTION, _columns(rows[chosen], QUESTION), truth[chosen], weight[chosen])
        for chosen in (~spelt, spelt if spelt.any() else ~spelt)
    )
    is_read = rows[:, _READ] > 0
    read = known
    if is_read.any():
        of_read = _columns(rows[is_read], READ_QUESTION)
        read = regression(READ_QUESTION, of_read, truth[is_read], weight[is_read])
    without = Fitted(known, other, known, read, known)
    seen = [
        (*_passages(without, one), one.dev[one.of], one.features[one.of][:, _READ] > 0)
        for one in tables.values()
        if not _has_near_misses(one)
    ]
    rows, truth, weight, is_read = (np.concatenate([one[at][one[3]] for one in seen]) for at in (0, 1, 2, 4))
    passage = regression(PASSAGE, _columns(rows, PASSAGE, PASSAGE_FEATURES), truth, weight)
    read_passage = passage
    if is_read.any():
        read_passage = regression(PASSAGE_FEATURES, rows[is_read], truth[is_read], weight[is_read])
    return Fitted(known, other, passage, read, read_passage)


def _columns(rows: Numbers, names: Sequence[str], among: Sequence[str] = FEATURES) -> Numbers:
    return rows[:, [among.index(name) for name in names]]


def _passages(fitted: Fitted, table: Table) -> tuple[Numbers, NDArray[np.bool_], Numbers]:
    """The features of passages, whether they answer, and their weights.

    Left out are collections in which a passage that is not known to answer may well do so.
    """
    rows = _with_question(table, fitted.logits(table)[table.of])
    return rows, table.relevant, weights(table)[table.of]


def _with_question(table: Table, logits: Numbers) -> Numbers:
    rows = table.passages.copy()
    rows[:, 0] = logits
    return rows


def weights(table: Table) -> Numbers:
    """The weight of each case: a kind and size counts by the root of its number of cases."""
    found = np.zeros(len(table.size))
    shares = _SHARES | _TOLD if table.features[:, _READ].any() else _SHARES
    for size in np.unique(table.size):
        for kind, share in shares.items():
            cell = (table.size == size) & (table.kind == kind)
            if cell.any():
                found[cell] = share / np.sqrt(cell.sum())
    return found * _NEAR if _has_near_misses(table) else found


def _has_near_misses(table: Table) -> bool:
    return bool(np.char.startswith(table.kind, "near-").any())


def regression(names: Sequence[str], rows: Numbers, truth: NDArray[np.bool_], weight: Numbers) -> Regression:
    """Fit a logistic regression with a ridge penalty on standardised features."""
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    blank = Regression(tuple(names), mean, scale, _LIMIT, np.zeros(len(names)), 0.0)
    standard = np.hstack([blank.standardise(rows), np.ones((len(rows), 1))])
    ridge = np.append(np.full(len(names), _RIDGE), 1e-6)
    found = maximum_a_posteriori(
        standard, truth, np.zeros(len(rows)), ridge, weight * len(rows) / weight.sum()
    )
    return Regression(tuple(names), mean, scale, _LIMIT, found[:-1], float(found[-1]))


def left_out(tables: Mapping[str, Table]) -> dict[str, tuple[Fitted, Table]]:
    """For each set, what is fitted to the other families of sets."""
    fitted = {
        name: fit({other: one for other, one in tables.items() if family(other) != name})
        for name in {family(one) for one in tables}
    }
    return {name: (fitted[family(name)], one) for name, one in tables.items()}
