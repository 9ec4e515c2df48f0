"""Taking documents in beside the model alone, and beside peers that are given the very same passages.

``python -m benchmarks.speed.ingest [--documents N] [--rounds N] [PEER...]``. In rounds SciFact's abstracts
are taken in, from bytes to both indexes, and then the model makes vectors of their passages by itself, each
in a process of its own. A round's ratio is of minutes that follow each other, as the speed of a machine
changes over the day.

The peers of :mod:`benchmarks.speed.peers` cut documents off after 256 tokens, and so embed fewer words than
Loccit. Here each takes in Loccit's passages as its documents: as many texts, and as many words. Loccit is
then measured once more with the model in integers of 8 bits.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.figures import show
from benchmarks.sets import SCIFACT
from benchmarks.speed import peers, raw_encoder
from benchmarks.speed.peers import CACHE, INT8, OURS, Job, Result
from evaluation.measures import Estimate

Figures = dict[str, Estimate]


def taken_in(job: Job, folder: Path) -> tuple[Result, tuple[int, float]]:
    """One round, in an empty folder: what Loccit took; passages and seconds of the model alone."""
    return peers.run(Path(sys.executable), OURS, job, folder), peers.raw_encoder(folder)


def of_passages(job: Job, passages: Sequence[str]) -> Job:
    """A job whose documents are these passages, and that asks one question: answers are not looked at."""
    documents = [(f"passage-{number}", "", text) for number, text in enumerate(passages)]
    return replace(job, documents=documents, asked=job.asked[:1])


def figures(rounds: Sequence[tuple[Result, tuple[int, float]]], found: Mapping[str, Result]) -> Figures:
    """Rates, and their ratios to the model's and to peers' of passages; intervals are the range of rounds.

    ``found`` may have Loccit with integers too.
    """
    rates = [_rate(result) for result, _ in rounds]
    alone = [passages / seconds for _, (passages, seconds) in rounds]
    told = {
        "documents_per_second": _spread([result.documents / result.indexing_seconds for result, _ in rounds]),
        "passages_per_second": _spread(rates),
        "encoder_passages_per_second": _spread(alone),
        "of_encoder": _spread([rate / bound for rate, bound in zip(rates, alone, strict=True)]),
    }
    int8 = found.get(INT8)
    for peer in found.keys() - {INT8}:
        theirs = _rate(found[peer])
        told[f"{peer}_passages_per_second"] = _spread([theirs])
        told[f"{peer}_ratio"] = _spread([rate / theirs for rate in rates])
        if int8:
            told[f"{peer}_int8_ratio"] = _spread([_rate(int8) / theirs])
    return told


def _rate(result: Result) -> float:
    return result.passages / result.indexing_seconds


def _spread(values: Sequence[float]) -> Estimate:
    return Estimate(sum(values) / len(values), min(values), max(values), len(values))


def study(
    documents: int | None = None,
    *,
    rounds: int = 2,
    names: Sequence[str] = (),
    folder: Path = SCIFACT,
    cache: Path = CACHE,
) -> Figures:
    """The figures over the first so many documents, with these peers between the first round and the rest."""
    pythons = {peer: peers.environment(peer, cache) for peer in names}
    job = Job.of(folder, documents)
    found: dict[str, Result] = {}
    with tempfile.TemporaryDirectory() as first:
        kept = [taken_in(job, Path(first))]
        same = of_passages(job, raw_encoder.texts(Path(first) / "collections" / "default"))
        for peer, python in pythons.items():
            with tempfile.TemporaryDirectory() as files:
                found[peer] = peers.run(python, peer, same, Path(files))
        if found:
            with tempfile.TemporaryDirectory() as files:
                found[INT8] = peers.run_int8(job, Path(first), Path(files))
    for _ in range(rounds - 1):
        with tempfile.TemporaryDirectory() as files:
            kept.append(taken_in(job, Path(files)))
    return figures(kept, found)


def main() -> None:
    """Print the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peers", nargs="*", help="who takes in the same passages")
    parser.add_argument("--documents", type=int, help="only the first so many")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=CACHE, help="where the environments are kept")
    parser.add_argument("--save", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    found = study(options.documents, rounds=options.rounds, names=options.peers, cache=options.cache)
    show(found, options.save)


if __name__ == "__main__":
    main()
