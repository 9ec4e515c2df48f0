"""``loccit upgrade``: bring collections up to date, or to another model."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from cli.options import Data, read_settings
from cli.terminal.consoles import print_line
from cli.terminal.counts import counted
from cli.terminal.interruption import exit_on_interrupt
from cli.terminal.progress import bars
from index.description import Description
from index.library import Library
from index.naming import CALIBRATION_FILE
from index.upgrading import Plan, Progress, Upgrade
from service.state.library import open_library


def upgrade(
    collection: Annotated[
        str,
        typer.Option("--collection", "-c", help="Name of the collection.", show_default="all collections"),
    ] = "",
    model: Annotated[
        str,
        typer.Option(help="Embedding model to change to: a name, or a folder.", show_default="its own"),
    ] = "",
    data: Data = None,
    only_plan: Annotated[
        bool, typer.Option("--plan", help="Only say what would be done, how long, and with how much disk.")
    ] = False,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="Drop what an unfinished upgrade has prepared.")
    ] = False,
) -> None:
    """Make passages, words and vectors anew from the stored texts; locators stay.

    Collections are asked and written meanwhile. After an interruption, run it again: it goes on.
    """
    if model and not collection:
        raise typer.BadParameter("--model needs --collection.")
    with exit_on_interrupt(), open_library(read_settings(data)) as library:
        for name in [collection] if collection else library.names():
            with library.upgrade(name) as found:
                if cancel:
                    found.cancel()
                    print_line(f"{name}: nothing is prepared.")
                else:
                    _upgrade(library, name, found, model, only_plan=only_plan)


def _upgrade(library: Library, name: str, found: Upgrade, model: str, *, only_plan: bool) -> None:
    before = found.current
    plan = found.plan(model)
    for line in _describe_plan(name, before, plan):
        print_line(line)
    if only_plan:
        return
    with _progress_bars(name) as progress:
        found.run(plan, progress)
    if plan.changes:
        print_line(f"{name}: upgraded.")
        if (path := library.open(name).folder / CALIBRATION_FILE).exists():
            print_line(f"{path} was fitted before and is not used any more: calibrate again, or delete it.")


def _describe_plan(name: str, before: Description, plan: Plan) -> Iterator[str]:
    if not plan.changes:
        yield f"{name}: up to date."
        return
    target = plan.target
    if "model" in plan.changes:
        yield f"{name}: from the model {before.model_name} to {target.model_name}."
    if "precision" in plan.changes:
        yield f"{name}: from vectors in {before.precision} to {target.precision}."
    if others := [change for change in plan.changes if change not in {"model", "precision"}]:
        yield f"{name}: another {' and '.join(others)}."
    yield (
        f"{'Goes on with' if plan.begun else 'Makes'} about {counted(plan.passages, 'passage')} of "
        f"{counted(plan.documents, 'document')}: about {_format_duration(plan.seconds)}, and "
        f"{plan.bytes / 2**20:,.0f} MiB of disk until the old ones are deleted "
        f"({plan.free / 2**20:,.0f} MiB are free)."
    )


def _format_duration(seconds: float) -> str:
    if seconds < 90:
        return counted(max(1, round(seconds)), "second")
    return f"{round(seconds / 60)} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


@contextmanager
def _progress_bars(name: str) -> Iterator[Callable[[Progress], None]]:
    """Show the progress of an upgrade on stderr."""
    with bars() as progress:
        splitting = progress.add_task(f"{name}: splitting versions", total=None)
        embedding = progress.add_task("embedding passages", total=None, visible=False)

        def show(now: Progress) -> None:
            progress.update(splitting, completed=now.staged, total=now.versions)
            progress.update(
                embedding, completed=now.embedded, total=now.passages, visible=now.staged == now.versions
            )

        yield show
