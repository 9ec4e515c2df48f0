"""Commands that keep a data folder safe: backup, restore and check."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.text import Text

from cli.options import Data, read_settings
from cli.terminal.consoles import print_line, stderr, stdout
from cli.terminal.counts import counted
from cli.terminal.output import print_json
from cli.terminal.progress import step_bars
from index.history import Ledger
from index.library import ERASURE_LEDGER
from service.flows import upkeep
from service.flows.upkeep.errors import StoredElsewhere
from service.settings import Settings


def backup(
    target: Annotated[
        Path,
        typer.Argument(help="New folder, or new file that ends in .tar or .tar.gz; not in the data folder."),
    ],
    data: Data = None,
) -> None:
    """Back up collections, jobs, uploaded files and keys, while the service goes on."""
    settings = _read_folder_settings(data)
    with _byte_progress("copying, then reading again") as progress:
        objects = settings.library_config().objects
        manifest = upkeep.back_up(settings.data, target, progress, objects=objects)
    console = stdout()
    for name, counts in manifest.collections.items():
        size = f"{counted(counts['documents'], 'document')}, {counted(counts['passages'], 'passage')}"
        console.print(f"{escape(name)}: {size}", highlight=False)
    console.print(
        f"Backed up {counted(len(manifest.files), 'file')}, {manifest.size:,} bytes, to {target} "
        "and read them again.",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def restore(
    source: Annotated[Path, typer.Argument(help="What `loccit backup` wrote.")],
    data: Data = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the collections, jobs and keys in the data folder.")
    ] = False,
    ledger: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Ledger of erasures: what it names stays erased.",
            show_default="LOCCIT_ERASURE_LEDGER, or erasures.jsonl in the data folder",
        ),
    ] = None,
    bring_back: Annotated[
        bool,
        typer.Option("--bring-back-erased", help="Also restore what was erased after the backup was made."),
    ] = False,
) -> None:
    """Restore a backup. The service and all commands that use the data folder must be stopped."""
    settings = _read_folder_settings(data)
    own = settings.library_config().erasure_ledger or settings.data / ERASURE_LEDGER
    used = None if bring_back else Ledger(ledger or own)
    with _byte_progress("checking and copying") as progress:
        restored = upkeep.restore(
            settings.data,
            source,
            ledger=used,
            replace=replace,
            progress=progress,
            objects=settings.library_config().objects,
        )
    manifest = restored.manifest
    documents = sum(counts["documents"] for counts in manifest.collections.values())
    lines = [
        f"Restored {counted(len(manifest.collections), 'collection')}, {counted(documents, 'document')}, "
        f"as of {manifest.made}.",
        *_describe_erasures(restored, used),
        "Indexes are made anew when a collection is opened. API keys are as they were then; those that the "
        "data folder had as revoked stay revoked. If it had none, revoke again those revoked since. All "
        "sessions of browsers have ended.",
        *_describe_leftovers(restored),
        *_describe_lost_keys(restored),
    ]
    for line in lines:
        print_line(line)


def check(
    data: Data = None,
    repairing: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Make anew what is derived: indexes, counts, values of filters, vectors. Documents and "
            "texts are never changed. Nothing else may use the data.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check texts, citations, counts, vectors, indexes, jobs and files; exits with 1 if one is wrong."""
    settings = read_settings(data)
    config = settings.library_config()
    if repairing:
        upkeep.require_unused(settings.data, config)
    with step_bars("checking ") as progress:
        found = list(upkeep.check(settings.data, config, progress))
        left = found
        if repairing and any(one.problem.is_repairable for one in found):
            upkeep.repair(settings.data, config, found)
            left = list(upkeep.check(settings.data, config, progress))
    repaired = [one for one in found if one not in left]
    if as_json:
        print_json({"problems": [asdict(one) for one in left], "repaired": [asdict(one) for one in repaired]})
    else:
        _print_findings("repaired", "green", repaired)
        _print_findings("wrong", "red", left)
        fixable = sum(one.problem.is_repairable for one in left)
        advice = f" --repair makes {fixable} of them good." if fixable else ""
        stdout().print(f"{len(left)} problems.{advice}" if left else "No problems.", highlight=False)
        for name, fields in upkeep.outdated_collections(settings.data, config).items():
            line = f"{name}: an upgrade is available ({', '.join(fields)}): loccit upgrade -c {name}"
            print_line(line)
    if left:
        raise typer.Exit(1)


def _print_findings(word: str, colour: str, findings: list[upkeep.Finding]) -> None:
    for one in findings:
        where = ": ".join(filter(None, [one.collection, one.problem.place]))
        line = Text.assemble(
            (word, colour), f" {where}: {one.problem.message} ", (f"({one.problem.code})", "dim")
        )
        stdout().print(line, highlight=False, soft_wrap=True)


def _describe_erasures(restored: upkeep.Restored, ledger: Ledger | None) -> Iterator[str]:
    if ledger is None:
        yield "What was erased after the backup was made is back, as --bring-back-erased says."
    elif not restored.has_ledger:
        yield (
            f"There is no ledger of erasures at {ledger.path}. If nothing was erased after the backup was "
            "made, all is well. Otherwise it is back: restore with the right file (--ledger), or erase "
            "it again."
        )
    if restored.documents or restored.versions or restored.collections:
        collections = (
            f" and the collections {', '.join(restored.collections)}" if restored.collections else ""
        )
        yield (
            f"Erased again, as the ledger says: {counted(restored.documents, 'document')}, "
            f"{counted(restored.versions, 'version')}{collections}. --bring-back-erased would keep them."
        )


def _describe_leftovers(restored: upkeep.Restored) -> Iterator[str]:
    if restored.left:
        yield (
            f"Left in the place of LOCCIT_OBJECTS: {', '.join(restored.left)}. The data folder that the "
            "backup was made of has its files there. If that is gone, delete them: nothing else does."
        )


def _describe_lost_keys(restored: upkeep.Restored) -> Iterator[str]:
    if restored.lacks_keys:
        yield (
            "The data folder was under API keys, and the backup has none: the service does not start until "
            "you make some (loccit keys create NAME --scope admin), or say that it needs none (loccit keys "
            "forget-lost)."
        )


def _read_folder_settings(data: Path | None) -> Settings:
    """Read the settings. Raises StoredElsewhere if the data is in a database and not in the data folder."""
    settings = read_settings(data)
    if settings.library_config().store_url:
        raise StoredElsewhere(
            "Collections, jobs and keys are in the database of LOCCIT_STORE, not in the data folder. Back it "
            "up and restore it with the tools of PostgreSQL: pg_dump, pg_restore, pg_basebackup."
        )
    return settings


@contextmanager
def _byte_progress(doing: str) -> Iterator[Callable[[int], None]]:
    """Show on stderr how many bytes were handled."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=stderr(), transient=True) as progress:
        task = progress.add_task(doing, total=None)
        yield lambda size: progress.advance(task, size)
