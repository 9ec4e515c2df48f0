"""Evaluate a model on development samples: answers, sentences, spans and claims."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.cross_encoder.encoding import UNKNOWN, Batch, Encoder, batch
from training.cross_encoder.measures import auroc, calibration_error, logistic, token_f1
from training.cross_encoder.model import CrossEncoder, inputs, sentence_logits, span_logits
from training.cross_encoder.samples import Sample

_TOKENS = 8192
_LONGEST_ANSWER = 40
"""Tokens."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a model says of a sample."""

    sample: Sample
    answers: float
    """Logit."""
    sentence: int
    """The sentence with the highest logit."""
    span_f1: float
    """NaN where no span is known."""
    claim: int


def judge(
    model: CrossEncoder, samples: Sequence[Sample], encoder: Encoder, *, bf16: bool = True
) -> list[Judged]:
    """Let a model judge samples, in their order."""
    encoded = [encoder.encode(one) for one in samples]
    order = sorted(range(len(samples)), key=lambda n: len(encoded[n].ids))
    judged: list[Judged | None] = [None] * len(samples)
    model.eval()
    for rows in _batches(order, [len(one.ids) for one in encoded]):
        made = batch([encoded[n] for n in rows])
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            scores = model(*inputs(made))
            best = sentence_logits(scores, made).masked_fill(
                torch.from_numpy(_missing(made, [len(samples[n].sentences) for n in rows])), -1e9
            )
            starts, ends = span_logits(scores, made)
        f1 = _span_f1(made, starts.float().numpy(), ends.float().numpy())
        for at, n in enumerate(rows):
            judged[n] = Judged(
                samples[n],
                float(scores.answers[at]),
                int(best[at].argmax()),
                f1[at],
                int(scores.claims[at].argmax()),
            )
    return [one for one in judged if one is not None]


def _batches(order: Sequence[int], lengths: Sequence[int]) -> Iterator[list[int]]:
    rows: list[int] = []
    for n in order:
        if rows and (len(rows) + 1) * lengths[n] > _TOKENS:
            yield rows
            rows = []
        rows.append(n)
    if rows:
        yield rows


def _missing(made: Batch, counts: Sequence[int]) -> NDArray[np.bool_]:
    numbers = np.arange(made.sentence_labels.shape[1])
    return np.asarray(numbers[None, :] >= np.maximum(1, np.array(counts))[:, None], np.bool_)


def _span_f1(made: Batch, starts: NDArray[np.float32], ends: NDArray[np.float32]) -> list[float]:
    found = []
    for at, (wanted_start, wanted_end) in enumerate(zip(made.starts, made.ends, strict=True)):
        if wanted_start in {0, UNKNOWN}:
            found.append(float("nan"))
            continue
        start, end = best_span(starts[at], ends[at])
        ids = made.ids[at].tolist()
        found.append(token_f1(ids[start : end + 1], ids[wanted_start : wanted_end + 1]))
    return found


def best_span(starts: NDArray[np.float32], ends: NDArray[np.float32]) -> tuple[int, int]:
    """The most likely first and last token of an answer, which is not [CLS]."""
    pairs = np.triu(starts[:, None] + ends[None, :]) + np.tril(np.full((len(starts),) * 2, -1e9), -1)
    pairs = np.where(np.tri(len(starts), k=_LONGEST_ANSWER, dtype=bool), pairs, -1e9)
    pairs[0] = -1e9
    start, end = np.unravel_index(int(pairs.argmax()), pairs.shape)
    return int(start), int(end)


def figures(judged: Sequence[Judged]) -> dict[str, Any]:
    """The figures of development samples. Shares of kinds are those at a probability of .5 or more."""
    read = [one for one in judged if one.sample.answers is not None]
    labels = np.array([bool(one.sample.answers) for one in read])
    probabilities = logistic(np.array([one.answers for one in read]))
    found: dict[str, Any] = {"n": len(read)}
    if read:
        found |= {
            "auroc": _rounded(auroc(probabilities, labels)),
            "ece": _rounded(calibration_error(probabilities, labels)),
            "accepted": _by_kind(read, probabilities),
            "auroc_by_kind": _auroc_by_kind(read, probabilities, labels),
        }
    placed = [
        one for one in read if one.sample.answers and one.sample.answering and len(one.sample.sentences) > 1
    ]
    found["sentence"] = _mean([float(one.sentence in (one.sample.answering or ())) for one in placed])
    found["span_f1"] = _mean([one.span_f1 for one in read if not np.isnan(one.span_f1)])
    claims = [one for one in judged if one.sample.claim is not None]
    found["claims"] = _mean([float(one.claim == one.sample.claim) for one in claims])
    return found


def _by_kind(read: Sequence[Judged], probabilities: NDArray[np.float64]) -> dict[str, float]:
    kinds = [one.sample.kind for one in read]
    return {
        kind: _rounded(
            float(np.mean([p >= 0.5 for k, p in zip(kinds, probabilities, strict=True) if k == kind]))
        )
        for kind in sorted(set(kinds))
    }


def _auroc_by_kind(
    read: Sequence[Judged], probabilities: NDArray[np.float64], labels: NDArray[np.bool_]
) -> dict[str, float]:
    """AUROC of each kind of negative against all positives."""
    kinds = np.array([one.sample.kind for one in read])
    negative = sorted(set(kinds[~labels].tolist()))
    return {
        kind: _rounded(auroc(probabilities[labels | (kinds == kind)], labels[labels | (kinds == kind)]))
        for kind in negative
    }


def _mean(values: Sequence[float]) -> float | None:
    return _rounded(float(np.mean(values))) if values else None


def _rounded(value: float) -> float:
    return round(value, 4)
