"""Progress bars with a rate and the remaining time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from cli.terminal.consoles import stderr

if TYPE_CHECKING:
    from index.library import Library
    from index.sources import FolderOptions, IngestReport


class _Rate(ProgressColumn):
    """Column with the number of items per second."""

    def render(self, task: Task) -> Text:
        """Render the rate, or nothing before it is known."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.1f}/s" if speed else "", style="progress.data.speed")


def bars() -> Progress:
    """Progress bars on stderr, each with a count, a rate and the remaining time."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=stderr(),
    )


@contextmanager
def step_bars(prefix: str = "") -> Iterator[Callable[[str, int, int], None]]:
    """Show a progress bar on stderr for each step that is told: its name, what is done, and of how many.

    ``prefix`` stands before each name.
    """
    with bars() as progress:
        tasks: dict[str, TaskID] = {}

        def show(doing: str, done: int, total: int) -> None:
            if doing not in tasks:
                tasks[doing] = progress.add_task(f"{prefix}{doing}", total=None)
            progress.update(tasks[doing], completed=done, total=total)

        yield show


def ingest_with_progress(
    library: Library, collection: str, paths: Sequence[Path], options: FolderOptions, *, model: str = ""
) -> IngestReport:
    """Ingest files and folders, and show one bar for files and one for passages on stderr.

    ``model`` is that of a collection that is created.
    """
    from index.sources import FolderIngest

    with bars() as progress:
        loading = progress.add_task("opening the collection", total=None)
        opened = library.open(collection, create=True, model=model)
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
