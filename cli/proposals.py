"""``loccit propose-questions``: write drafts of questions for ``loccit eval``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.options import CollectionName, Data, read_settings
from cli.terminal.consoles import stdout
from evaluation.proposals import DEFAULT_COUNT, MAX_COUNT, Proposals, propose
from service.state.library import open_library

_UNANSWERABLE = '{"question": "...", "answerable": false}'


def propose_questions(
    target: Annotated[Path, typer.Argument(help="New file; .jsonl by custom.")],
    collection: CollectionName = "default",
    data: Data = None,
    limit: Annotated[
        int, typer.Option(min=1, max=MAX_COUNT, help="Propose at most this many questions.")
    ] = DEFAULT_COUNT,
    seed: Annotated[int, typer.Option(help="Another seed gives other questions.")] = 0,
) -> None:
    """Draft questions about the documents of a collection, for you to correct and for `loccit eval`."""
    if target.exists():
        raise typer.BadParameter(f"{target} exists already.")
    if not target.parent.is_dir():
        raise typer.BadParameter(f"There is no folder {target.parent}.")
    with open_library(read_settings(data)) as library:
        proposals = propose(library.open(collection), count=limit, seed=seed)
    with target.open("x", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in proposals.rows)
    _print_summary(proposals, target)


def _print_summary(proposals: Proposals, target: Path) -> None:
    kinds = ", ".join(f"{count} {kind}" for kind, count in proposals.by_kind().items())
    console = stdout()
    counts = f"{kinds}, {proposals.unanswerable} unanswerable"
    source = f"from {proposals.read} of {proposals.documents} documents"
    told = [f"{len(proposals.rows)} drafts in {target}: {counts}; {source}."]
    if not proposals.unanswerable:
        told.append(f"No unanswerable question could be made. Add some: {_UNANSWERABLE}")
    told.append(
        "Drafts share words with the passages that answer them, so search by words finds these easily. "
        'Reword each as you would ask it and delete its "draft"; delete lines that make no sense. '
        "Then run loccit eval."
    )
    for line in told:
        console.print(line, markup=False, highlight=False)
