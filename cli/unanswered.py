"""``loccit unanswered``: list and clear the questions that found no answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.options import Data, Json, read_settings
from cli.terminal.consoles import stderr
from cli.terminal.output import print_json
from service.state.unanswered import MOST, UnansweredStore, has_unanswered, open_unanswered_store

app = typer.Typer(
    rich_markup_mode=None,
    help="List and clear the questions that found no answer.",
    no_args_is_help=True,
    add_completion=False,
)


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="Maximum number of questions.")] = 100,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """List the questions that are kept (LOCCIT_KEEP_UNANSWERED_DAYS), the newest first."""
    with _store(data) as store:
        found = store.newest(limit=limit) if store else []
    shown = [
        {
            "asked": datetime.fromtimestamp(one.asked, UTC).isoformat(timespec="seconds"),
            "collection": one.collection,
            "question": one.question,
            "probability": one.probability,
        }
        for one in found
    ]
    if as_json:
        print_json(shown)
        return
    for row in shown:
        typer.echo(f"{row['asked']}  {row['collection']}  {row['probability']:.2f}  {row['question']}")


@app.command()
def clear(data: Data = None) -> None:
    """Erase all of them, also from the file."""
    with _store(data) as store:
        count = store.clear() if store else 0
    stderr().print(f"Erased {count} questions.", highlight=False)


@contextmanager
def _store(data: Data) -> Iterator[UnansweredStore | None]:
    settings = read_settings(data)
    url = settings.library_config().store_url
    if not has_unanswered(settings.data, store=url):
        yield None
        return
    with closing(open_unanswered_store(settings.data, store=url)) as store:
        yield store
