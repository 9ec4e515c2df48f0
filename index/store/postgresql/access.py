"""The transactions of one collection, for as long as the catalogue has it."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from index.errors import CollectionNotFound, StoreDamaged
from index.postgresql import AdvisoryLeases, Row, Server, Transaction, lock_key
from index.store.postgresql import schema
from index.store.postgresql.statements import STATE, PostgresqlStatements

WRITE = "write"
"""The name of the lease to change the record."""


class Access:
    """Reads and writes the tables of a collection.

    Raises :class:`index.errors.CollectionNotFound` once the collection is deleted, or closed here.
    """

    def __init__(self, server: Server, number: int, name: str) -> None:
        """``number`` is that of the catalogue."""
        self._server = server
        self._number = number
        self._name = name
        self.schema = schema.schema_of(number)
        self.what = f"the collection {name!r}"
        self.leases = AdvisoryLeases(server, self.schema, what=self.what)
        self.is_listed = schema.is_listed(number)
        """The condition that it is not deleted."""
        self._first = f"{STATE} AND {self.is_listed}"
        self.is_closed = False

    @contextmanager
    def begin_reading(self, before: str = "", *, standby: bool = False) -> Iterator[PostgresqlStatements]:
        """Read in a transaction, which may begin with other statements."""
        with (
            self.translating_missing_table(),
            self._server.read(
                self.schema, first=before + self._first, what=self.what, standby=standby
            ) as transaction,
        ):
            yield self._statements(transaction)

    @contextmanager
    def begin_writing(self, *, in_turn: bool = True) -> Iterator[PostgresqlStatements]:
        """Write in a transaction. Those that are ``in_turn`` follow each other.

        Such a one raises :class:`index.errors.CollectionBusy` if this thread has lost its ``write`` lease.
        The next holder begins after it: so whoever stands still while others write, writes nothing then.
        """
        lock = lock_key("transactions", f"{self.schema}/write") if in_turn else None
        with (
            self.translating_missing_table(),
            self._server.write(self.schema, lock=lock, first=self._first, what=self.what) as transaction,
        ):
            if in_turn and (lease := self.leases.own(WRITE)) is not None:
                lease.check()
            yield self._statements(transaction)

    def look(self, query: str, *values: int, standby: bool = False) -> Row | None:
        """Return the first row of one short query; see :meth:`index.postgresql.Server.look`."""
        with self.translating_missing_table():
            return self._server.look(self.schema, query, *values, what=self.what, standby=standby)

    def _statements(self, transaction: Transaction) -> PostgresqlStatements:
        if transaction.first is None:
            raise self.gone()
        return PostgresqlStatements(transaction, transaction.first)

    @contextmanager
    def translating_missing_table(self) -> Iterator[None]:
        """Translate the error of a missing table if the collection was deleted."""
        self.require_open()
        try:
            yield
        except StoreDamaged as error:
            if isinstance(error.__cause__, psycopg.errors.UndefinedTable) and not self._is_there():
                raise self.gone() from error
            raise

    def _is_there(self) -> bool:
        row = self._server.look(
            schema.CATALOGUE_SCHEMA,
            "SELECT 1 FROM collections WHERE number = {} AND name IS NOT NULL",
            self._number,
            what=self.what,
            standby=True,
        )
        return row is not None

    def require_open(self) -> None:
        """Raise :class:`index.errors.CollectionNotFound` once it is closed."""
        if self.is_closed:
            raise CollectionNotFound(f"The collection {self._name!r} is deleted, or closed.")

    def gone(self) -> CollectionNotFound:
        """The error for a collection that was deleted."""
        return CollectionNotFound(
            f"The collection {self._name!r} was deleted or replaced while it was open. Try again."
        )
