"""``loccit keys``: make, list and revoke API keys."""

import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table

from cli.auditing import record_command
from cli.options import Data, Json, parse_duration, read_settings
from cli.terminal.consoles import stderr, stdout
from cli.terminal.output import print_json
from index.store import open_catalogue
from service.settings import Settings
from service.state.identity import (
    SCOPES,
    Key,
    KeyOptions,
    Keyring,
    Marks,
    Scope as Rights,
    find_keys,
    mark_of,
    new_key,
    open_key_store,
    open_keyring,
)
from service.state.inventory import CLOSED_BY_SETTINGS

app = typer.Typer(
    help="Make, list and revoke API keys.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

ALL = "*"
_FORMER_KEYS = (
    "The keys that the service had are lost and stay invalid. This one takes their place: every request needs"
    " it, or another that you make."
)
Scope = Literal["ask", "read", "write", "admin"]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for, such as the name of a program.")],
    scope: Annotated[
        Scope, typer.Option(help="What the key allows. Each scope includes the ones before.")
    ] = "read",
    collections: Annotated[
        list[str] | None,
        typer.Option("--collection", "-c", help="Collection that the key may use.", show_default="all"),
    ] = None,
    groups: Annotated[
        list[str] | None,
        typer.Option(
            "--group", "-g", help="Group whose documents the key may read; '*' for all.", show_default="none"
        ),
    ] = None,
    expires: Annotated[
        str, typer.Option(help="When it expires: 90d, 12h, 30m, or a date such as 2030-01-31 (UTC).")
    ] = "",
    origins: Annotated[
        list[str] | None,
        typer.Option("--origin", help="Origin whose pages may use the key in a browser.", show_default="any"),
    ] = None,
    rate: Annotated[
        str,
        typer.Option(
            help="Requests a minute, and how many may come at once, such as 600:50.",
            show_default="LOCCIT_RATE_LIMIT",
        ),
    ] = "",
    open_links: Annotated[
        bool,
        typer.Option(
            "--open-links",
            help="The links of its answers open without a key, for LOCCIT_VISITOR_LINK_DAYS: each shows its "
            "quote and the words around it. For the scope ask.",
        ),
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make a key, and print it. It is stored hashed: this is the only time that it is shown.

    From the first key on, every request to the service needs one.
    """
    options = KeyOptions(
        collections=collections or None,
        groups=None if groups and ALL in groups else groups or (),
        origins=origins or (),
        rate=rate,
        expires=_parse_expiry(expires) if expires else None,
        open_links=open_links,
    )
    token, key = new_key(name, SCOPES[scope], options)
    settings = read_settings(data)
    with _keyring(data, replaces_lost=True) as keyring:
        is_first = not keyring.store.state().keys
        replaces_lost = is_first and not set(_marks(settings).all().values()) <= {CLOSED_BY_SETTINGS}
        was_open = not (keyring.required or replaces_lost)
        keyring.add(key)
        notes = list(_creation_warnings(keyring, key, settings, is_first=was_open))
    if replaces_lost:
        notes.insert(0, _FORMER_KEYS)
    _audit(data, "keys create", key)
    for note in notes:
        stderr().print(note, style="yellow", markup=False, highlight=False)
    if as_json:
        print_json({**key_json(key), "key": token})
        return
    stderr().print(
        f"Made the key {key.id} with the scope {key.scope.word}. Keep it: it is not shown again.",
        highlight=False,
    )
    sys.stdout.write(f"{token}\n")


@app.command("list")
def list_(data: Data = None, as_json: Json = False) -> None:
    """List the keys, without their secrets."""
    with _keyring(data) as keyring:
        keys = keyring.store.all()
    if as_json:
        print_json([key_json(key) for key in keys])
        return
    table = Table(box=None, header_style="dim")
    for heading in ("id", "name", "scope", "collections", "groups", "state", "last used"):
        table.add_column(heading)
    for key in keys:
        shown = (key.name, key.scope.word, _join_names(key.collections), _join_names(key.principal().groups))
        table.add_row(key.id, *map(escape, shown), _key_state(key), _format_time(key.last_used) or "never")
    stdout().print(table)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="Id of the key, as `loccit keys list` shows it.")],
    data: Data = None,
) -> None:
    """Revoke a key, at once and for good."""
    with _keyring(data) as keyring:
        key = keyring.revoke(key_id)
    _audit(data, "keys revoke", key)
    stderr().print(f"Revoked the key {key.id} ({key.name}).", markup=False, highlight=False)


@app.command()
def forget_lost(
    data: Data = None, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False
) -> None:
    """Start without keys that were lost, with those that there are now or with none. Nothing else may run.

    Without any key, the service answers everybody who reaches it.
    """
    from service.flows.upkeep import (
        require_unused,  # loads what checks collections: no other command needs it
    )

    settings = read_settings(data)
    config = settings.library_config()
    require_unused(settings.data, config)
    found = find_keys(settings.data, store=config.store_url)
    mark, marks = mark_of(found, asks_for_keys=settings.asks_for_keys), _marks(settings)
    if not set(marks.all().values()) - {mark} and not found.gone:
        stderr().print("No keys are lost. Nothing was changed.", highlight=False)
        return
    stderr().print(_effect_of_forgetting(found.keys, settings), highlight=False, soft_wrap=True)
    if not yes:
        typer.confirm("Go on?", abort=True, err=True)
    if found.gone:
        with closing(open_key_store(settings.data, store=config.store_url)) as store:
            store.seal_anew()
    marks.replace(mark)
    record_command(settings, "keys forget-lost", keys=found.keys)
    stderr().print("Done. Start the service.", highlight=False)


def _marks(settings: Settings) -> Marks:
    config = settings.library_config()
    return Marks(settings.data, config.store_url, config.objects)


def _effect_of_forgetting(keys: int, settings: Settings) -> str:
    if keys:
        return f"The {keys} keys that there are now will be for all collections."
    if settings.asks_for_keys:
        return "There are no keys: only the settings will say who is let in."
    return "There are no keys: everybody who reaches the service will read, write and delete everything."


def _creation_warnings(keyring: Keyring, made: Key, settings: Settings, *, is_first: bool) -> Iterator[str]:
    """Warnings shown after a key is created: requests that now fail, and collections that do not exist."""
    if is_first:
        yield (
            "This is the first key: from now on every request to the service needs a key, on its pages too. "
            "Commands on this machine need none."
        )
    if not _has_operator(keyring, settings):
        yield (
            "No key that is valid has the scope admin for all collections. Make one to manage the service in "
            "a browser or over HTTP: loccit keys create operator --scope admin"
        )
    config = settings.library_config()
    there_are = set(open_catalogue(settings.data, config.store_url, objects=config.objects).names())
    for name in sorted((made.collections or set()) - there_are):
        yield (
            f"There is no collection {name!r} yet. Make it with documents: loccit ingest FOLDER --collection "
            f"{name}"
        )


def _has_operator(keyring: Keyring, settings: Settings) -> bool:
    now = time.time()
    return settings.api_key is not None or any(
        key.scope is Rights.ADMIN
        and key.collections is None
        and key.revoked is None
        and (key.expires is None or key.expires > now)
        for key in keyring.store.all()
    )


def key_json(key: Key) -> dict[str, object]:
    """A key as JSON, without its hash. Times are ISO 8601, in UTC."""
    groups = key.principal().groups
    return {
        "id": key.id,
        "name": key.name,
        "scope": key.scope.word,
        "collections": None if key.collections is None else sorted(key.collections),
        "groups": None if groups is None else sorted(groups),
        "origins": key.origins,
        "open_links": key.open_links,
        "rate": key.rate,
        "created": _format_time(key.created),
        "expires": _format_time(key.expires),
        "revoked": _format_time(key.revoked),
        "last_used": _format_time(key.last_used),
    }


def _audit(data: Data, command: str, key: Key) -> None:
    """Note in the audit log what was done to a key, and by which user of this machine."""
    record_command(read_settings(data), command, of=key.id, name=key.name, scope=key.scope.word)


def _keyring(data: Data, *, replaces_lost: bool = False) -> closing[Keyring]:
    settings = read_settings(data)
    return closing(open_keyring(settings.data, settings, replaces_lost=replaces_lost))


def _parse_expiry(written: str) -> float:
    """The time that an option names."""
    if (seconds := parse_duration(written)) is not None:
        return time.time() + seconds
    try:
        day = datetime.fromisoformat(written)
    except ValueError:
        raise typer.BadParameter(
            f"--expires: {written!r} is neither a duration such as 90d nor a date such as 2030-01-31."
        ) from None
    return (day if day.tzinfo else day.replace(tzinfo=UTC)).timestamp()


def _key_state(key: Key) -> str:
    if key.revoked is not None:
        return f"revoked {_format_time(key.revoked)}"
    if key.expires is None:
        return "valid"
    return f"{'expired' if key.expires <= time.time() else 'valid until'} {_format_time(key.expires)}"


def _join_names(names: frozenset[str] | None) -> str:
    return "all" if names is None else ", ".join(sorted(names)) or "none"


def _format_time(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
