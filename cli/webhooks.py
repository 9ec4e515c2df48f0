"""``loccit webhooks``: tell other programs what changes in a collection."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.auditing import record_command
from cli.locators import read_locators
from cli.options import CollectionName, Data, Json, read_settings
from cli.terminal.consoles import print_line, stderr, stdout
from cli.terminal.output import print_json
from service.flows.webhooks.configured import (
    TOPICS,
    Webhook,
    all_webhooks,
    change_webhook,
    remove_webhook,
    validate_webhook,
    webhook_of,
)
from service.settings import webhook_variable

app = typer.Typer(
    help="Tell other programs what changes in a collection.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Name of the webhook.")],
    url: Annotated[str, typer.Argument(help="Address that messages are sent to.")],
    topics: Annotated[
        list[str] | None,
        typer.Option("--event", help="documents, jobs or citations.", show_default="all"),
    ] = None,
    groups: Annotated[
        list[str] | None,
        typer.Option(
            "--group",
            "-g",
            help="Group whose documents it is told of; '*' for all.",
            show_default="documents for everybody",
        ),
    ] = None,
    citations: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="File of locators, one per line, whose status is watched."
        ),
    ] = None,
    collection: CollectionName = "default",
    data: Data = None,
) -> None:
    """Add a webhook, or replace the one of this name. A running service tells it what happens from now on."""
    from service.state.library import open_library

    settings = read_settings(data)
    with open_library(settings) as library:
        opened = library.open(collection, create=True)
        webhook = validate_webhook(
            Webhook(
                name,
                url,
                topics=tuple(topics or TOPICS),
                groups=tuple(groups or ()),
                citations=tuple(map(str, read_locators(citations))),
                since=opened.last_change(),
                jobs_since=time.time(),
            )
        )
        change_webhook(opened, name, lambda known: webhook)
    record_command(settings, "webhooks add", collection=collection, webhook=name)
    stderr().print(
        f"The webhook {name} is added. Its messages are signed with {webhook_variable(name)} of the service, "
        "which is kept nowhere.",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


@app.command("list")
def list_(collection: CollectionName = "default", data: Data = None, as_json: Json = False) -> None:
    """List the webhooks of a collection, and what could not be delivered."""
    from service.state.library import open_library

    with open_library(read_settings(data)) as library:
        readable, unreadable = all_webhooks(library.open(collection))
        found = [_shown(one) for one in readable]
        for problem in unreadable.values():
            stderr().print(problem.message, markup=False, highlight=False, soft_wrap=True)
    if as_json:
        print_json(found)
        return
    for one in found:
        stdout().print(
            f"{one['name']}  {one['url']}  {one['problem'] or 'ok'}", markup=False, highlight=False
        )
        for lost in one["undelivered"]:
            changes = f"changes {lost['since']} to {lost['until']}"
            line = f"  not delivered: {changes}, {lost['at']}: {lost['problem']}"
            print_line(line)


@app.command()
def retry(
    name: Annotated[str, typer.Argument(help="Name of the webhook.")],
    collection: CollectionName = "default",
    data: Data = None,
) -> None:
    """Send what could not be delivered again. Exits with status 1 if it cannot be delivered still."""
    from service.flows.webhooks.delivering import Sender, Undeliverable, retry as send_again
    from service.state.jobs import open_job_store
    from service.state.library import open_library

    settings = read_settings(data)
    with (
        open_library(settings) as library,
        closing(open_job_store(settings.data, store=settings.library_config().store_url)) as jobs,
    ):
        opened = library.open(collection)
        found = webhook_of(opened, name)
        try:
            count = send_again(opened, collection, found, jobs, Sender(settings))
        except Undeliverable as error:
            stderr().print(f"{name}: {error}", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(1) from None
        change_webhook(opened, name, lambda known: known and replace(known, failures=0, next_try=0.0))
    stderr().print(f"{count} messages were delivered.", highlight=False)


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="Name of the webhook.")],
    collection: CollectionName = "default",
    data: Data = None,
) -> None:
    """Remove a webhook."""
    from service.state.library import open_library

    settings = read_settings(data)
    with open_library(settings) as library:
        remove_webhook(library.open(collection), name)
    record_command(settings, "webhooks remove", collection=collection, webhook=name)
    stderr().print(f"The webhook {name} is removed.", markup=False, highlight=False)


def _shown(webhook: Webhook) -> dict[str, Any]:
    return {
        "name": webhook.name,
        "url": webhook.url,
        "events": list(webhook.topics),
        "groups": list(webhook.groups),
        "citations": len(webhook.citations),
        "told_up_to": webhook.since,
        "failures": webhook.failures,
        "problem": webhook.problem,
        "undelivered": list(_undelivered(webhook)),
    }


def _undelivered(webhook: Webhook) -> Iterator[dict[str, Any]]:
    for one in webhook.undelivered:
        at = datetime.fromtimestamp(one.at, UTC).isoformat(timespec="seconds")
        yield {
            "since": one.since,
            "until": one.until,
            "jobs": list(one.jobs),
            "citations": dict(one.citations),
            "at": at,
            "problem": one.problem,
        }
