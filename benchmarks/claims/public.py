"""Judge claims of public sets as people did, or not: ``python -m benchmarks.claims.public [SET...]``.

The development parts of WiCE, AttributionBench and ContractNLI. Each claim is judged by the whole document
that it cites, as ``POST /v1/verify`` does. Of several sentences in a claim, one that is contradicted decides,
then the least probable. WiCE's "partially supported" counts as unsupported.

``balanced_accuracy`` and ``auroc`` are of supported claims against all others (the first of what was called
supported, the second of its probability); ``false_supported`` is the share of the others that were called
supported. ``contradicted_right``: of those called contradicted the share that are; ``contradicted_found``: of
those that are the share called so. AttributionBench and WiCE have none.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from benchmarks import sets
from benchmarks.near_misses.study import auroc
from benchmarks.proportions import proportion
from evaluation.measures import Estimate
from index.citations import StatementVerdict, Verification, parse_locator
from index.collection import Collection
from index.ingest import Source
from index.library import Library
from index.sources import put_all

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


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim with the verdict on it."""

    claim: PublicClaim
    status: str
    probability: float


def judge(collection: Collection, claims: Sequence[PublicClaim]) -> list[Judged]:
    """Judge claims by whole documents, which are stored first."""
    ids = {text: f"{at}.txt" for at, text in enumerate(dict.fromkeys(one.document for one in claims))}
    sources = (Source(id_, text.encode(), media_type="text/plain") for text, id_ in ids.items())
    for _ in put_all(collection, sources):
        pass
    with collection.verification() as verification:
        return [_judge(verification, collection, one, ids[one.document]) for one in claims]


def _judge(verification: Verification, collection: Collection, claim: PublicClaim, id_: str) -> Judged:
    record, text = collection.archive.text(id_)
    whole = parse_locator(f"{id_}@{record.text_sha256.hex()[:12]}:0-{len(text)}")
    verdicts: list[StatementVerdict] = [
        one for one in verification.answer(claim.text, [whole]).statements if one is not None
    ]
    if not verdicts:
        return Judged(claim, "unsupported", 0.0)
    statuses = [one.status for one in verdicts]
    status = "contradicted" if "contradicted" in statuses else "unsupported"
    if all(one == "supported" for one in statuses):
        status = "supported"
    return Judged(claim, status, min(one.probability for one in verdicts))


def figures(judged: Sequence[Judged]) -> dict[str, Estimate]:
    """The figures of one set."""
    truths = np.array([one.claim.truth for one in judged])
    said = np.array([one.status for one in judged])
    probabilities = np.array([one.probability for one in judged])
    is_true, is_said = truths == "supported", said == "supported"
    found = {
        "balanced_accuracy": _balanced(is_true, is_said),
        "auroc": auroc(probabilities[is_true], probabilities[~is_true]),
        "false_supported": proportion(int(is_said[~is_true].sum()), int((~is_true).sum())),
    }
    against, called = truths == "contradicted", said == "contradicted"
    if called.any():
        found["contradicted_right"] = proportion(int((called & against).sum()), int(called.sum()))
    if against.any():
        found["contradicted_found"] = proportion(int((called & against).sum()), int(against.sum()))
    return found


def _balanced(truth: np.ndarray, said: np.ndarray) -> Estimate:
    """The mean of the shares of true and of other claims judged right, with a bootstrap over claims."""

    def value(rows: np.ndarray) -> float:
        right, of = truth[rows] == said[rows], truth[rows]
        return float((right[of].mean() + right[~of].mean()) / 2)

    count = len(truth)
    drawn = np.random.default_rng(0).integers(0, count, (_RESAMPLES, count))
    low, high = np.percentile([value(rows) for rows in drawn], [2.5, 97.5])
    return Estimate(value(np.arange(count)), float(low), float(high), count)


def study(names: Sequence[str] = tuple(SETS)) -> dict[str, Estimate]:
    """All figures, named by their set."""
    found = {}
    with Library(sets.DATA, embedder=sets.embedder()) as library:
        for name in names:
            collection = library.open(f"claims-{name.replace('_', '-')}", create=True)
            for measure, one in figures(judge(collection, list(SETS[name]()))).items():
                found[f"{name}_{measure}"] = one
    return found


if __name__ == "__main__":
    for measured, estimate in study(sys.argv[1:] or tuple(SETS)).items():
        print(f"{measured}: {estimate.value:.4f} ({estimate.low:.4f} to {estimate.high:.4f})")
