"""Staging in a schema of a PostgreSQL database."""

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any

import psycopg
from psycopg import sql

from index.postgresql import Server, Transaction, translate_error
from index.store.postgresql import schema, totals
from index.store.postgresql.access import Access
from index.store.postgresql.statements import STATE, PostgresqlStatements
from index.store.rows.cache import Memory
from index.store.sql import staging, totals as counted
from index.store.sql.snapshots import SqlSnapshot
from index.store.sql.staging import EXCHANGED, STAGED
from index.store.sql.statements import Statements
from index.store.sql.upgrading import SqlStaging, StagedSnapshot

_EXCHANGE_SECONDS = 1
"""Seconds that the exchange waits for readers of the tables. Later readers wait behind it."""


class PostgresqlStaging(SqlStaging):
    """Implements :class:`index.protocols.Staging`.

    :meth:`exchange` raises :class:`index.errors.CollectionBusy` while somebody reads the tables for longer
    than a second, such as a check: it can be tried again.
    """

    def __init__(self, server: Server, access: Access, collection: int) -> None:
        """Use :meth:`index.store.postgresql.PostgresqlStore.staging`, whose transactions these are."""
        self._server = server
        self._access = access
        self._collection = collection

    def _read(self) -> AbstractContextManager[PostgresqlStatements]:
        return self._access.begin_reading()

    def _write(self) -> AbstractContextManager[PostgresqlStatements]:
        return self._access.begin_writing()

    def _create(self, statements: Statements, current: Mapping[str, Any]) -> None:
        for name in EXCHANGED:
            statements.execute(f"CREATE TABLE {STAGED}{name} (LIKE {name} INCLUDING ALL)")
        statements.execute(
            f"CREATE TABLE {STAGED}versions (version bigint PRIMARY KEY, latest bigint NOT NULL)"
        )

    def _exchange(self, statements: Statements, wanted: Mapping[str, Any]) -> None:
        """Replace the tables in use by the staged ones.

        Raises what psycopg raises when somebody reads the tables for long.
        """
        statements.execute(f"SET LOCAL lock_timeout TO '{_EXCHANGE_SECONDS}s'")
        # All at once, and in the order of readers. Nobody sees a part of the exchange.
        statements.execute(f"LOCK TABLE {', '.join(EXCHANGED)} IN ACCESS EXCLUSIVE MODE")
        for statement in totals.unwatch("passages"):
            statements.execute(statement)
        staging.rename(statements)
        for statement in totals.watch("passages"):
            statements.execute(statement)
        counted.restore(statements)
        statements.execute(
            f"UPDATE {schema.CATALOGUE_SCHEMA}.collections SET description = ? WHERE number = ?",
            (json.dumps(dict(wanted)), self._collection),
        )

    @contextmanager
    def _staged(self) -> Iterator[SqlSnapshot]:
        """Read one consistent state, in which the passages and vectors are those that are staged.

        The connection has views of its own, by the names of the tables in use.
        """
        of = self._access.schema
        path = sql.SQL("pg_temp, {}").format(sql.Identifier(of))
        views = [
            sql.SQL("CREATE TEMP VIEW {} AS SELECT * FROM {}").format(
                sql.Identifier(name), sql.Identifier(of, f"{STAGED}{name}")
            )
            for name in EXCHANGED
        ]
        try:
            with closing(self._server.connect()) as connection:
                self._server.admission.admit(connection, of)
                for view in views:
                    connection.execute(view)
                connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                connection.execute(sql.SQL("SET LOCAL search_path TO ") + path)
                first = connection.execute(STATE, binary=True).fetchone()
                yield StagedSnapshot(PostgresqlStatements(Transaction(connection, first), first), Memory())
                connection.rollback()
                # Before others are told that it is closed: nothing depends on the tables then.
                for name in EXCHANGED:
                    connection.execute(sql.SQL("DROP VIEW {}").format(sql.Identifier("pg_temp", name)))
        except psycopg.Error as error:
            raise translate_error(error, self._access.what) from error
