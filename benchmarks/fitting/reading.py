"""Fit the weights by which claims that a model read are judged: ``python -m benchmarks.fitting.reading``.

They are fitted to the development parts of WiCE and ContractNLI, each of equal weight, and so are both of its
classes. All figures, and what is written to ``thresholds.json``, are of documents that the weights were not
fitted to (ten parts, by document). AttributionBench has no licence: it is only measured.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import sets
from benchmarks.claims.public import SETS, PublicClaim, Truth, figures
from benchmarks.proportions import proportion
from evaluation.measures import Estimate
from index.citations.claims import claims as sentences_of, without_marks
from index.citations.statements import reading
from index.citations.statements.judging import (
    SUPPORTED_FROM,
    Statement,
    judge_nearest,
    makes_claim,
    missing_facts,
    statements,
)
from index.citations.statements.sources import Source
from index.citations.statements.support import Support
from index.protocols import ClaimModel
from index.search.cross_encoder.claims import ClaimReader
from index.text import Analyzer

FITTED = ("wice", "contract_nli")
THRESHOLDS = reading.FILE.with_name("thresholds.json")
_LEVELS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_PARTS = 10
_PENALTY = 0.1
_LONGEST = 200_000


@dataclass(frozen=True, slots=True)
class Row:
    """The sentence of a claim that its source supports least, and the verdict on it without a model."""

    truth: Truth
    document: int
    features: dict[str, float]
    compared: float
    is_contradicted: bool
    is_refuted: bool
    is_missing: bool


def rows(name: str, model: ClaimModel) -> list[Row]:
    """All claims of a set that could be read."""
    documents: dict[str, int] = {}
    found, source = [], None
    terms, embedder = Analyzer().terms, sets.embedder()
    for one in SETS[name]():
        if one.document not in documents or source is None or source.text != one.document[:_LONGEST]:
            documents.setdefault(one.document, len(documents))
            source = Source(one.document[:_LONGEST], "", terms, embedder)
        text = without_marks(one.text)
        texts = [text[part.start : part.end] for part in sentences_of(one.text)]
        texts = [part for part in texts if makes_claim(part, terms)]
        read = [
            _row(one, part, source, documents[one.document], model)
            for part in statements(texts, terms, embedder)
        ]
        if known := [row for row in read if row is not None]:
            found.append(min(known, key=lambda row: row.features["together"]))
    return found


def _row(one: PublicClaim, claim: Statement, source: Source, document: int, model: ClaimModel) -> Row | None:
    sentences = reading.Sentences(claim, [source])
    best = sentences.nearest
    said = reading.read(sentences, model) if best is not None else None
    if best is None or said is None:
        return None
    missing = missing_facts(claim, best, source)
    compared = judge_nearest(claim, [source], best, supported_from=0.0)
    return Row(
        one.truth,
        document,
        dict(reading.features(claim, best, len(missing), said)),
        best.probability if compared.status == "supported" else 0.0,
        compared.status == "contradicted",
        reading.is_refuted(best),
        bool(missing),
    )


def cross_fitted(tables: dict[str, list[Row]]) -> dict[str, np.ndarray]:
    """The probabilities of each set, of documents that the weights were not fitted to."""
    from sklearn.model_selection import GroupKFold

    parts = {
        name: list(GroupKFold(_PARTS).split(tables[name], groups=[row.document for row in tables[name]]))
        for name in FITTED
    }
    found = {name: np.zeros(len(table)) for name, table in tables.items()}
    for part in range(_PARTS):
        fitted = fit([[tables[name][at] for at in parts[name][part][0]] for name in FITTED])
        for name, table in tables.items():
            share = 1 if name in FITTED else 1 / _PARTS
            for at in parts[name][part][1] if name in FITTED else range(len(table)):
                found[name][at] += share * fitted.probability(table[at].features)
    return found


def fit(tables: Sequence[Sequence[Row]], provenance: dict[str, object] | None = None) -> Support:
    """Fit the weights to some tables; each counts the same, and in each both classes."""
    from sklearn.linear_model import LogisticRegression

    names = list(tables[0][0].features)
    values = np.array([[row.features[name] for name in names] for table in tables for row in table])
    truth = np.array([row.truth == "supported" for table in tables for row in table])
    weights = np.concatenate(
        [_weights(np.array([row.truth == "supported" for row in table])) for table in tables]
    )
    mean, scale = values.mean(axis=0), np.maximum(values.std(axis=0), 1e-9)
    fitted = LogisticRegression(C=_PENALTY, max_iter=1000)
    fitted.fit((values - mean) / scale, truth, sample_weight=weights * len(truth) / weights.sum())
    slopes = fitted.coef_[0] / scale
    intercept = float(fitted.intercept_[0] - slopes @ mean)
    rounded = dict(zip(names, slopes.round(4).tolist(), strict=True))
    return Support(rounded, round(intercept, 4), provenance or {})


def _weights(truth: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.where(truth, 0.5 / truth.sum(), 0.5 / (~truth).sum())
    return found


def levels(table: Sequence[Row], probabilities: np.ndarray) -> Iterator[dict[str, Any]]:
    """What each threshold gives: precision and recall of "supported", and how much else is called so."""
    truth = np.array([row.truth == "supported" for row in table])
    for level in _LEVELS:
        said = probabilities >= level
        right, others = int((said & truth).sum()), int((said & ~truth).sum())
        figures = {
            "precision": proportion(right, max(1, right + others)),
            "recall": proportion(right, int(truth.sum())),
            "false_supported": proportion(others, int((~truth).sum())),
        }
        balanced = (figures["recall"].value + 1 - figures["false_supported"].value) / 2
        yield {
            "supported_from": level,
            **{
                name: [round(part, 3) for part in (one.value, one.low, one.high)]
                for name, one in figures.items()
            },
            "balanced_accuracy": round(balanced, 3),
        }


def study() -> dict[str, Estimate]:
    """The figures of all sets at the default thresholds: of claims that were compared, and that were read.

    What was read is judged by weights that were not fitted to its document.
    """
    model = _reader()
    tables = {name: rows(name, model) for name in SETS}
    found = cross_fitted(tables)
    return {
        f"{name}_{way}_{measure}": estimate
        for name, table in tables.items()
        for way, probabilities, least in (
            ("compared", np.array([row.compared for row in table]), SUPPORTED_FROM),
            ("read", found[name] * _kept(table), reading.SUPPORTED_FROM),
        )
        for measure, estimate in _figures(table, probabilities >= least).items()
    }


def _figures(table: Sequence[Row], is_supported: np.ndarray) -> dict[str, Estimate]:
    said: list[Truth] = [
        "contradicted" if row.is_contradicted else "supported" if supported else "unsupported"
        for row, supported in zip(table, is_supported, strict=True)
    ]
    return figures([row.truth for row in table], said, [row.document for row in table])


def _kept(table: Sequence[Row]) -> np.ndarray:
    """False where the words refute or contradict a claim, whatever the model says."""
    return np.array([not (row.is_refuted or row.is_contradicted) for row in table])


def main() -> None:
    """Fit, write the weights and the thresholds, and print them."""
    model = _reader()
    write({name: rows(name, model) for name in SETS}, model.fingerprint)


def _reader() -> ClaimReader:
    opened = sets.cross_encoder()
    if opened is None:
        raise SystemExit("There is no cross-encoder. Install packages/loccit-cross-encoder.")
    return ClaimReader(opened)


def write(tables: dict[str, list[Row]], read_by: str) -> None:
    """Write the weights and the thresholds of fitted tables, and print the thresholds."""
    found = cross_fitted(tables)
    told: dict[str, Any] = {"read_by": read_by, "read": {}, "compared": {}}
    for name, table in tables.items():
        told["read"][name] = list(levels(table, found[name] * _kept(table)))
        told["compared"][name] = list(levels(table, np.array([row.compared for row in table])))
    THRESHOLDS.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    provenance = {
        "source": "claims of the development parts of WiCE (ODC-BY) and ContractNLI (CC BY 4.0), by the "
        "document that they cite",
        "examples": {name: len(tables[name]) for name in FITTED},
        "read_by": read_by,
        "method": f"logistic regression, sets and classes of equal weight, L2 with C = {_PENALTY}",
        "command": "python -m benchmarks.fitting.reading",
    }
    fit([tables[name] for name in FITTED], provenance).save(reading.FILE)
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
