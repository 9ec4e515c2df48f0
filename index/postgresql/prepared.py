"""Queries that a connection prepares when it first runs them, and then runs by their names.

psycopg prepares statements too, but does much in Python each time. That takes a quarter of a millisecond in a
process that does other things in between: more than the server takes for a short statement.
"""

from collections.abc import Sequence
from typing import Any, cast

import psycopg
from psycopg import errors, pq
from psycopg.adapt import Buffer, PyFormat, Transformer
from psycopg.pq.abc import PGresult

from index.postgresql.failures import is_outdated
from index.postgresql.sessions import Row, Session

_MOST = 100
_TURN = 8
"""When as many are prepared, one in so many of the other queries takes the place of the one used longest ago.

The others are run without a name. Queries that come round and round would else be dropped just before they
are used, and it takes three messages to the server, not one, to replace each.
"""


class PreparedQueries:
    """The prepared queries of one connection, for one thread at a time. Each is a transaction."""

    def __init__(self) -> None:
        self._schema = ""
        # The last used at the end. A plan is of the tables of one schema, also where queries are the same.
        self._names: dict[tuple[str, str, tuple[int, ...]], bytes] = {}
        self._made = 0
        self._waiting = 0

    def rows(self, connection: Session, schema: str, query: str, parameters: Sequence[Any]) -> list[Row]:
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
        except errors.FeatureNotSupported as error:
            if not is_outdated(error):
                raise
            self._names.clear()
            connection.execute("DEALLOCATE ALL")  # psycopg notices
        return self._run(connection, query, parameters)

    def _run(self, connection: Session, query: str, parameters: Sequence[Any]) -> list[Row]:
        values = Transformer(connection)
        # None is NULL, which the type of the method does not tell.
        sent = cast("Sequence[Buffer]", values.dump_sequence(parameters, [PyFormat.AUTO] * len(parameters)))
        types = values.types or ()
        key = self._schema, query, types
        name = self._names.pop(key, None)
        if name is None and self._has_room(connection):
            name = self._prepare(connection, query, types)
        with connection.waiting():
            if name is None:
                result = connection.pgconn.exec_params(
                    _number_placeholders(query), sent, types, values.formats, pq.Format.BINARY
                )
            else:
                self._names[key] = name
                result = connection.pgconn.exec_prepared(name, sent, values.formats, pq.Format.BINARY)
        _require(connection, result, pq.ExecStatus.TUPLES_OK)
        values.set_pgresult(result, format=pq.Format.BINARY)
        return values.load_rows(0, result.ntuples, tuple)

    def _has_room(self, connection: Session) -> bool:
        """Whether one more may be prepared; makes room for it in its turn."""
        if len(self._names) < _MOST:
            return True
        self._waiting += 1
        if self._waiting % _TURN:
            return False
        oldest = next(iter(self._names))
        connection.execute(f"DEALLOCATE {self._names.pop(oldest).decode()}")
        return True

    def _prepare(self, connection: Session, query: str, types: tuple[int, ...]) -> bytes:
        self._made += 1
        name = f"loccit_{self._made}".encode()
        with connection.waiting():
            result = connection.pgconn.prepare(name, _number_placeholders(query), types)
        _require(connection, result, pq.ExecStatus.COMMAND_OK)
        return name


def _number_placeholders(query: str) -> bytes:
    """Return a query with the placeholders of the server."""
    first, *others = query.split("%s")
    return (first + "".join(f"${number}{part}" for number, part in enumerate(others, 1))).encode()


def _require(connection: Session, result: PGresult, status: pq.ExecStatus) -> None:
    """Raise the error of a result that has another status."""
    if result.status == status:
        return
    if connection.closed:
        raise psycopg.OperationalError(result.get_error_message())
    raise errors.error_from_result(result)
