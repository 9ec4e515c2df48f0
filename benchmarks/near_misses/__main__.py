"""Make the near misses, ask them, and print the figures: ``python -m benchmarks.near_misses``."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console
from rich.table import Table as Printed

from benchmarks import sets
from benchmarks.near_misses.making import SETS, available, collection_of, near_misses
from benchmarks.near_misses.study import study
from evaluation import questions
from index.config import LibraryConfig
from index.library import Library


def main() -> None:
    """Print the figures, or with ``--show`` the questions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=sets.DATA, help="where collections and cases are kept")
    parser.add_argument("--show", action="store_true", help="print the questions, and ask nothing")
    parser.add_argument("--dev", action="store_true", help="of the documents that numbers are fitted to")
    options = parser.parse_args()
    if options.show:
        _show(options.data)
        return
    printed = Printed("figure", "value", "95 % interval", "n")
    for name, one in study(options.data, dev=options.dev).items():
        printed.add_row(name, f"{one.value:.3f}", f"{one.low:.3f} to {one.high:.3f}", str(one.questions))
    Console().print(printed)


def _show(data: Path) -> None:
    with Library(data, embedder=sets.embedder(), config=LibraryConfig()) as library:
        for name in available(list(SETS)):
            texts = dict(questions.texts(collection_of(library, name)))
            for one in near_misses(name, texts):
                part = "dev" if one.is_dev else "test"
                print(name, part, one.kind, one.answered.text.strip(), one.question.strip(), sep=" | ")


if __name__ == "__main__":
    main()
