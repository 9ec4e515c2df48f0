"""``loccit migrate``: move everything from one store to another."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from cli.options import Data
from cli.terminal.consoles import print_line, stdout
from cli.terminal.counts import counted
from cli.terminal.interruption import exit_on_interrupt
from cli.terminal.output import print_json
from cli.terminal.progress import step_bars
from index.copying import Difference
from service.flows.upkeep.migration import (
    Migration,
    MovedCollection,
    Planned,
    Report,
    Side,
    models_folder,
    side_of,
)
from service.settings import load_settings
from service.state.library import open_models

_PLACE = "a data folder, or postgresql://user:password@host/database"
_OWN = "LOCCIT_STORE, or else the data folder"


def migrate(
    source: Annotated[
        str,
        typer.Option("--from", metavar="STORE", help=f"Where everything is: {_PLACE}.", show_default=_OWN),
    ] = "",
    target: Annotated[
        str, typer.Option("--to", metavar="STORE", help=f"Where it goes: {_PLACE}.", show_default=_OWN)
    ] = "",
    data: Data = None,
    questions: Annotated[
        int,
        typer.Option(
            min=0, max=10_000, help="Sentences of each collection that both are asked; 0 asks nothing."
        ),
    ] = 200,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be moved; change nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Move all collections, keys, jobs and files to another store, and compare them; can be repeated."""
    settings = load_settings(**({} if data is None else {"data": data}))
    config = settings.library_config()
    own = Side(settings.data, config.store_url, config.objects)
    from_, to = side_of("--from", source, own), side_of("--to", target, own)
    models = settings.models or models_folder(settings.model, own, from_, to)
    with exit_on_interrupt("What was moved so far is kept"), step_bars() as progress:
        migration = Migration(
            from_,
            to,
            open_models(settings.model_copy(update={"models": models})),
            config,
            progress,
        )
        if dry_run:
            planned, beside = migration.plan()
        else:
            report = migration.run(questions=questions)
    if dry_run:
        _print_plan(planned, beside, migration.target, as_json=as_json)
        return
    _print_report(report, migration.target, as_json=as_json)
    if not report.is_same:
        raise typer.Exit(1)


def _print_plan(planned: list[Planned], beside: dict[str, int], target: Side, *, as_json: bool) -> None:
    if as_json:
        print_json({"collections": [asdict(one) for one in planned], "beside": beside})
        return
    for one in planned:
        size = (
            f"{counted(one.documents, 'document')}, {counted(one.versions, 'version')}, "
            f"{counted(one.passages, 'passage')}, "
            f"{one.bytes / 2**20:,.1f} MiB, change {one.change}"
        )
        state = {"new": "", "unfinished": "; a part is there", "moved": f"; there as of change {one.reached}"}
        print_line(f"{one.name}: {size}{state[one.state]}")
    print_line(f"Beside them: {_describe_counts(beside)}")
    if planned and target.store and not target.objects:
        print_line(
            f"Originals go into the data folder {target.data}: other machines would not show them. To share "
            "them, set LOCCIT_OBJECTS before you move anything."
        )
    print_line("Nothing was changed.")


def _print_report(report: Report, target: Side, *, as_json: bool) -> None:
    if as_json:
        print_json({**asdict(report), "is_same": report.is_same, "target": target.words})
        return
    for one in report.collections:
        _print_collection(one)
    print_line(f"Beside them: {_describe_counts(report.beside)}")
    _print_differences("", report.differences)
    if not report.is_same:
        print_line(
            "The target is different. Collections that were copied now are not to be found there. Run "
            "`loccit check` on the source, and migrate again."
        )
        return
    into = "set LOCCIT_STORE to it" if target.store else f"unset LOCCIT_STORE, set LOCCIT_DATA={target.data}"
    print_line(
        f"Everything is in {target.words}. What is written to the source from now on is not: stop its "
        f"services, run the same command again, {into}, and start them."
    )
    originals = sum(one.originals for one in report.collections)
    if originals and target.store and not target.objects:
        print_line(
            f"{originals:,} originals are in the data folder {target.data}: other machines do not show them. "
            "To share them, set LOCCIT_OBJECTS and migrate into an empty database."
        )


def _print_collection(one: MovedCollection) -> None:
    held = f"; nobody could write for {one.held_seconds:.2f} s" if one.held_seconds else ""
    size = f"{counted(one.documents, 'document')}, {counted(one.passages, 'passage')}"
    originals = counted(one.originals, "original")
    print_line(f"{one.name}: {size}, {originals}, as of change {one.change}{held}")
    rows = sum(one.rows.values())
    print_line(
        f"  compared {rows:,} rows, asked {one.questions} questions: {len(one.differences)} differences"
    )
    for name, digest in one.hashes.items():
        print_line(f"  SHA-256 of all {name}: {digest}")
    _print_differences(one.name, one.differences)


def _print_differences(collection: str, differences: list[Difference]) -> None:
    for one in differences:
        where = ": ".join(filter(None, [collection, one.place]))
        line = Text.assemble(("different", "red"), f" {where}: {one.what}")
        stdout().print(line, highlight=False, soft_wrap=True)


def _describe_counts(rows: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in rows.items() if count) or "nothing"
