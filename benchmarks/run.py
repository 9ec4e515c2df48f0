"""Measure the conditions again and say what moved: ``python -m benchmarks.run [NAME...] [--write]``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from benchmarks import sets
from benchmarks.studies import STUDIES
from evaluation.harness import Evaluation, evaluate
from evaluation.measures import Estimate
from index.config import LibraryConfig, SearchConfig
from index.library import Library

HERE = Path(__file__).parent
CONDITIONS = HERE / "conditions.yaml"
RESULTS = HERE / "results.json"
console = Console()


@dataclass(frozen=True, slots=True)
class Condition:
    """A claim: what is measured, on which data, with which settings of the search beside the defaults.

    ``tolerance`` is how far a new measurement may be from the kept one, ``at_most`` or ``at_least`` a
    limit; ``others`` are figures of others on the same data, with their sources. ``against`` is a folder
    whose documents do not answer the questions: they are asked there too. Without ``turns`` the earlier
    turns of a conversation are left out. A ``study`` is a measurement of its own that asks no questions.
    """

    name: str
    says: str
    measure: str
    data: str = ""
    split: str = "test"
    settings: Mapping[str, Any] = field(default_factory=dict)
    tolerance: float = 0.003
    at_most: float | None = None
    at_least: float | None = None
    against: str = ""
    turns: bool = True
    study: str = ""
    others: Sequence[Mapping[str, Any]] = ()

    @property
    def asks(self) -> str:
        """Conditions that are the same here are measured by asking the questions once."""
        return json.dumps(
            [self.data, self.split, self.against, self.turns, dict(self.settings)], sort_keys=True
        )


def conditions() -> list[Condition]:
    """All of them, in the order of the file."""
    return [Condition(**one) for one in yaml.safe_load(CONDITIONS.read_text())]


def results() -> dict[str, Estimate]:
    """What was measured and kept."""
    return {name: Estimate(**one) for name, one in json.loads(RESULTS.read_text()).items()}


class Bench:
    """Measures conditions; collections of the data are kept in a folder, questions are asked once."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._asked: dict[str, Evaluation] = {}
        self._studied: dict[str, Mapping[str, Estimate]] = {}
        self._embedder: Any = None

    def measured(self, condition: Condition) -> Estimate | None:
        """Measure one; None where its data is not on this machine."""
        if condition.study:
            return self._figures(condition)[condition.measure] if _data(condition) else None
        evaluation = self.evaluation(condition)
        if evaluation is None:
            return None
        if condition.measure in ("answerability_auroc", "answerability_ece"):
            return sets.held_out(evaluation, condition.measure)
        return evaluation.estimates()[condition.measure]

    def _figures(self, condition: Condition) -> Mapping[str, Estimate]:
        """The figures of a condition's study, which is made once."""
        if condition.study not in self._studied:
            self._studied[condition.study] = STUDIES[condition.study]()
        return self._studied[condition.study]

    def evaluation(self, condition: Condition) -> Evaluation | None:
        """What came of asking a condition's questions; None where its data is not on this machine."""
        folder = _data(condition)
        if folder is None:
            return None
        if condition.asks not in self._asked:
            self._asked[condition.asks] = self._evaluation(condition, folder)
        return self._asked[condition.asks]

    def _evaluation(self, condition: Condition, folder: Path) -> Evaluation:
        self._embedder = self._embedder or sets.embedder()
        config = LibraryConfig(search=replace(SearchConfig(), **condition.settings))
        with Library(self._data, embedder=self._embedder, config=config) as library:
            collection, asking = sets.prepared(library, folder, condition.split)
            if not condition.turns:
                asking = [replace(one, turns=()) for one in asking]
            if not condition.against:
                return evaluate(collection, asking, name=condition.name)
            other = sets.collection_of(library, (HERE.parent / condition.against).resolve())
            asking = [one for one in asking if one.answerable]
            here = evaluate(collection, asking, name=condition.name)
            there = evaluate(other, [replace(one, answerable=False) for one in asking], name=condition.name)
            return replace(here, outcomes=[*here.outcomes, *there.outcomes])


def _data(condition: Condition) -> Path | None:
    """Where a condition's data is; None where it is not on this machine."""
    folder = (HERE.parent / condition.data).resolve()
    return folder if folder.exists() else None


def verdict(condition: Condition, found: Estimate | None, kept: Estimate | None) -> str:
    """What to say of a value beside the one kept, and beside its limits."""
    if found is None:
        return "[yellow]not measured: no data[/]"
    if condition.at_most is not None:
        return (
            "[green]ok[/]" if found.value <= condition.at_most else f"[red]moved above {condition.at_most}[/]"
        )
    if kept is None:
        return "[yellow]new[/]"
    if condition.at_least is not None and found.value < condition.at_least <= kept.value:
        return f"[red]moved below {condition.at_least}[/]"
    moved = found.value - kept.value
    return "[green]ok[/]" if abs(moved) <= condition.tolerance else f"[red]moved {moved:+.4f}[/]"


def main() -> int:
    """Run; exit status 1 when something moved."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="conditions to measure, or the beginnings of their names")
    parser.add_argument(
        "--data", type=Path, default=Path("data/benchmarks"), help="where collections are kept"
    )
    parser.add_argument("--write", action="store_true", help="keep what is measured")
    options = parser.parse_args()
    bench, kept = Bench(options.data), results()
    table = Table("condition", "measured", "95 % interval", "kept", "limit", "", "seconds")
    moved = False
    for condition in conditions():
        if options.names and not condition.name.startswith(tuple(options.names)):
            continue
        start = time.monotonic()
        found = bench.measured(condition)
        told = verdict(condition, found, kept.get(condition.name))
        moved |= "moved" in told
        table.add_row(
            condition.name,
            *_cells(condition, found, kept.get(condition.name)),
            told,
            f"{time.monotonic() - start:.0f}",
        )
        if found and options.write:
            kept[condition.name] = found
            RESULTS.write_text(json.dumps({name: asdict(one) for name, one in kept.items()}, indent=1) + "\n")
    console.print(table)
    return int(moved)


def _cells(condition: Condition, found: Estimate | None, kept: Estimate | None) -> tuple[str, str, str, str]:
    value = f"{found.value:.4f}" if found else ""
    interval = f"{found.low:.3f} to {found.high:.3f} (n={found.questions})" if found else ""
    limits = [f"≥ {condition.at_least}"] if condition.at_least is not None else []
    limits += [f"≤ {condition.at_most}"] if condition.at_most is not None else []
    return value, interval, f"{kept.value:.4f}" if kept else "", " ".join(limits)


if __name__ == "__main__":
    sys.exit(main())
