"""``loccit ingest``: put files and folders into a collection, here or in a running service."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.documents import print_purging
from cli.instances import Place, require_no_folder
from cli.options import CollectionName, Data, Key, Server, read_settings
from cli.terminal.ingest_outcome import KINDS, Outcome
from cli.terminal.interruption import exit_on_interrupt
from cli.terminal.output import print_language_offer, print_outcome

if TYPE_CHECKING:
    from index.library import Library
    from index.sources import FolderOptions, IngestReport

_MOST_LOOKED_AT = 50
"""Documents of which the language is looked at, about."""
UNFINISHED = 3
"""Exit status when a mirror kept documents whose files are gone, or documents cannot be found yet."""


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
    server: Server = "",
    key: Key = "",
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

    The exit status is 1 if no file could be ingested, and 3 if a mirror kept documents whose files are gone,
    or documents are stored but cannot be found yet, because an index has failed.
    """
    mirrors = mirror or watching
    _require_consistent(mirrors=mirrors, removes=yes or erase, is_remote=bool(server))
    from index.naming import validate_groups
    from index.sources import Patterns, Selection, resolve_location

    place = Place(collection, data, server, key)
    locations = [resolve_location(path) for path in paths]
    patterns = Patterns(include or (), exclude or ())
    readers = validate_groups(groups) if groups else None
    with exit_on_interrupt():
        if server:
            require_no_folder(place)
            from cli.uploads import Attributes, upload_files

            selection = Selection(prefix, patterns, follow)
            outcome = upload_files(place, locations, selection, Attributes(password, readers, model))
        else:
            from index.sources import FolderOptions

            options = FolderOptions(
                prefix, mirrors, patterns, password, follow=follow, any_share=yes, erase=erase, groups=readers
            )
            if watching:
                _watch(place, locations, options, model)
                return
            outcome = _ingest(place, locations, options, model)
    _print_and_exit(outcome)


def _require_consistent(*, mirrors: bool, removes: bool, is_remote: bool) -> None:
    """Raise :class:`typer.BadParameter` for options that exclude each other."""
    if removes and not mirrors:
        raise typer.BadParameter("--yes and --erase are for --mirror and --watch.")
    if is_remote and mirrors:
        raise typer.BadParameter(
            "--mirror and --watch keep a data folder equal to folders of its machine. Run them there, or "
            "ingest without them."
        )


def _print_and_exit(outcome: Outcome) -> None:
    """Print the outcome. Raises :class:`typer.Exit` unless everything was ingested and can be found."""
    print_outcome(outcome)
    if outcome.refused or outcome.unindexed:
        raise typer.Exit(UNFINISHED)
    if outcome.failed:
        raise typer.Exit(1)


def _ingest(place: Place, paths: Sequence[Path], options: FolderOptions, model: str) -> Outcome:
    from cli.instances.folder import purge
    from cli.terminal.progress import ingest_with_progress
    from service.state.library import open_library

    with open_library(read_settings(place.data)) as library:
        library.expect_documents()
        is_known = place.collection in library.names() and library.counts(place.collection).documents
        is_first = not model and not is_known
        report = ingest_with_progress(library, place.collection, paths, options, model=model)
        if is_first:
            _offer_model(library, place.collection, report.added)
        if options.erase:
            print_purging(purge(library, place.collection))
    return summarize_report(report)


def _offer_model(library: Library, collection: str, added: Sequence[str]) -> None:
    """Name the model for many languages if most of the documents are not in English."""
    from index.embedding import DEFAULT_MODEL
    from index.text import DocumentLanguages
    from service.advice import upgrade_command

    opened = library.open(collection)
    step = max(1, len(added) // _MOST_LOOKED_AT)
    if library.description(collection).model_name != DEFAULT_MODEL:
        return
    found = DocumentLanguages.of(opened.archive.text(id_)[1] for id_ in added[::step])
    if found.are_mostly_other:
        print_language_offer(found.documents, found.other, DEFAULT_MODEL, upgrade_command(collection))


def _watch(place: Place, paths: Sequence[Path], options: FolderOptions, model: str) -> None:
    from index.sources import watch
    from service.flows.ingest.background.purging import open_purger
    from service.state.library import open_library

    with open_library(read_settings(place.data)) as library:
        library.expect_documents()
        with open_purger(library) as purger:
            purger.start()
            try:
                watch(
                    library.open(place.collection, create=True, model=model),
                    paths,
                    options,
                    on_report=lambda report: print_outcome(summarize_report(report)),
                )
            finally:
                purger.stop()


def summarize_report(report: IngestReport) -> Outcome:
    """Count the documents of an ingest by this process, by outcome."""
    counts = {kind: len(getattr(report, kind)) for kind in KINDS}
    return Outcome(counts, report.skipped, report.refused, report.embedded, report.seconds, report.unindexed)
