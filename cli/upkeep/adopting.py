"""The command that says whose the originals and uploads are that a copy of a database names."""

from dataclasses import asdict
from typing import Annotated

import typer

from cli.options import Data, read_settings
from cli.terminal.consoles import print_line
from cli.terminal.output import print_json
from cli.terminal.progress import step_bars
from service.flows import upkeep


def adopt(
    data: Data = None,
    take_over: Annotated[
        bool,
        typer.Option(
            "--take-over",
            help="This database takes the place of the one that it is a copy of: that deletes nothing then.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Give a restored copy of a database places of its own in LOCCIT_OBJECTS, or those of the original."""
    settings = read_settings(data)
    config = settings.library_config()
    upkeep.require_unused(settings.data, config)
    with step_bars() as progress:
        adoption = upkeep.Adoption(settings.data, config, progress)
        done = adoption.take_over() if take_over else adoption.separate()
    if as_json:
        print_json(asdict(done))
    else:
        _print(done, take_over=take_over)
    if done.missing:
        raise typer.Exit(1)


def _print(done: upkeep.Adopted, *, take_over: bool) -> None:
    lines = [f"{folder}: belongs to this database now." for folder in done.folders]
    if not done.folders:
        lines = ["Nothing to adopt: this database owns all places that it names."]
    elif not take_over:
        lines.append(f"Copied {done.originals:,} originals. What the original database has stays as it is.")
    lines += [f"missing: {one.place}: {one.what}." for one in done.missing]
    for line in lines:
        print_line(line)
