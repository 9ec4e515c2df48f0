"""Measure the conditions again and say what moved: ``python -m benchmarks.run [NAME...] [--write]``."""

from __future__ import annotations

import argparse
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks import datasets, freshness, measures
from index.collection import Collection
from index.config import LibraryConfig, SearchConfig
from index.embedding import load_embedder
from index.errors import InvalidInput
from index.folders import FolderIngest
from index.library import Library

HERE = Path(__file__).parent
CONDITIONS = HERE / "conditions.yaml"
_PER_PUT = 256
console = Console()


def prepared(library: Library, data: Path) -> Collection:
    """A collection of the data's documents; what is there already is not embedded again."""
    collection = library.open(data.name.replace(".", "-").lower(), create=True)
    if (data / "corpus.jsonl").exists():
        sources = datasets.beir_sources(data)
        while batch := list(islice(sources, _PER_PUT)):
            wrong = [one for one in collection.put_many(batch) if isinstance(one, InvalidInput)]
            for error in wrong:
                console.print(f"[yellow]{data.name}[/]: {error.message}")
        counts = collection.counts()
        waiting = counts.passages - counts.embedded
        for _ in track(range(0, waiting, _PER_PUT), f"embedding {data.name}", disable=not waiting):
            collection.embed_pending(limit=_PER_PUT)
        collection.embed_pending()
    else:
        FolderIngest(collection).run([path for path in data.iterdir() if path.suffix != ".jsonl"])
    return collection


def measured(library: Library, condition: dict[str, Any]) -> measures.Measured | None:
    """Measure one condition; None where its data is not on this machine."""
    if condition["measure"] == "seconds_until_answered":
        return freshness.seconds_until_answered()
    data = (HERE.parent / condition["data"]).resolve()
    if not data.exists():
        return None
    collection = prepared(library, data)
    if condition["measure"] == "quote_in_top":
        return measures.quote_in_top(collection, data / "questions.jsonl", k=condition["k"])
    return measures.ndcg_at_10(collection, data, condition.get("split", "test"))


def verdict(condition: dict[str, Any], found: measures.Measured | None) -> str:
    """What to say of a value beside the one expected."""
    if found is None:
        return "[yellow]not measured: no data[/]"
    if (limit := condition.get("at_most")) is not None:
        return "[green]ok[/]" if found.value <= limit else f"[red]moved above {limit}[/]"
    if condition["expected"] is None:
        return "[yellow]new[/]"
    moved = found.value - condition["expected"]
    return "[green]ok[/]" if abs(moved) <= condition["tolerance"] else f"[red]moved {moved:+.4f}[/]"


def main() -> int:
    """Run; exit status 1 when something moved."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="conditions to measure; all when none is named")
    parser.add_argument(
        "--data", type=Path, default=Path("data/benchmarks"), help="where collections are kept"
    )
    parser.add_argument("--write", action="store_true", help="take what is measured as what is expected")
    options = parser.parse_args()
    conditions = yaml.safe_load(CONDITIONS.read_text())
    table = Table("condition", "measured", "95 % interval", "expected", "", "seconds")
    worst = 0
    with Library(
        options.data, embedder=load_embedder, config=LibraryConfig(search=SearchConfig())
    ) as library:
        for condition in conditions:
            if options.names and condition["name"] not in options.names:
                continue
            start = time.monotonic()
            found = measured(library, condition)
            told = verdict(condition, found)
            worst |= "moved" in told
            value = f"{found.value:.4f}" if found else ""
            interval = f"{found.low:.3f} to {found.high:.3f} (n={found.questions})" if found else ""
            expected = "" if condition.get("expected") is None else f"{condition['expected']:.4f}"
            expected = f"≤ {condition['at_most']}" if "at_most" in condition else expected
            table.add_row(
                condition["name"], value, interval, expected, told, f"{time.monotonic() - start:.0f}"
            )
            if found and options.write and "expected" in condition:
                write_expected(condition["name"], found.value)
    console.print(table)
    return worst


def write_expected(name: str, value: float) -> None:
    """Put a value in the conditions file, whose comments stay."""
    lines = CONDITIONS.read_text().splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if line.strip() == f"- name: {name}")
    at = next(n for n in range(at, len(lines)) if lines[n].strip().startswith("expected:"))
    lines[at] = f"  expected: {value:.4f}\n"
    CONDITIONS.write_text("".join(lines))


if __name__ == "__main__":
    sys.exit(main())
