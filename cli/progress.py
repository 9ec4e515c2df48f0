"""Progress bars for long work: a rate and a time left."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from index.folders import FolderIngest, FolderOptions, Report
from index.library import Library


class _Rate(ProgressColumn):
    """Pieces of work a second."""

    def render(self, task: Task) -> Text:
        """Show the speed once there is one."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.1f}/s" if speed else "", style="progress.data.speed")


def bars() -> Progress:
    """Bars on stderr, each with a count, a rate and a time left."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def ingest_with_progress(
    library: Library, collection: str, paths: Sequence[Path], options: FolderOptions
) -> Report:
    """Take in files and folders with a bar for files and one for passages, on stderr."""
    with bars() as progress:
        loading = progress.add_task("opening the collection", total=None)
        opened = library.open(collection, create=True)
        progress.remove_task(loading)
        files = progress.add_task("reading files", total=None)
        passages = progress.add_task("embedding passages", total=None, visible=False)
        return FolderIngest(
            opened,
            options,
            on_file=lambda done, total: progress.update(files, completed=done, total=total),
            on_passage=lambda done, total: progress.update(
                passages, completed=done, total=total, visible=True
            ),
        ).run(paths)
