"""Sessions of PostgreSQL: the parameters and settings of a connection, and how a transaction begins."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import conninfo, sql

from index.postgresql.standbys import has_several_hosts
from index.postgresql.transactions import Row

WAIT_SECONDS = 10.0
"""Seconds that a transaction waits for a lock, for a connection, or for the server to come back."""
_PROGRAM = "loccit"
_MOST_CHARACTERS = 63
"""Of a name of PostgreSQL."""
_DEFAULTS: Mapping[str, str] = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""Defaults that an address may override; the server, too, notices within seconds that a client is gone."""
_SESSION: Mapping[str, str] = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "statement_timeout": "300000",
    "lock_timeout": str(round(1000 * WAIT_SECONDS)),
    "client_min_messages": "warning",
    "standard_conforming_strings": "on",
}
"""Settings of each session; times are milliseconds."""


def complete(url: str) -> str:
    """Return an address with what it leaves open."""
    given: dict[str, Any] = conninfo.conninfo_to_dict(url)
    own = {**_DEFAULTS, "application_name": process_name()}
    if has_several_hosts(given):
        own["target_session_attrs"] = "read-write"
    return conninfo.make_conninfo("", **{**own, **given, "client_encoding": "utf8"})


def process_name() -> str:
    """Return the name by which the server shows this process, unless its address has another one."""
    return f"{_PROGRAM} {os.getpid()}@{socket.gethostname()}"[:_MOST_CHARACTERS]


def configure(connection: psycopg.Connection[Row], settings: Mapping[str, str] | None = None) -> None:
    """Give a session its settings, and others for it alone."""
    own = {**_SESSION, **(settings or {})}
    calls = sql.SQL(", ").join(
        sql.SQL("set_config({}, {}, false)").format(name, value) for name, value in own.items()
    )
    connection.execute(sql.SQL("SELECT ") + calls)


def script(*statements: str) -> str:
    """Join how a transaction begins, its schema, and further statements, into one message."""
    begin, schema, *others = statements
    # Single statements over the same connection leave other settings.
    local = f'SET LOCAL search_path TO "{schema}"; SET LOCAL plan_cache_mode TO auto'
    return "; ".join(filter(None, [begin, local, *others]))


def last_row(cursor: psycopg.Cursor[Row]) -> Row | None:
    """Return the first row of the last statement, if it was a query."""
    while cursor.nextset():
        pass
    return cursor.fetchone() if cursor.description else None
