"""Commands that change or list documents: ingest, list, delete and prune."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.consoles import stderr
from cli.interruption import resumable
from cli.options import CollectionName, Data, Json, read_settings
from cli.output import print_collections, print_documents, print_pruning, print_report
from cli.progress import ingest_with_progress
from index.citations import parse_locator
from index.history import Retention
from index.library import Library
from index.naming import checked_groups
from index.sources import FolderOptions, Patterns, resolve_location, watch
from service.background.purging import open_purger
from service.library_settings import open_library

MIRROR_REFUSED = 3
"""Exit status when a mirror kept documents whose files are gone."""


def ingest(
    paths: Annotated[
        list[str],
        typer.Argument(
            help="Files, folders, and URLs such as s3://bucket/folder. The id of a file in a folder is its "
            "path below the folder."
        ),
    ],
    collection: CollectionName = "default",
    data: Data = None,
    model: Annotated[
        str,
        typer.Option(
            help="Embedding model of a collection that is created: a name, or a folder.",
            show_default="LOCCIT_MODEL",
        ),
    ] = "",
    prefix: Annotated[str, typer.Option(help="Folder name to put before each document id.")] = "",
    mirror: Annotated[
        bool,
        typer.Option(help="Also retire documents whose files are gone and rename those whose files moved."),
    ] = False,
    watching: Annotated[
        bool, typer.Option("--watch", help="Keep running, and mirror the folders whenever files change.")
    ] = False,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="With --mirror: retire the documents also if they are many of a folder."),
    ] = False,
    erase: Annotated[
        bool,
        typer.Option(
            "--erase",
            help="With --mirror: erase documents whose files are gone, for good, with those that were "
            "retired before.",
        ),
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="Follow symbolic links that lead out of a folder.")
    ] = False,
    include: Annotated[
        list[str] | None,
        typer.Option(help="Ingest only matching files of a folder. A .gitignore pattern: '*.pdf'."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(help="Skip matching files and folders. A .gitignore pattern: 'drafts/'."),
    ] = None,
    groups: Annotated[
        list[str] | None,
        typer.Option(
            "--group", "-g", help="Group that may read the documents, unless a sidecar names others."
        ),
    ] = None,
    password: Annotated[
        str, typer.Option(envvar="LOCCIT_PASSWORD", help="Password of encrypted files.")
    ] = "",
) -> None:
    """Ingest files and folders. Unchanged documents are not embedded again.

    The exit status is 1 if no file could be ingested, and 3 if a mirror kept documents whose files are gone.
    """
    mirrors = mirror or watching
    if (yes or erase) and not mirrors:
        raise typer.BadParameter("--yes and --erase are for --mirror and --watch.")
    locations = [resolve_location(path) for path in paths]
    patterns = Patterns(include or (), exclude or ())
    options = FolderOptions(
        prefix,
        mirrors,
        patterns,
        password,
        follow=follow,
        any_share=yes,
        erase=erase,
        groups=checked_groups(groups) if groups else None,
    )
    with resumable(), open_library(read_settings(data)) as library:
        library.expect_documents()
        if watching:
            with open_purger(library) as purger:
                purger.start()
                try:
                    watch(
                        library.open(collection, create=True, model=model),
                        locations,
                        options,
                        on_report=print_report,
                    )
                finally:
                    purger.stop()
            return
        report = ingest_with_progress(library, collection, locations, options, model=model)
        if erase:
            _purge(library, collection)
    print_report(report)
    if report.refused:
        raise typer.Exit(MIRROR_REFUSED)
    if report.files and len(report.skipped) == report.files:
        raise typer.Exit(1)


def list_(
    collection: Annotated[
        str, typer.Option("--collection", "-c", help="List the documents of this collection.")
    ] = "",
    retired: Annotated[
        bool, typer.Option("--retired", help="With --collection: also list retired documents.")
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """List the collections, or with --collection the documents of one."""
    with open_library(read_settings(data)) as library:
        if collection:
            print_documents(library.open(collection), retired=retired, as_json=as_json)
        else:
            print_collections(library, as_json=as_json)


def delete(
    document_ids: Annotated[list[str] | None, typer.Argument(help="Ids of the documents to delete.")] = None,
    collection: CollectionName = "default",
    data: Data = None,
    whole: Annotated[bool, typer.Option("--all", help="Delete the whole collection.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="With --all: delete. Without it, only count the documents.")
    ] = False,
) -> None:
    """Delete documents with all their versions, or with --all and --yes a whole collection."""
    if whole == bool(document_ids):
        raise typer.BadParameter("Give either document ids, or --all and the collection.")
    with open_library(read_settings(data)) as library:
        if whole:
            _delete_collection(library, collection, confirmed=yes)
            return
        editor = library.open(collection).editor
        for document_id in document_ids or []:
            record = editor.delete(document_id)
            stderr().print(
                f"Deleted {record.id}: {record.versions} versions, {record.passages} passages.", markup=False
            )
        _purge(library, collection)


def _purge(library: Library, collection: str) -> None:
    """Remove what was erased from all files, all of it at once."""
    with open_purger(library) as purger:
        if purger.finish(library.open(collection)) == "pending":
            stderr().print(
                "Its bytes are still in files of the data folder that another process uses. The service, or "
                "the next command that deletes, removes them."
            )


def _delete_collection(library: Library, name: str, *, confirmed: bool) -> None:
    if not confirmed:
        count = library.counts(name).documents
        stderr().print(
            f"Nothing was deleted. This would erase the collection {name} with {count} "
            f"document{'' if count == 1 else 's'}, for good. Add --yes to do it.",
            highlight=False,
        )
        raise typer.Exit(1)
    library.delete(name)
    with open_purger(library) as purger:
        purger.finish_deleted()
    stderr().print(f"Deleted the collection {name}.")


def prune(
    keep_versions: Annotated[
        int | None,
        typer.Option(help="Versions of each document to keep.", show_default="LOCCIT_KEEP_VERSIONS"),
    ] = None,
    keep_days: Annotated[
        float | None,
        typer.Option(
            help="Days for which a version is kept after its replacement.", show_default="LOCCIT_KEEP_DAYS"
        ),
    ] = None,
    keep_retired_days: Annotated[
        float | None,
        typer.Option(
            help="Days for which a retired document is kept.", show_default="LOCCIT_KEEP_RETIRED_DAYS"
        ),
    ] = None,
    citations: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="File of locators, one per line: list those that would break."
        ),
    ] = None,
    collection: CollectionName = "default",
    data: Data = None,
    yes: Annotated[bool, typer.Option("--yes", help="Erase. Without it, only show what would go.")] = False,
) -> None:
    """Erase old versions and retired documents for good. Only shows what would go unless --yes is given."""
    settings = read_settings(
        data, keep_versions=keep_versions, keep_days=keep_days, keep_retired_days=keep_retired_days
    )
    retention = Retention(settings.keep_versions, settings.keep_days, settings.keep_retired_days)
    lines = citations.read_text(encoding="utf-8").splitlines() if citations else []
    locators = [parse_locator(line.strip()) for line in lines if line.strip()]
    with open_library(settings) as library:
        editor = library.open(collection).editor
        plan = (editor.prune if yes else editor.plan_prune)(retention, locators)
        if yes:
            _purge(library, collection)
    print_pruning(plan, done=yes)
