"""Fit the answerability weights that come with the package: ``python -m benchmarks.fit_answerability``.

Of each set only the half is used that :func:`benchmarks.sets.first_half` names, so the other half can still
say how good the weights are.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks import sets
from benchmarks.run import Bench, Condition, conditions
from evaluation import calibration
from evaluation.harness import Outcome
from index import answerability

_SETS = ("answerability-clapnq", "answerability-mtrag", "answerability-off-topic")
console = Console()


def known_half(bench: Bench, condition: Condition) -> Sequence[Outcome]:
    """The first half of a condition's questions of which it is known whether they can be answered."""
    evaluation = bench.evaluation(condition)
    if evaluation is None:
        sys.exit(f"{condition.data} is not on this machine.")
    known = [one for one in evaluation.outcomes if one.answerable is not None]
    return [one for one, chosen in zip(known, sets.first_half(len(known)), strict=True) if chosen]


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=Path("data/benchmarks"), help="where collections are kept"
    )
    bench = Bench(parser.parse_args().data)
    named = {one.name: one for one in conditions()}
    chosen = [outcome for name in _SETS for outcome in known_half(bench, named[name])]
    fitted = calibration.fit(
        [one.features for one in chosen],
        [bool(one.answerable) for one in chosen],
        source="halves of CLAP NQ, MTRAG-UN's last turns, and CLAP NQ's questions on SciFact's texts",
    )
    path = Path(answerability.__file__).with_name(answerability.FILE)
    fitted.answerability.save(path)
    console.print(
        f"{path}: AUROC {fitted.held_out.auroc:.4f}, ECE {fitted.held_out.ece:.4f} on held out folds"
    )


if __name__ == "__main__":
    main()
