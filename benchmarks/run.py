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

from benchmarks import processor, sets
from benchmarks.studies import STUDIES
from evaluation import questions
from evaluation.harness import Evaluation, evaluate
from evaluation.measures import Estimate
from index.answers import Extent
from index.config import LibraryConfig, SearchConfig
from index.library import Library
from index.protocols import Embedder

HERE = Path(__file__).parent
CONDITIONS = HERE / "conditions.yaml"
RESULTS = HERE / "results.json"
console = Console()
_TIMED = (
    "catching_up",
    "concurrent_writes",
    "http_load",
    "ingest",
    "ocr",
    "peers",
    "peers_avx2",
    "record_stores",
    "verdicts",
)
"""Studies whose figures are times: the processor is kept with each."""
_PROCESSOR = "processor"


@dataclass(frozen=True, slots=True)
class Condition:
    """A claim: what is measured, on which data, with which settings of the search beside the defaults.

    ``tolerance`` is how far a new measurement may be from the kept one, ``at_most`` or ``at_least`` a
    limit; ``others`` are figures of others on the same data, with their sources. Without ``turns`` the
    earlier turns of a conversation are left out. ``part`` asks only the questions of one part, ``dev`` or
    ``test`` (:func:`benchmarks.sets.part`); ``held_out`` only about documents that the weights of evidence
    were not fitted to (:func:`benchmarks.sets.is_held_out`). ``extent`` is how much the hits quote.
    ``questions`` is another folder whose questions are asked instead: its documents have the same ids, such
    as translations. ``model`` is another embedding model. A ``study`` is a measurement of its own that asks
    no questions.
    """

    name: str
    says: str
    measure: str
    data: str = ""
    split: str = "test"
    part: str = ""
    held_out: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    tolerance: float = 0.003
    at_most: float | None = None
    at_least: float | None = None
    turns: bool = True
    extent: Extent = "passage"
    questions: str = ""
    model: str = ""
    study: str = ""
    others: Sequence[Mapping[str, Any]] = ()

    def is_missed_by(self, estimate: Estimate) -> bool:
        """Whether a measurement misses the aim."""
        too_high = self.at_most is not None and estimate.value > self.at_most
        return too_high or (self.at_least is not None and estimate.value < self.at_least)

    @property
    def asks(self) -> str:
        """Conditions that are the same here are measured by asking the questions once."""
        parts = self.data, self.split, self.part, self.held_out, self.turns, self.extent
        return json.dumps([*parts, self.questions, self.model, dict(self.settings)], sort_keys=True)


def conditions() -> list[Condition]:
    """All of them, in the order of the file."""
    return [Condition(**one) for one in yaml.safe_load(CONDITIONS.read_text())]


def results() -> dict[str, Estimate]:
    """What was measured and kept."""
    return {
        name: Estimate(**{key: value for key, value in one.items() if key != _PROCESSOR})
        for name, one in json.loads(RESULTS.read_text()).items()
    }


def processors() -> dict[str, str]:
    """The processors on which the kept times were measured, by the names of their conditions."""
    kept = json.loads(RESULTS.read_text()).items()
    return {name: str(one[_PROCESSOR]) for name, one in kept if _PROCESSOR in one}


def stored(kept: Mapping[str, Estimate], on: Mapping[str, str]) -> str:
    """What was measured as the text of the file, each time with the processor it was measured on."""
    return (
        json.dumps(
            {
                name: asdict(one) | ({_PROCESSOR: on[name]} if name in on else {})
                for name, one in kept.items()
            },
            indent=1,
        )
        + "\n"
    )


class Bench:
    """Measures conditions; collections of the data are kept in a folder, questions are asked once."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._asked: dict[str, Evaluation] = {}
        self._studied: dict[str, Mapping[str, Estimate]] = {}
        self._embedders: dict[str, Embedder] = {}

    def measured(self, condition: Condition) -> Estimate | None:
        """Measure one; None where its data is not on this machine."""
        if condition.study:
            return self._figures(condition)[condition.measure] if _data(condition) else None
        evaluation = self.evaluation(condition)
        if evaluation is None:
            return None
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
        model = condition.model
        embedder = self._embedders[model] = self._embedders.get(model) or sets.embedder(model)
        config = LibraryConfig(search=replace(SearchConfig(), **condition.settings))
        with Library(self._data / model, embedder=embedder, config=config) as library:
            collection, asking = sets.prepared(library, folder, condition.split)
            if condition.questions:
                asking = questions.load((HERE.parent / condition.questions).resolve(), split=condition.split)
            if condition.part:
                some = (one for one in asking if one.relevant)
                asking = [one for one in some if sets.part(one, folder, condition.split) == condition.part]
            if condition.held_out:
                asking = [one for one in asking if sets.is_held_out(one)]
            if not condition.turns:
                asking = [replace(one, turns=()) for one in asking]
            return evaluate(collection, asking, name=condition.name, extent=condition.extent)


def _data(condition: Condition) -> Path | None:
    """Where a condition's data is; None where it is not on this machine."""
    folder = (HERE.parent / condition.data).resolve()
    return folder if folder.exists() else None


def verdict(condition: Condition, found: Estimate | None, kept: Estimate | None) -> str:
    """What to say of a value beside the one kept, and beside its limits."""
    if found is None:
        return "[yellow]not measured: no data[/]"
    if condition.at_most is not None and (kept is None or kept.value <= condition.at_most):
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
    bench, kept, on = Bench(options.data), results(), processors()
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
            if condition.study in _TIMED:
                on[condition.name] = processor.describe(held=condition.study == "peers_avx2")
            RESULTS.write_text(stored(kept, on))
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
