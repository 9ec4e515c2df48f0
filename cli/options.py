"""Options that several commands share, and the settings that they change."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from service.settings import Settings

Data = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER", help="Data folder.", show_default="LOCCIT_DATA, or data in the current folder"
    ),
]
CollectionName = Annotated[
    str,
    typer.Option(
        "--collection",
        "-c",
        metavar="NAME",
        help="Name of the collection.",
        show_default="the one named default",
    ),
]
CollectionNames = Annotated[
    list[str] | None,
    typer.Option(
        "--collection",
        "-c",
        metavar="NAME",
        help="Name of the collection. Repeat it to ask several at once, or give '*' for all.",
        show_default="the one named default",
    ),
]
PassageCount = Annotated[int, typer.Option("-k", help="Number of passages to answer from.")]
FilterJson = Annotated[str, typer.Option("--filter", help="A metadata filter, as JSON.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON in the format of the HTTP API.")]
Server = Annotated[
    str,
    typer.Option(
        envvar="LOCCIT_URL",
        metavar="ADDRESS",
        help="Address of a running service to use, such as http://127.0.0.1:8000.",
        show_default="the data folder",
    ),
]
Key = Annotated[
    str, typer.Option(envvar="LOCCIT_KEY", metavar="KEY", help="API key for --server.", show_default=False)
]


_DURATION = re.compile(r"([1-9][0-9]{0,4})([dhm])")
_SECONDS = {"d": 86_400.0, "h": 3600.0, "m": 60.0}


def parse_duration(written: str) -> float | None:
    """Seconds of a duration such as 90d, 12h or 30m; None for any other text."""
    found = _DURATION.fullmatch(written)
    return int(found[1]) * _SECONDS[found[2]] if found else None


def read_settings(data: Path | None = None, **options: object) -> Settings:
    """Settings from the environment; options that were given take precedence.

    Raises :class:`service.errors.DataNotWritable`, :class:`service.errors.InvalidSettings`,
    :class:`index.errors.StoreUnavailable`.
    """
    from service.settings import load_settings
    from service.state.storage import require_store

    given = {name: value for name, value in {"data": data, **options}.items() if value is not None}
    settings = load_settings(**given)
    require_store(settings)
    return settings
