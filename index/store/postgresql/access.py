"""The transactions of one collection, for as long as the catalogue has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from index.errors import CollectionNotFound, StoreDamaged
from index.postgresql import AdvisoryLeases, Server, Transaction, lock_key
from index.store.postgresql import schema, state
from index.store.postgresql.snapshots.brief import Beginning, BriefSnapshot
from index.store.postgresql.state import State
from index.store.rows.cache import Memory

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
        self._schema = schema.schema_of(number)
        self._what = f"the collection {name!r}"
        self._leases = AdvisoryLeases(server, self._schema, what=self._what)
        self._first = f"{state.QUERY} AND {schema.is_listed(number)}"
        self._is_closed = False

    @contextmanager
    def _read(self, before: str = "", *, standby: bool = False) -> Iterator[tuple[Transaction, State]]:
        """Read in a transaction, which may begin with other statements."""
        first = before + self._first
        with (
            self._translate_missing_table(),
            self._server.read(self._schema, first=first, what=self._what, standby=standby) as transaction,
        ):
            yield transaction, self._state(transaction)

    @contextmanager
    def _brief(self, memory: Memory) -> Iterator[BriefSnapshot]:
        beginning = Beginning(memory, self._gone)
        with (
            self._translate_missing_table(),
            self._server.single_statements(
                self._schema,
                watched=f"{state.WATCHED} AND {schema.is_listed(self._number)}",
                width=state.WATCHED_COLUMNS,
                check=beginning.check,
                what=self._what,
            ) as statements,
        ):
            yield BriefSnapshot(statements, beginning, memory)

    @contextmanager
    def _write(self, *, in_turn: bool = True) -> Iterator[tuple[Transaction, State]]:
        """Write in a transaction. Those that are ``in_turn`` follow each other.

        Such a one raises :class:`index.errors.CollectionBusy` if this thread has lost its ``write`` lease.
        The next holder begins after it: so whoever stands still while others write, writes nothing then.
        """
        lock = lock_key("transactions", f"{self._schema}/write") if in_turn else None
        with (
            self._translate_missing_table(),
            self._server.write(self._schema, lock=lock, first=self._first, what=self._what) as transaction,
        ):
            if in_turn and (lease := self._leases.own(WRITE)) is not None:
                lease.check_in(transaction)
            yield transaction, self._state(transaction)

    def _state(self, transaction: Transaction) -> State:
        if transaction.first is None:
            raise self._gone()
        return State.of(transaction.first)

    @contextmanager
    def _change(self) -> Iterator[tuple[Transaction, int]]:
        with self._write() as (transaction, _):
            yield transaction, state.begin_change(transaction)

    @contextmanager
    def _translate_missing_table(self) -> Iterator[None]:
        """Translate the error of a missing table if the collection was deleted."""
        self._require_open()
        try:
            yield
        except StoreDamaged as error:
            if isinstance(error.__cause__, psycopg.errors.UndefinedTable) and not self._is_listed():
                raise self._gone() from error
            raise

    def _is_listed(self) -> bool:
        row = self._server.look(
            schema.CATALOGUE_SCHEMA,
            "SELECT 1 FROM collections WHERE number = {} AND name IS NOT NULL",
            self._number,
            what=self._what,
            standby=True,
        )
        return row is not None

    def _require_open(self) -> None:
        if self._is_closed:
            raise CollectionNotFound(f"The collection {self._name!r} is deleted, or closed.")

    def _gone(self) -> CollectionNotFound:
        return CollectionNotFound(
            f"The collection {self._name!r} was deleted or replaced while it was open. Try again."
        )
