"""Tables of PostgreSQL as an earlier format had them, with the rows that they have now."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import LiteralString, cast

import psycopg

from index.postgresql import Migration, Server, migrate

_COLUMNS = (
    "SELECT table_name, column_name, is_identity FROM information_schema.columns WHERE table_schema = %s"
)


def set_back(url: str, schema: str, component: str, migrations: Sequence[Migration]) -> None:
    """Put tables that only the first migrations have made in the place of a component's tables.

    The component must be the only one of its schema, and nothing may have it open.
    """
    with psycopg.connect(url) as connection:
        _run(connection, f"ALTER SCHEMA {schema} RENAME TO later")
    with closing(Server(url)) as server:
        migrate(server, schema, component, migrations)
    with psycopg.connect(url) as connection:
        _run(connection, "SET session_replication_role TO replica")  # no triggers: totals are rows, too
        there = {(table, column) for table, column, _ in connection.execute(_COLUMNS, ("later",))}
        kept: dict[str, list[str]] = {}
        for table, column, is_identity in connection.execute(_COLUMNS, (schema,)).fetchall():
            if table != "formats" and (table, column) in there:
                kept.setdefault(table, []).append(f'"{column}"')
            if is_identity == "YES":
                sequence = f"pg_get_serial_sequence('{schema}.{table}', '{column}')"
                _run(connection, f"SELECT setval({sequence}, max({column})) FROM later.{table}")
        for table, columns in kept.items():
            names = ", ".join(columns)
            _run(connection, f"DELETE FROM {schema}.{table}")  # what the first migration has put in
            _run(
                connection,
                f"INSERT INTO {schema}.{table} ({names}) OVERRIDING SYSTEM VALUE"
                f" SELECT {names} FROM later.{table}",
            )
        _run(connection, "DROP SCHEMA later CASCADE")


def _run(connection: psycopg.Connection, statement: str) -> None:
    connection.execute(cast("LiteralString", statement))
