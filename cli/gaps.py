"""``loccit gaps``: list and clear what documents lack."""

from contextlib import closing
from typing import Annotated

import typer

from cli.instances import Json as JsonValue, Place, open_instance
from cli.options import CollectionName, Data, Json, Key, Server, read_settings
from cli.terminal.consoles import stderr, stdout
from cli.terminal.counts import counted
from cli.terminal.output import print_json, print_locator

app = typer.Typer(
    rich_markup_mode=None,
    help="List what people asked that the documents do not answer well, and clear it.",
    no_args_is_help=True,
    add_completion=False,
)


@app.command("list")
def list_(
    week: Annotated[int, typer.Option(min=0, max=520, help="The week, counted backwards from now.")] = 0,
    collection: CollectionName = "default",
    data: Data = None,
    server: Server = "",
    key: Key = "",
    as_json: Json = False,
) -> None:
    """List the gaps of a week, the most asked first, and stale documents that answer questions."""
    with open_instance(Place(collection, data, server, key)) as instance:
        found = instance.gaps(week)
    if as_json:
        print_json(found)
        return
    console = stdout()
    if not found["kept"]:
        console.print("No questions are kept: an administrator turns that on, on the page /library/gaps.")
    for one in found["gaps"]:
        _print_gap(one)
    for one in found["stale"]:
        why = ", ".join(["superseded by", *one["superseded_by"]]) if one["superseded_by"] else one["reason"]
        console.print(
            f"{one['document_id']}: {one['answers']} answers, {why} ({one['day']})",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )


def _print_gap(one: JsonValue) -> None:
    console = stdout()
    state = ", answered by now" if one["mended"] else ", uncertain" if one["uncertain"] else ""
    missing = f", missing: {', '.join(one['missing'])}" if one["missing"] else ""
    facts = f"asked {one['count']}x, {100 * one['answerability']:.0f} % today{state}{missing}"
    console.print(one["question"], highlight=False, markup=False, soft_wrap=True)
    console.print(f"  {facts}", highlight=False, markup=False, soft_wrap=True)
    if one["nearest"] is not None:
        print_locator(one["nearest"]["locator"], indent="  ")


@app.command()
def clear(collection: CollectionName = "default", data: Data = None) -> None:
    """Erase all that is kept of a collection, also from the file, and keep no more."""
    from service.state.questions import has_questions, open_question_store

    settings = read_settings(data)
    url = settings.library_config().store_url
    count = 0
    if has_questions(settings.data, store=url):
        with closing(open_question_store(settings.data, store=url)) as store:
            count = store.clear([collection])
    stderr().print(f"Erased {counted(count, 'question')}.", highlight=False)
