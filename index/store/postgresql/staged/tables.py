"""Staging tables: create and read them, and exchange them with those in use."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import psycopg
from psycopg import sql

from index.postgresql import Server, Transaction, translate_error
from index.store.postgresql import schema, totals

STAGED = "staged_"
REPLACED = "replaced_"
EXCHANGED = ("embeddings", "passages", "removals")
"""In the order in which those that were replaced are deleted: vectors are found by passages."""
_KEYS = {"embeddings": "key", "passages": "id"}
_EXCHANGE_SECONDS = 1
"""Seconds that the exchange waits for readers of the tables. Later readers wait behind it."""


def target(transaction: Transaction) -> Mapping[str, Any] | None:
    """Return the description of the passages that are staged; None if none are."""
    row = transaction.row("SELECT staged_description FROM state")
    return json.loads(row[0]) if row and row[0] is not None else None


def set_target(transaction: Transaction, wanted: Mapping[str, Any] | None) -> None:
    """Note the description of the passages that are staged."""
    stored = None if wanted is None else json.dumps(dict(wanted))
    transaction.execute("UPDATE state SET staged_description = %s", (stored,))


def exists(transaction: Transaction, table: str) -> bool:
    """Whether the schema of the transaction has a table."""
    row = transaction.row("SELECT to_regclass(%s) IS NOT NULL", (table,))
    return bool(row and row[0])


def create(transaction: Transaction) -> None:
    """Make empty tables and indexes like those in use, of whatever format."""
    for name in EXCHANGED:
        transaction.execute(f"CREATE TABLE {STAGED}{name} (LIKE {name} INCLUDING ALL)")
    transaction.execute(f"CREATE TABLE {STAGED}versions (version bigint PRIMARY KEY, latest bigint NOT NULL)")


def drop_staged(transaction: Transaction) -> None:
    """Drop the staging tables, if there are any."""
    for name in (*EXCHANGED, "versions"):
        transaction.execute(f"DROP TABLE IF EXISTS {STAGED}{name}")


def exchange(transaction: Transaction, collection: int, wanted: Mapping[str, Any]) -> None:
    """Replace the tables in use by the staged ones; ``wanted`` describes them from then on.

    Raises what psycopg raises when somebody reads the tables for long.
    """
    transaction.execute(f"SET LOCAL lock_timeout TO '{_EXCHANGE_SECONDS}s'")
    # All at once, and in the order of readers. Nobody sees a part of the exchange.
    transaction.execute(f"LOCK TABLE {', '.join(EXCHANGED)} IN ACCESS EXCLUSIVE MODE")
    transaction.connection.execute(totals.unwatch("passages"))
    for name in EXCHANGED:
        transaction.execute(f"ALTER TABLE {name} RENAME TO {REPLACED}{name}")
        transaction.execute(f"ALTER TABLE {STAGED}{name} RENAME TO {name}")
    transaction.execute(f"DROP TABLE {STAGED}versions")
    transaction.execute("DELETE FROM claims")
    transaction.connection.execute(totals.watch("passages"))
    totals.restore(transaction)
    set_target(transaction, None)
    transaction.execute("UPDATE state SET generation = generation + 1")
    transaction.execute(
        f"UPDATE {schema.CATALOGUE_SCHEMA}.collections SET description = %s WHERE number = %s",
        (json.dumps(dict(wanted)), collection),
    )


def delete_replaced(transaction: Transaction, limit: int) -> bool:
    """Delete some rows of replaced tables, or the empty tables; returns whether there are more."""
    for name in EXCHANGED:
        table = f"{REPLACED}{name}"
        if not exists(transaction, table):
            continue
        key, deleted = _KEYS.get(name), 0
        if key is not None:
            deleted = transaction.execute(
                f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} LIMIT %s)", (limit,)
            ).rowcount
        if not deleted:
            transaction.execute(f"DROP TABLE {table}")
        return True
    return False


@contextmanager
def reading_staged(server: Server, of: str, *, first: str, what: str) -> Iterator[Transaction]:
    """Read one consistent state, in which the passages and vectors are those that are staged.

    ``of`` is the schema of the record, ``first`` a query to begin with. The connection has views of its own,
    by the names of the tables in use. Raises as :meth:`index.postgresql.Server.read`.
    """
    path = sql.SQL("pg_temp, {}").format(sql.Identifier(of))
    views = [
        sql.SQL("CREATE TEMP VIEW {} AS SELECT * FROM {}").format(
            sql.Identifier(name), sql.Identifier(of, f"{STAGED}{name}")
        )
        for name in EXCHANGED
    ]
    try:
        with closing(server.connect()) as connection:
            server.admission.admit(connection, of)
            for view in views:
                connection.execute(view)
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            connection.execute(sql.SQL("SET LOCAL search_path TO ") + path)
            yield Transaction(connection, connection.execute(first, binary=True).fetchone())
            connection.rollback()
            # Before others are told that it is closed: nothing depends on the tables then.
            for name in EXCHANGED:
                connection.execute(sql.SQL("DROP VIEW {}").format(sql.Identifier("pg_temp", name)))
    except psycopg.Error as error:
        raise translate_error(error, what) from error
