"""An open transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql

from index.postgresql.sessions import Row, Session


class Transaction:
    """Runs the statements of one transaction, for one thread. Values are bound to ``%s``; results are binary.

    Use :meth:`index.postgresql.Server.read` or :meth:`index.postgresql.Server.write`. ``first`` is the row of
    the statement that the transaction began with, if there was one. Statements raise
    :class:`psycopg.errors.QueryCanceled` after :meth:`end`.
    """

    def __init__(self, connection: Session, first: Row | None) -> None:
        self.connection = connection
        self.first = first
        self.announced: set[tuple[str, str]] = set()
        """Channels and payloads of what is announced after the commit."""
        self._streams = 0
        self._is_ended = False

    def execute(self, query: str, parameters: Sequence[Any] | None = None) -> psycopg.Cursor[Row]:
        """Run a statement; its results are in the cursor."""
        self._check()
        return self.connection.execute(query, parameters, binary=True)

    def rows(self, query: str, parameters: Sequence[Any] | None = None) -> list[Row]:
        """Return all rows of a query."""
        return self.execute(query, parameters).fetchall()

    def row(self, query: str, parameters: Sequence[Any] | None = None) -> Row | None:
        """Return the first row of a query, or None."""
        return self.execute(query, parameters).fetchone()

    def many(self, query: str, rows: Iterable[Sequence[Any]]) -> int:
        """Run a statement for each row of values, without waiting in between; returns the rows concerned."""
        self._check()
        with self.connection.cursor() as cursor:
            cursor.executemany(query, rows)
            return cursor.rowcount

    def copy(self, table: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
        """Add rows to a table by COPY. ``columns`` has the type of each column."""
        self._check()
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        with self.connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(list(columns.values()))
            for row in rows:
                copy.write_row(row)

    def stream(self, query: str, parameters: Sequence[Any] = (), *, size: int) -> Iterator[list[Row]]:
        """Yield the rows of a query in batches of ``size``, without holding all of them in memory."""
        self._check()
        self._streams += 1  # several may be open, each with a name of its own
        with self.connection.cursor(f"stream_{self._streams}") as cursor:
            cursor.execute(query, parameters, binary=True)
            while rows := cursor.fetchmany(size):
                yield rows
                self._check()

    def without_limit(self) -> None:
        """Let statements take as long as they need."""
        self.execute("SET LOCAL statement_timeout TO 0")
        self.connection.has_limit = False

    def end(self) -> None:
        """Let all further statements fail. Another thread may call it."""
        self._is_ended = True

    def _check(self) -> None:
        if self._is_ended:
            raise psycopg.errors.QueryCanceled("the transaction was ended")
