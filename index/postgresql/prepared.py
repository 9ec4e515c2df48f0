"""Queries that a connection prepares when it first runs them, and then runs by their names.

psycopg prepares statements too, but does much in Python each time. That takes a quarter of a millisecond in a
process that does other things in between: more than the server takes for a short statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import psycopg
from psycopg import errors, pq
from psycopg.adapt import Buffer, PyFormat, Transformer
from psycopg.pq.abc import PGresult

from index.postgresql.transactions import Row

_MOST = 100


class PreparedQueries:
    """Those of one connection, which one thread at a time uses. Each is a transaction of its own."""

    def __init__(self) -> None:
        self._schema = ""
        self._names: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self._made = 0

    def rows(
        self, connection: psycopg.Connection[Row], schema: str, query: str, parameters: Sequence[Any]
    ) -> list[Row]:
        """Return the rows of a query of tables of a schema. Values are bound to ``%s``, its only ``%``.

        Raises :class:`psycopg.Error`. A signal is handled when the query has ended.
        """
        if self._schema != schema:
            # To plan such a statement takes longer than to run it.
            connection.execute(f'SET search_path TO "{schema}"; SET plan_cache_mode TO force_generic_plan')
            self._schema = schema
        try:
            return self._run(connection, query, parameters)
        except errors.InvalidSqlStatementName:  # psycopg drops all of a connection when something fails
            self._names.clear()
            return self._run(connection, query, parameters)

    def _run(self, connection: psycopg.Connection[Row], query: str, parameters: Sequence[Any]) -> list[Row]:
        values = Transformer(connection)
        # None is NULL, which the type of the method does not tell.
        sent = cast("Sequence[Buffer]", values.dump_sequence(parameters, [PyFormat.AUTO] * len(parameters)))
        types = values.types or ()
        name = self._names.get((query, types)) or self._prepare(connection, query, types)
        result = connection.pgconn.exec_prepared(name, sent, values.formats, pq.Format.BINARY)
        _require(connection, result, pq.ExecStatus.TUPLES_OK)
        values.set_pgresult(result, format=pq.Format.BINARY)
        return values.load_rows(0, result.ntuples, tuple)

    def _prepare(self, connection: psycopg.Connection[Row], query: str, types: tuple[int, ...]) -> bytes:
        if len(self._names) == _MOST:
            oldest = next(iter(self._names))
            connection.execute(f"DEALLOCATE {self._names.pop(oldest).decode()}")
        self._made += 1
        name = f"loccit_{self._made}".encode()
        first, *others = query.split("%s")
        numbered = first + "".join(f"${number}{part}" for number, part in enumerate(others, 1))
        result = connection.pgconn.prepare(name, numbered.encode(), types)
        _require(connection, result, pq.ExecStatus.COMMAND_OK)
        self._names[query, types] = name
        return name


def _require(connection: psycopg.Connection[Row], result: PGresult, status: pq.ExecStatus) -> None:
    """Raise the error of a result that has another status."""
    if result.status == status:
        return
    if connection.closed:
        raise psycopg.OperationalError(result.get_error_message())
    raise errors.error_from_result(result)
