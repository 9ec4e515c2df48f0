"""Copy the rows of a record from or into a schema of PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from index.postgresql import Transaction
from index.protocols.copying import RecordState, Row
from index.store.postgresql import attributes, events
from index.store.postgresql.staged.tables import exists
from index.store.postgresql.state import State
from index.store.rows.copying import SqlSource, SqlTarget
from index.store.rows.copying.tables import Table
from index.types import Metadata

_STATE = "store, epoch, generation, change, erased, purged, refused_mirrors"
_KEYS = {"documents": "key", "versions": "key", "events": "number"}
"""Tables whose keys PostgreSQL gives."""
_STREAMED = 2000

Opener = Callable[[], AbstractContextManager[tuple[Transaction, State]]]


class PostgresqlCopying:
    """Implements :class:`index.protocols.copying.RowCopying`."""

    def __init__(self, read: Opener, write: Opener) -> None:
        """Use :meth:`index.store.postgresql.store.PostgresqlStore.copying`."""
        self._read = read
        self._write = write

    @contextmanager
    def reading(self) -> Iterator[SqlSource]:
        with self._read() as (transaction, _):
            yield SqlSource(_Postgresql(transaction))

    @contextmanager
    def writing(self) -> Iterator[SqlTarget]:
        with self._write() as (transaction, _):
            yield SqlTarget(_Postgresql(transaction))


class _Postgresql:
    """Implements :class:`index.store.rows.copying.Dialect`."""

    position = "position"

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def select(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        return self._transaction.rows(query.replace("?", "%s"), values)

    def stream(self, query: str) -> Iterator[Row]:
        for rows in self._transaction.stream(query, size=_STREAMED):
            yield from rows

    def execute(self, statement: str, values: Sequence[Any] = ()) -> None:
        self._transaction.execute(statement.replace("?", "%s"), values)

    def insert(self, table: Table, rows: Iterable[Row]) -> None:
        self._transaction.copy(table.name, table.columns, rows)

    def put_attributes(self, values: Mapping[int, Metadata]) -> None:
        attributes.put_all(self._transaction, values)

    def update_statistics(self, tables: Sequence[str]) -> None:
        self.execute(f"ANALYZE {', '.join(tables)}")

    def state(self) -> RecordState:
        ((store, epoch, generation, change, erased, purged, refused, last_passage),) = self.select(
            f"SELECT {_STATE}, last_passage FROM state"
        )
        given = {table: self._given(f"{table}_{key}_seq") for table, key in _KEYS.items()}
        given |= {"passages": last_passage}
        return RecordState(store, epoch, generation, change, erased, purged, refused, given)

    def _given(self, sequence: str) -> int:
        ((last, is_used),) = self.select(f"SELECT last_value, is_called FROM {sequence}")
        return int(last) if is_used else 0

    def name_store(self, store: str) -> None:
        self.execute("UPDATE state SET store = ?", (store,))

    def objects_name(self) -> str | None:
        ((name,),) = self.select("SELECT objects FROM state")
        return None if name is None else str(name)

    def name_objects(self, name: str) -> None:
        self.execute("UPDATE state SET objects = ?", (name,))

    def put_state(self, state: RecordState) -> None:
        self.execute(
            "UPDATE state SET store = ?, epoch = ?, generation = ?, change = ?, erased = ?, purged = ?,"
            " refused_mirrors = ?, last_passage = ?",
            (
                *(state.store, state.epoch, state.generation, state.change, state.erased, state.purged),
                state.refused_mirrors,
                state.given["passages"],
            ),
        )
        for table, key in _KEYS.items():
            last = state.given[table]
            self.execute(f"SELECT setval('{table}_{key}_seq', ?, ?)", (max(last, 1), last > 0))
        if state.erased > state.purged:
            events.note_erasure(self._transaction, state.erased)

    def has_table(self, name: str) -> bool:
        return exists(self._transaction, name)
