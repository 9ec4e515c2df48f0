"""``loccit conflicts``: documents that disagree."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.text import Text

from cli.instances import Instance, Json as JsonValue, Place, open_instance
from cli.options import CollectionName, Data, Json, Key, Server
from cli.terminal.consoles import stdout
from cli.terminal.output import print_json, print_locator


def conflicts(
    citations: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="LOCATOR...",
            help="Citations, whose sentences are compared with all other documents.",
            show_default="compare all documents with each other",
        ),
    ] = None,
    collection: CollectionName = "default",
    data: Data = None,
    server: Server = "",
    key: Key = "",
    as_json: Json = False,
) -> None:
    """List sentences of two documents that say the same but for a number, a date, a name or a negation."""
    with open_instance(Place(collection, data, server, key)) as instance:
        found = _find(instance, citations or [])
        if as_json:
            print_json({"conflicts": list(found)})
            return
        count = 0
        for one in found:
            _print_conflict(one)
            count += 1
    stdout().print(f"{count} found." if count else "No documents were found to disagree.", highlight=False)


def _find(instance: Instance, citations: list[str]) -> Iterator[JsonValue]:
    """The conflicts of all pages."""
    after = None
    while True:
        page = instance.conflicts(citations, after)
        yield from page["conflicts"]
        if (after := page["next"]) is None:
            return


def _print_conflict(one: JsonValue) -> None:
    console = stdout()
    by = " (it supersedes the other)" if one["supersedes"] else ""
    for side, name in ((one["newer"], f"newer{by}"), (one["older"], "older")):
        citation = side["citation"]
        quote = Text(citation["quote"].replace("\n", " "))
        begin = citation["start"]
        quote.stylize("bold", side["start"] - begin, side["end"] - begin)
        console.print(f"{one['kind']}, {name}:", highlight=False, markup=False)
        console.print(quote, soft_wrap=True)
        print_locator(citation["locator"], indent="  ")
    console.print()
