"""Commands that list and erase documents: list, delete and prune."""

from pathlib import Path
from typing import Annotated

import typer

from cli.instances import Instance, Place, open_instance
from cli.locators import read_locators
from cli.options import CollectionName, Data, Json, Key, Server, read_settings
from cli.terminal.consoles import stderr
from cli.terminal.counts import counted
from cli.terminal.output import print_collections, print_documents, print_pruning


def list_(
    collection: Annotated[
        str, typer.Option("--collection", "-c", help="List the documents of this collection.")
    ] = "",
    retired: Annotated[
        bool, typer.Option("--retired", help="With --collection: also list retired documents.")
    ] = False,
    data: Data = None,
    server: Server = "",
    key: Key = "",
    as_json: Json = False,
) -> None:
    """List the collections, or with --collection the documents of one."""
    with open_instance(Place(collection, data, server, key)) as instance:
        if collection:
            print_documents(instance.documents(retired=retired), retired=retired, as_json=as_json)
        else:
            print_collections(instance.collections(), as_json=as_json)


def delete(
    document_ids: Annotated[list[str] | None, typer.Argument(help="Ids of the documents to delete.")] = None,
    collection: CollectionName = "default",
    data: Data = None,
    server: Server = "",
    key: Key = "",
    whole: Annotated[bool, typer.Option("--all", help="Delete the whole collection.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="With --all: delete. Without it, only count the documents.")
    ] = False,
) -> None:
    """Delete documents with all their versions, or with --all and --yes a whole collection."""
    if whole == bool(document_ids):
        raise typer.BadParameter("Give either document ids, or --all and the collection.")
    with open_instance(Place(collection, data, server, key)) as instance:
        if whole:
            _delete_collection(instance, confirmed=yes)
            return
        for document_id in document_ids or []:
            gone = instance.delete(document_id)
            stderr().print(
                f"Deleted {gone['document_id']}: {counted(gone['versions'], 'version')}, "
                f"{counted(gone['passages'], 'passage')}.",
                markup=False,
            )
        print_purging(instance.purge())


def print_purging(state: str) -> None:
    """Say so if what was erased has not left all files yet."""
    if state == "pending":
        stderr().print(
            "Its bytes are still in files of the data folder that another process uses. The service, or "
            "the next command that deletes, removes them."
        )


def _delete_collection(instance: Instance, *, confirmed: bool) -> None:
    name = instance.collection
    if not confirmed:
        documents = counted(instance.count_documents(), "document")
        stderr().print(
            f"Nothing was deleted. This would erase the collection {name} with {documents}, for good. "
            "Add --yes to do it.",
            highlight=False,
        )
        raise typer.Exit(1)
    instance.delete_collection()
    stderr().print(f"Deleted the collection {name}.")


def prune(
    keep_versions: Annotated[
        int | None,
        typer.Option(help="Versions of each document to keep."),
    ] = None,
    keep_days: Annotated[
        float | None,
        typer.Option(help="Days for which a version is kept after its replacement."),
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
    from cli.instances.folder import purge
    from index.citations import parse_locator
    from index.history import Retention
    from service.state.library import open_library

    settings = read_settings(data, keep_retired_days=keep_retired_days)
    retention = Retention(keep_versions, keep_days, settings.keep_retired_days)
    locators = [parse_locator(one) for one in read_locators(citations)]
    with open_library(settings) as library:
        editor = library.open(collection).editor
        plan = (editor.prune if yes else editor.plan_prune)(retention, locators)
        if yes:
            print_purging(purge(library, collection))
    print_pruning(plan, done=yes)
