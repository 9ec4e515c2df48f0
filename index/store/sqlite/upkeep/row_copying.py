"""Copy the rows of a record from or into an SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from index.protocols.copying import RecordState, Row
from index.store.rows.copying import SqlSource, SqlTarget
from index.store.rows.copying.dialect import quote_column
from index.store.rows.copying.tables import Table
from index.store.sqlite import attributes
from index.store.sqlite.database import Database
from index.store.sqlite.upkeep.erasures import OBJECTS
from index.types import Metadata

_META = ("store", "epoch", "generation", "change", "erased", "purged", "refused_mirrors")
_SEQUENCES = ("documents", "versions", "passages", "events")


class SqliteCopying:
    """Implements :class:`index.protocols.copying.RowCopying`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def reading(self) -> Iterator[SqlSource]:
        with self._database.read(lasting=True) as connection:
            yield SqlSource(_Sqlite(connection))

    @contextmanager
    def writing(self) -> Iterator[SqlTarget]:
        with self._database.write() as connection:
            yield SqlTarget(_Sqlite(connection))


class _Sqlite:
    """Implements :class:`index.store.rows.copying.Dialect`."""

    position = "rowid"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def select(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        return self._connection.execute(query, values).fetchall()

    def stream(self, query: str) -> Iterator[Row]:
        yield from self._connection.execute(query)

    def execute(self, statement: str, values: Sequence[Any] = ()) -> None:
        self._connection.execute(statement, values)

    def insert(self, table: Table, rows: Iterable[Row]) -> None:
        columns = ", ".join(quote_column(self, column) for column in table.columns)
        marks = ", ".join("?" * len(table.columns))
        self._connection.executemany(f"INSERT INTO {table.name} ({columns}) VALUES ({marks})", rows)

    def put_attributes(self, values: Mapping[int, Metadata]) -> None:
        for document, own in values.items():
            attributes.put(self._connection, document, own)

    def update_statistics(self, tables: Sequence[str]) -> None:
        """Do nothing: the queries of the record do not depend on it."""

    def state(self) -> RecordState:
        found: dict[str, Any] = dict(self.select("SELECT key, value FROM meta"))
        given = dict.fromkeys(_SEQUENCES, 0) | dict(self.select("SELECT name, seq FROM sqlite_sequence"))
        state: dict[str, Any] = {name: found.get(name) for name in _META} | {
            "generation": found.get("generation", 0)
        }
        return RecordState(**state, given={name: given[name] for name in _SEQUENCES})

    def name_store(self, store: str) -> None:
        self.execute("UPDATE meta SET value = ? WHERE key = 'store'", (store,))

    def objects_name(self) -> str | None:
        rows = self.select(f"SELECT value FROM meta WHERE key = '{OBJECTS}'")
        return str(rows[0][0]) if rows else None

    def name_objects(self, name: str) -> None:
        self.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (OBJECTS, name))

    def put_state(self, state: RecordState) -> None:
        values = asdict(state)
        for name in _META:
            self.execute("DELETE FROM meta WHERE key = ?", (name,))
            if values[name] is not None:
                self.execute("INSERT INTO meta VALUES (?, ?)", (name, values[name]))
        for name, last in state.given.items():
            self.execute("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
            self.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, last))

    def has_table(self, name: str) -> bool:
        return bool(self.select("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,)))
