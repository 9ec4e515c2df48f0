"""PostgreSQL as the database of the service's stores, each with tables of its own in one schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from index.records import Problem
from service.state.databases.protocols import Connection, Cursor

if TYPE_CHECKING:
    from index.postgresql import Migration, Server, Transaction

SCHEMA = "loccit_service"


class PostgresqlDatabase:
    """Implements :class:`service.state.databases.Database`. ``component`` names a store, in errors too.

    Its tables are made, or brought up to date by ``migrations``. The pool of connections belongs to the
    process, so closing this closes nothing. Raises :class:`index.errors.StoreUnavailable`.
    """

    def __init__(self, url: str, component: str, migrations: Sequence[Migration]) -> None:
        from index.postgresql import lock_key, migrate, open_server

        self.server: Server = open_server(url)
        self._what = f"the store of {component}"
        self._definition = (SCHEMA, component, migrations)
        self._channel = f"loccit_{component}"
        self._attending = lock_key("attending", component)
        migrate(self.server, SCHEMA, component, migrations)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self.server.read(SCHEMA, what=self._what) as transaction:
            yield _Connection(transaction)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with self.server.write(SCHEMA, what=self._what) as transaction:
            yield _Connection(transaction)

    def announce(self, connection: Connection) -> None:
        """Wake those who are attending when the transaction of a connection commits."""
        # Within the transaction, unlike changes of collections: they are few, and tell of revoked keys.
        connection.execute("SELECT pg_notify(?, '')", (self._channel,))

    def attending(self, woken: Callable[[], object]) -> AbstractContextManager[None]:
        """Call ``woken`` in another thread after each announcement, until the ``with`` block ends.

        Calls may be lost with a connection: there is one whenever there is a new connection.
        """
        from index.postgresql import listening

        return listening(self.server, self._channel, lambda _: woken(), key=self._attending)

    def attendants(self) -> int:
        """The number of processes that are attending now."""
        from index.postgresql import listeners

        return listeners(self.server, self._attending)

    def problems(self) -> Iterator[Problem]:
        """Compare the tables and indexes with those that the migrations make."""
        from index.postgresql import definition_problems

        yield from definition_problems(self.server, *self._definition)

    def restore_indexes(self) -> None:
        """Make missing indexes again."""
        from index.postgresql import restore_indexes

        restore_indexes(self.server, *self._definition)

    def cleanse(self) -> bool:
        """Free the deleted rows of all these stores; PostgreSQL overwrites them when it needs their place."""
        from index.postgresql import vacuum

        return vacuum(self.server, SCHEMA, what=self._what)

    def close(self) -> None: ...


class _Connection:
    """Implements :class:`service.state.databases.Connection` by a transaction of PostgreSQL."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Cursor:
        return self._transaction.execute(_with_placeholders(sql), values)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> int:
        return self._transaction.many(_with_placeholders(sql), rows)


def _with_placeholders(sql: str) -> str:
    # The statements of the stores have neither in their texts: values are bound.
    return sql.replace("?", "%s")
