"""``loccit sources``: documents of other applications, such as wikis and drives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.auditing import record_command
from cli.options import CollectionName, Data, Json, parse_duration, read_settings
from cli.terminal.consoles import stderr, stdout
from cli.terminal.counts import counted
from cli.terminal.output import print_json, print_outcome

if TYPE_CHECKING:
    from index.collection import Collection
    from index.sources.applications import Source

app = typer.Typer(
    help="Keep a collection equal to a repository, a wiki or a drive.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

UNFINISHED = 3
"""Exit status when documents were kept, because a listing is incomplete or a removal is large."""


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Name of the source. The ids of its documents begin with it.")],
    kind: Annotated[
        str,
        typer.Argument(help="confluence, github, jira, nextcloud, notion, sharepoint or zendesk."),
    ],
    place: Annotated[
        str, typer.Argument(help="What of it: owner/repository, the key of a space or project, a folder.")
    ] = "",
    url: Annotated[str, typer.Option(help="Address of the application, where it has one of its own.")] = "",
    user: Annotated[str, typer.Option(help="User who asks there.")] = "",
    option: Annotated[
        list[str] | None,
        typer.Option(help="NAME=VALUE: branch, api, tenant, client, folder or cloud.", show_default=False),
    ] = None,
    prefix: Annotated[
        str, typer.Option(help="Folder name before each document id.", show_default="the name")
    ] = "",
    groups: Annotated[
        list[str] | None, typer.Option("--group", "-g", help="Group that may read the documents.")
    ] = None,
    group_prefix: Annotated[
        list[str] | None,
        typer.Option(
            help="PATH=GROUP,GROUP: groups that may read what is below a path; the longest path counts."
        ),
    ] = None,
    readers: Annotated[
        bool, typer.Option("--readers", help="Take the groups that may read from the application.")
    ] = False,
    owner: Annotated[
        str, typer.Option(help="Group that alone may read what the application shows to some only.")
    ] = "",
    every: Annotated[
        str, typer.Option(help="Synchronize in a running service each 30m, 6h or 1d.", show_default="never")
    ] = "",
    erase: Annotated[
        bool, typer.Option("--erase", help="Erase documents that are gone, instead of retiring them.")
    ] = False,
    collection: CollectionName = "default",
    data: Data = None,
) -> None:
    """Add a source, or replace the one of this name.

    Its secret is read from the environment at each run, unless one was given to the service for its address.
    """
    from index.sources.applications import Source, put_source, require_connector
    from service.settings import source_variable
    from service.state.library import open_library

    source = Source(
        name,
        kind,
        place,
        url=url,
        user=user,
        options=dict(_pairs(option or (), "--option")),
        prefix=prefix,
        groups=tuple(groups) if groups else None,
        group_prefixes={
            path: tuple(listed.split(",")) for path, listed in _pairs(group_prefix or (), "--group-prefix")
        },
        takes_readers=readers,
        owner=owner,
        every=_parse_duration(every) if every else 0.0,
        erases=erase,
    )
    settings = read_settings(data)
    needs_secret = require_connector(source).needs_secret
    with open_library(settings) as library:
        added = put_source(library.open(collection, create=True), source)
    record_command(settings, "sources add", collection=collection, source=name, kind=kind)
    stderr().print(
        f"The source {added.name} is added. {'Its' if needs_secret else 'If it has one, its'} secret is read "
        f"from {source_variable(name)}, and kept nowhere. Run: loccit sources sync {name} --collection "
        f"{collection}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


@app.command("list")
def list_(collection: CollectionName = "default", data: Data = None, as_json: Json = False) -> None:
    """List the sources of a collection, and when each was synchronized last."""
    from index.sources.applications import all_sources
    from service.flows.sources.describing import source_json
    from service.state.library import open_library

    with open_library(read_settings(data)) as library:
        found, unreadable = all_sources(library.open(collection))
        for problem in unreadable.values():
            stderr().print(problem.message, markup=False, highlight=False, soft_wrap=True)
    if as_json:
        print_json([source_json(one) for one in found])
        return
    for one in found:
        stdout().print(
            f"{one.name}  {one.kind} {one.place or one.url}  {_last(one)}", markup=False, highlight=False
        )


@app.command()
def sync(
    names: Annotated[
        list[str] | None, typer.Argument(help="Sources to synchronize.", show_default="all")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Remove the documents also if they are many of the source.")
    ] = False,
    collection: CollectionName = "default",
    data: Data = None,
) -> None:
    """Synchronize sources now. Unchanged documents are neither read nor embedded again.

    The exit status is 3 if documents were kept although they may be gone, and 1 if a source failed.
    """
    from index.errors import InvalidSource, SourceError
    from index.sources.applications import all_sources
    from service.flows.sources.running import SourceRunner
    from service.flows.sources.secrets import open_secrets
    from service.state.library import open_library

    settings = read_settings(data)
    secrets = open_secrets(settings, settings.data, store=settings.library_config().store_url)
    runner = SourceRunner(settings, secrets)
    failed: list[SourceError | InvalidSource] = []
    is_unfinished = False
    with open_library(settings) as library:
        opened = library.open(collection)
        if not names:
            readable, unreadable = all_sources(opened)
            names = [*(one.name for one in readable), *unreadable]
        for name in names:
            try:
                is_unfinished |= _sync(runner, opened, name, any_share=yes)
            except (SourceError, InvalidSource) as error:
                failed.append(error)
                stderr().print(f"{name}: {error.message}", markup=False, highlight=False, soft_wrap=True)
    if failed:
        raise typer.Exit(1)
    if is_unfinished:
        raise typer.Exit(UNFINISHED)


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="Name of the source.")],
    retire: Annotated[
        bool, typer.Option("--retire", help="Also retire its documents; their citations still resolve.")
    ] = False,
    collection: CollectionName = "default",
    data: Data = None,
) -> None:
    """Forget a source. Its documents stay, unless --retire is given."""
    from index.sources.applications import remove_source, retire_documents
    from service.state.library import open_library

    settings = read_settings(data)
    retired = 0
    with open_library(settings) as library:
        opened = library.open(collection)
        remove_source(opened, name)
        if retire:
            retired = retire_documents(opened, name)
    record_command(settings, "sources remove", collection=collection, source=name, retired=retired)
    said = f"{counted(retired, 'document')} retired." if retire else "Its documents stay."
    stderr().print(f"The source {name} is removed. {said}", markup=False, highlight=False)


def _sync(runner: object, collection: Collection, name: str, *, any_share: bool) -> bool:
    """Run one source and print what it did; True if documents were kept although they may be gone."""
    from cli.ingesting import summarize_report
    from cli.terminal.progress import bars
    from service.flows.sources.running import SourceRunner

    assert isinstance(runner, SourceRunner)  # noqa: S101 -- imported late
    with bars() as progress:
        task = progress.add_task(f"synchronizing {name}", total=None)
        report, run = runner.run(
            collection,
            name,
            any_share=any_share,
            on_file=lambda done, total: progress.update(task, completed=done, total=total),
        )
    print_outcome(summarize_report(report))
    if not run.is_complete:
        stderr().print(run.problem, markup=False, highlight=False, soft_wrap=True)
    return bool(run.problem)


def _pairs(given: Sequence[str], option: str) -> list[tuple[str, str]]:
    pairs = [one.partition("=") for one in given]
    if wrong := [name for name, sign, value in pairs if not (name and sign and value)]:
        raise typer.BadParameter(f"{option} {wrong[0]}: write it as NAME=VALUE.")
    return [(name, value) for name, _, value in pairs]


def _parse_duration(written: str) -> float:
    if (seconds := parse_duration(written)) is None:
        raise typer.BadParameter("--every: write it like 30m, 6h or 1d.")
    return seconds


def _last(source: Source) -> str:
    if source.last is None:
        return "never synchronized"
    began = datetime.fromtimestamp(source.last.began, UTC).isoformat(timespec="seconds")
    return f"{began}  {source.last.problem or 'ok'}"
