"""Claims of public sets, with what people judged: WiCE, AttributionBench and ContractNLI, development parts.

Each cites a whole document. WiCE's "partially supported" counts as unsupported.
:mod:`benchmarks.fitting.reading` judges them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from evaluation.measures import Estimate

CLAIMS = Path(__file__).parents[3] / "shared" / "data" / "claims"
_RESAMPLES = 1000

Truth = Literal["supported", "contradicted", "unsupported"]
_CHOICES: Mapping[str, Truth] = {
    "Entailment": "supported", "Contradiction": "contradicted", "NotMentioned": "unsupported",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PublicClaim:
    """A claim, the text that it cites, and what people judged."""

    text: str
    document: str
    truth: Truth


def wice() -> Iterator[PublicClaim]:
    """Claims of Wikipedia with the sentences of the page that they cite."""
    for row in _lines("wice_dev.jsonl"):
        truth: Truth = "supported" if row["label"] == "supported" else "unsupported"
        yield PublicClaim(row["claim"], "\n".join(row["evidence"]), truth)


def attribution_bench() -> Iterator[PublicClaim]:
    """Sentences of written answers with the passages that they cite."""
    for row in _lines("ab_dev.jsonl"):
        truth: Truth = "supported" if row["attribution_label"] == "attributable" else "unsupported"
        yield PublicClaim(row["claim"], "\n\n".join(row["references"]), truth)


def contract_nli() -> Iterator[PublicClaim]:
    """Hypotheses on non-disclosure agreements."""
    read = json.loads((CLAIMS / "cnli_dev.json").read_text("utf-8"))
    for document in read["documents"]:
        for name, judged in document["annotation_sets"][0]["annotations"].items():
            yield PublicClaim(
                read["labels"][name]["hypothesis"], document["text"], _CHOICES[judged["choice"]]
            )


SETS: Mapping[str, Callable[[], Iterator[PublicClaim]]] = {
    "wice": wice, "attribution_bench": attribution_bench, "contract_nli": contract_nli,
}  # fmt: skip


def _lines(name: str) -> Iterator[dict[str, Any]]:
    with (CLAIMS / name).open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def figures(truths: Sequence[Truth], said: Sequence[Truth], documents: Sequence[int]) -> dict[str, Estimate]:
    """How right the verdicts on claims are, with intervals by a bootstrap over their documents.

    ``precision``, ``recall`` and ``false_supported`` are of "supported": of the claims called so the share
    that are, of those that are the share called so, and that of the others. ``macro_f1`` is the mean of F1
    of supported claims and of all others. ``contradicted_right`` and ``contradicted_found`` are precision
    and recall of "contradicted", where that is said, and where any claim is.
    """
    truth, called = np.array(truths), np.array(said)
    is_true, is_called = truth == "supported", called == "supported"
    against, denied = truth == "contradicted", called == "contradicted"
    judged = [is_true & is_called, is_true & ~is_called, ~is_true & is_called, ~is_true & ~is_called]
    cells = np.stack([*judged, against & denied, against, denied])
    _, number = np.unique(documents, return_inverse=True)
    table = np.zeros((number.max() + 1, len(cells)))
    np.add.at(table, number, cells.T)
    drawn = np.random.default_rng(0).multinomial(
        len(table), np.full(len(table), 1 / len(table)), size=_RESAMPLES
    )
    values, resampled = _measures(table.sum(axis=0)), _measures((drawn @ table).T)
    found = {}
    for name, value in values.items():
        spread = resampled[name][np.isfinite(resampled[name])]
        if np.isfinite(value) and len(spread):
            low, high = np.percentile(spread, [2.5, 97.5])
            found[name] = Estimate(float(value), float(low), float(high), len(truth))
    return found


def _measures(counts: np.ndarray) -> dict[str, np.ndarray]:
    """The measures of counts of true, missed, false and rightly refused claims, and of contradicted ones."""
    right, missed, wrong, refused, refuted, against, denied = counts
    with np.errstate(invalid="ignore", divide="ignore"):
        recall, false = right / (right + missed), wrong / (wrong + refused)
        of_true = 2 * right / (2 * right + missed + wrong)
        of_others = 2 * refused / (2 * refused + missed + wrong)
        return {
            "balanced_accuracy": (recall + 1 - false) / 2,
            "macro_f1": (of_true + of_others) / 2,
            "precision": right / (right + wrong),
            "recall": recall,
            "false_supported": false,
            "contradicted_right": refuted / denied,
            "contradicted_found": refuted / against,
        }
