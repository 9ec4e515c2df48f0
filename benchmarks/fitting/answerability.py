"""Fit the answerability numbers that come with the package: ``python -m benchmarks.fitting.answerability``.

They are fitted to the development halves of all sets on this machine. Printed beside them is how good the
numbers are for a set that is left out of the fit, on its development half; the conditions
``answerability-…`` measure the test halves.
"""

from __future__ import annotations

import argparse
import datetime
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table as Printed

from benchmarks.answerability.fitting import fit
from benchmarks.answerability.study import MEASURES, figures
from benchmarks.answerability.table import MULTILINGUAL_SETS, SETS, tables
from benchmarks.near_misses import table as near_misses
from evaluation.measures import Estimate
from index.embedding import MULTILINGUAL_MODEL
from index.search import load_answerability
from index.search.answerability import fitted_file

console = Console()


def main() -> None:
    """Make the cases that are missing, fit, and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=Path("data/benchmarks"), help="where collections and cases are kept"
    )
    parser.add_argument("sets", nargs="*", help=f"sets to fit to: {', '.join(SETS)}; all by default")
    parser.add_argument("--ask-only", action="store_true", help="make the cases, and do not fit")
    parser.add_argument(
        "--read", action="store_true", help="fit what is used where the cross-encoder reads, and nothing else"
    )
    parser.add_argument(
        "--multilingual", action="store_true", help="fit what is used with the multilingual model"
    )
    options = parser.parse_args()
    if unknown := set(options.sets) - SETS.keys() - MULTILINGUAL_SETS.keys():
        parser.error(f"no such set: {', '.join(sorted(unknown))}")
    how = {"read": options.read, "multilingual": options.multilingual}
    found = dict(tables(options.data, options.sets, **how))
    if not options.sets:
        found |= dict(near_misses.tables(options.data, **how))
    if options.ask_only:
        return
    fitted = fit(found)
    seen = figures(found, dev=True)
    provenance = {
        "fitted": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "questions": "development halves of " + ", ".join(found),
        "answerable": int(sum((one.dev & (one.kind == "present")).sum() for one in found.values())),
        "unanswerable": int(sum((one.dev & (one.kind != "present")).sum() for one in found.values())),
        "left_out": {name: round(seen[name].value, 4) for name in MEASURES},
    }
    model = MULTILINGUAL_MODEL if options.multilingual else ""
    path = fitted_file(model)
    now = load_answerability(model=model if path.exists() else "")
    if options.read:
        provenance = {**now.provenance, "read": provenance}
        made = replace(now, read=fitted.read, read_passage=fitted.read_passage, provenance=provenance)
    else:
        parts = {"known": fitted.known, "spelt": fitted.spelt, "passage": fitted.passage}
        made = replace(now, **parts, provenance=provenance)
    made.save(path)
    console.print(_printed(seen))
    console.print(f"Written: {path}")


def _printed(seen: dict[str, Estimate]) -> Printed:
    table = Printed("figure", "value", "95 % interval", "n")
    for name, one in seen.items():
        table.add_row(name, f"{one.value:.4f}", f"{one.low:.3f} to {one.high:.3f}", str(one.questions))
    return table


if __name__ == "__main__":
    main()
