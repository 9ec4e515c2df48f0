"""``loccit unanswered``: list and clear the questions that found no answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.options import Data, Json, read_settings
from cli.terminal.consoles import stderr
from cli.terminal.output import print_json
from service.unanswered import FILE, MOST, UnansweredStore, erase_unanswered

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
    path = read_settings(data).data / FILE
    found = []
    if path.exists():
        store = UnansweredStore(path)
        found = store.listed(limit=limit)
        store.close()
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
    count = erase_unanswered(read_settings(data).data)
    stderr().print(f"Erased {count} questions.", highlight=False)
