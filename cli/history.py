"""Commands about documents over time: changes and diff."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from cli.instances import Json as JsonValue, Place, open_instance
from cli.locators import read_locators
from cli.options import CollectionName, Data, Json, Key, Server
from cli.terminal.consoles import stdout
from cli.terminal.output import STANDING, mark_edits, print_edits, print_json, print_locator

_STATUS = {
    **STANDING,
    "deleted": "The document is erased.",
    "lost": "The cited text is not kept any more.",
}


def changes(
    since: Annotated[int, typer.Option(min=0, help="List changes after the one with this number.")] = 0,
    until: Annotated[
        int | None, typer.Option(min=0, help="List changes up to this one.", show_default="the last")
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=1000, help="About so many events; a change is never split.")
    ] = 1000,
    citations: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="File of locators, one per line: show the status of each after these changes.",
        ),
    ] = None,
    collection: CollectionName = "default",
    data: Data = None,
    server: Server = "",
    key: Key = "",
    as_json: Json = False,
) -> None:
    """List the changes of documents, and the status of citations after them."""
    locators = read_locators(citations)
    with open_instance(Place(collection, data, server, key)) as instance:
        feed = instance.changes(since, until, limit, locators)
    if as_json:
        print_json(feed)
    else:
        _print_changes(feed)


def _print_changes(feed: JsonValue) -> None:
    console = stdout()
    for event in feed["documents"]:
        was = f" (was {event['was']})" if event["was"] else ""
        line = f"{event['change']:>6}  {event['created']}  {event['kind']:<8}  {event['document_id']}{was}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    for one in feed["citations"]:
        print_locator(one["locator"])
        console.print(f"  {one['status']}: {_STATUS[one['status']]}", highlight=False)
        standing = one["standing"]
        if standing and standing["diff"]:
            print_edits(standing["diff"])
        if standing and standing["citation"] and standing["citation"]["locator"] != one["locator"]:
            print_locator(standing["citation"]["locator"], indent="  ")
    more = f" There are more: loccit changes --since {feed['until']}" if feed["more"] else ""
    console.print(f"Changes after {feed['since']}, up to {feed['until']}.{more}", highlight=False)


def diff(
    document_id: Annotated[str, typer.Argument(help="Id of the document.")],
    old: Annotated[int, typer.Argument(min=1, help="Number of the old version.")],
    new: Annotated[
        int | None, typer.Argument(min=1, help="Number of the new version.", show_default="the newest")
    ] = None,
    collection: CollectionName = "default",
    data: Data = None,
    server: Server = "",
    key: Key = "",
    as_json: Json = False,
) -> None:
    """Show how two versions of a document differ, line by line and word by word."""
    with open_instance(Place(collection, data, server, key)) as instance:
        found = instance.diff(document_id, old, new)
    if as_json:
        print_json(found)
    else:
        _print_diff(found)


def _print_diff(found: JsonValue) -> None:
    console = stdout()
    old, new = found["old"], found["new"]
    for side, version in (("---", old), ("+++", new)):
        line = f"{side} {found['document_id']} version {version['version']}  {version['created']}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if not found["hunks"]:
        console.print("The texts are the same.")
    for hunk in found["hunks"]:
        spans = f"@@ {hunk['old_start']}-{hunk['old_end']} {hunk['new_start']}-{hunk['new_end']} @@"
        console.print(spans, style="cyan", markup=False, highlight=False)
        for line in hunk["lines"]:
            _print_line(line)


_MARKS = {"equal": (" ", ""), "delete": ("-", "red"), "insert": ("+", "green")}


def _print_line(line: JsonValue) -> None:
    console = stdout()
    mark, style = _MARKS[line["kind"]]
    if line["edits"]:
        text = mark_edits(line["edits"], is_terminal=console.is_terminal)
        text.rstrip()
    else:
        text = Text(line["text"].rstrip("\n"))
    console.print(Text.assemble(mark, text), style=style, highlight=False, soft_wrap=True)
