"""Commands that take documents from one instance to another: export and import."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from cli.options import CollectionName, Data, read_settings
from cli.terminal.consoles import stdout
from cli.terminal.interruption import exit_on_interrupt
from cli.terminal.progress import bars
from index.collection import Collection
from index.errors import InvalidInput
from index.history import EXPORT_FORMAT
from index.records import Put
from service.errors import InvalidRequest
from service.state.library import open_library

_BATCH = 64
"""Documents that are stored in one commit."""


def export(
    target: Annotated[Path, typer.Argument(help="New file; .jsonl by custom.")],
    collection: CollectionName = "default",
    data: Data = None,
    without_originals: Annotated[
        bool, typer.Option("--without-originals", help="Leave out the bytes that the texts were read from.")
    ] = False,
) -> None:
    """Write all documents of a collection, with versions and originals, as JSON lines."""
    if target.exists():
        raise typer.BadParameter(f"{target} exists already.")
    with open_library(read_settings(data)) as library:
        opened = library.open(collection)
        values = opened.archive.export(collection, originals=not without_originals)
        header = {**next(values), "model": opened.description.model_source}
        count = _write(target, header, values)
    stdout().print(f"Exported {count:,} documents to {target}.", markup=False, highlight=False)


def _write(target: Path, header: dict[str, Any], values: Iterator[dict[str, Any]]) -> int:
    unfinished = target.with_name(target.name + ".unfinished")
    count = 0
    try:
        with unfinished.open("w", encoding="utf-8") as file, bars() as progress:
            task = progress.add_task("exporting", total=header["documents"])
            file.write(json.dumps(header) + "\n")
            for count, value in enumerate(values, 1):
                file.write(json.dumps(value, ensure_ascii=False) + "\n")
                progress.update(task, completed=count)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def import_(
    source: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What `loccit export` wrote.")],
    collection: CollectionName = "default",
    data: Data = None,
    model: Annotated[
        str,
        typer.Option(
            help="Embedding model of a collection that is created.",
            show_default="the one it was exported from",
        ),
    ] = "",
) -> None:
    """Add exported documents to a collection, so that their locators resolve; then embed them."""
    tally = _Tally()
    with exit_on_interrupt(), open_library(read_settings(data)) as library, bars() as progress:
        with source.open(encoding="utf-8") as file:
            tally.total, exported_from = _read_header(source, file.readline())
            if collection not in library.names():
                model = model or exported_from
            opened = library.open(collection, create=True, model=model)
            task = progress.add_task("importing", total=tally.total)
            while lines := list(islice(file, _BATCH)):
                tally.add(_import(opened, lines))
                progress.update(task, completed=tally.count)
        passages = progress.add_task("embedding passages", total=None)
        opened.embed_pending(progress=lambda done, of: progress.update(passages, completed=done, total=of))
    tally.print()
    if tally.refused or tally.count < tally.total:
        raise typer.Exit(1)


@dataclass
class _Tally:
    """Counts of the imported documents; ``refused`` has the line number and error of each refused one."""

    total: int = 0
    count: int = 0
    added: int = 0
    refused: list[tuple[int, InvalidInput]] = field(default_factory=list)

    def add(self, outcomes: list[Put | InvalidInput]) -> None:
        for outcome in outcomes:
            self.count += 1
            if isinstance(outcome, InvalidInput):
                self.refused.append((self.count + 1, outcome))
            else:
                self.added += outcome.status == "added"

    def print(self) -> None:
        console = stdout()
        unchanged = self.count - self.added - len(self.refused)
        summary = f"{self.added} added, {unchanged} unchanged, {len(self.refused)} refused"
        console.print(summary, highlight=False)
        for number, error in self.refused:
            line = Text.assemble(("  refused", "yellow"), f" line {number}: {error.message}")
            console.print(line, highlight=False, soft_wrap=True)
        if self.count < self.total:
            console.print(
                f"The file is cut off: it has {self.count} of {self.total} documents.", highlight=False
            )


def _import(opened: Collection, lines: list[str]) -> list[Put | InvalidInput]:
    values = []
    for line in lines:
        try:
            value = json.loads(line)
        except ValueError:
            value = None  # refused with its number, as any other value that is no document
        values.append(value if isinstance(value, dict) else {})
    return opened.adopt_many(values)


def _read_header(source: Path, line: str) -> tuple[int, str]:
    """The number of documents and the model in the header of an export; an early one names no model."""
    try:
        header = json.loads(line)
        made_in, total, model = header["format"], int(header["documents"]), str(header.get("model", ""))
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidRequest(f"{source} is not an export: its first line is no header.") from error
    if made_in != EXPORT_FORMAT:
        raise InvalidRequest(
            f"{source} has format {made_in!r}, and this program reads format {EXPORT_FORMAT}. Use the "
            "version of Loccit that wrote it, or a newer one."
        )
    return total, model
