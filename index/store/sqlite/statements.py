"""The statements of one transaction of an SQLite file."""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any

from index.protocols.copying import RecordState
from index.store.rows.damage import undecodable
from index.store.sql.state import TOKEN_BYTES, State
from index.store.sql.statements import Row, Selection, Statements, Value
from index.store.sql.tables import Table
from index.store.sqlite.attributes import SqliteAttributes

_VALUES = ("change", "store", "epoch", "generation", "erased", "original_bytes")
_TOTALS = "documents, passages, waiting, characters"
_COPIED = ("store", "epoch", "generation", "change", "erased", "purged", "refused_mirrors", "connections")
_SEQUENCES = ("documents", "versions", "passages", "events")
_ROWS = 100
"""Rows that one statement adds."""
_MARKS = 500
"""Values that are bound one by one; SQLite reads more of them from a list in JSON, if they are no bytes."""


def _value(name: str) -> str:
    return f"(SELECT value FROM meta WHERE key = '{name}')"


_STATE = f"SELECT {', '.join(map(_value, _VALUES))}, {_TOTALS} FROM totals"


class SqliteStatements(Statements):
    """Implements :class:`index.store.sql.statements.Statements` by a connection inside a transaction."""

    attributes = SqliteAttributes()
    position = "rowid"
    most_values = 5000
    knows_erasures = False
    groups_of_document = "SELECT json_group_array(name) FROM document_groups g WHERE g.document = d.key"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        return self.connection.execute(query, values).fetchall()

    def row(self, query: str, values: Sequence[Any] = ()) -> Row | None:
        # All rows are fetched: a statement that is not finished would go on within the transaction.
        return next(iter(self.connection.execute(query, values).fetchall()), None)

    def execute(self, statement: str, values: Sequence[Any] = ()) -> int:
        return self.connection.execute(statement, values).rowcount

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        self.connection.executemany(statement, rows)

    def stream(self, query: str, values: Sequence[Any] = (), *, size: int) -> Iterator[Sequence[Row]]:
        cursor = self.connection.execute(query, values)
        while rows := cursor.fetchmany(size):
            yield rows

    def add(self, table: Table, rows: Iterable[Sequence[Any]]) -> None:
        columns = ", ".join(map(self.quote, table.columns))
        mark = f"({', '.join('?' * len(table.columns))})"
        left = iter(rows)
        while part := list(islice(left, _ROWS)):
            marks = ", ".join([mark] * len(part))
            self.connection.execute(
                f"INSERT INTO {table.name} ({columns}) VALUES {marks}", [one for row in part for one in row]
            )

    def among(self, column: str, values: Sequence[Value]) -> Selection:
        if len(values) > _MARKS and not isinstance(values[0], bytes):
            return f"{column} IN (SELECT value FROM json_each(?))", [json.dumps(list(values))]
        return f"{column} IN ({', '.join('?' * len(values))})", list(values)

    def among_blocks(self, blocks: Sequence[tuple[bytes, int]]) -> Selection:
        marks = ", ".join(["(?, ?)"] * len(blocks))
        return f"(sha256, number) IN (VALUES {marks})", [one for block in blocks for one in block]

    def hex(self, column: str) -> str:
        return f"lower(hex({column}))"

    def has_table(self, name: str) -> bool:
        return self.row("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,)) is not None

    def read_state(self) -> State:
        row = self.row(_STATE)
        if row is None:
            raise undecodable("rows of the state")
        change, store, epoch, generation, *others = row
        if None in (change, store, epoch, *others):
            raise undecodable("rows of the state")
        erased, original_bytes, documents, passages, waiting, characters = others
        return State(
            int(change),
            str(store),
            str(epoch),
            int(generation or 0),
            int(erased),
            int(original_bytes),
            documents,
            passages,
            waiting,
            characters,
        )

    def value_of(self, name: str) -> str:
        return _value(name)

    def set_value(self, name: str, expression: str) -> str:
        return f"INSERT OR REPLACE INTO meta VALUES ('{name}', {expression})"

    def put_value(self, name: str, value: object) -> None:
        if value is None:
            self.execute("DELETE FROM meta WHERE key = ?", (name,))
        else:
            super().put_value(name, value)

    def begin_change(self) -> int:
        row = self.row("UPDATE meta SET value = value + 1 WHERE key = 'change' RETURNING value")
        change = int(row[0]) if row else 0
        self.execute("INSERT INTO changes VALUES (?, ?)", (change, os.urandom(TOKEN_BYTES)))
        return change

    def store_totals(self, counted: Sequence[int]) -> None:
        self.execute("DELETE FROM totals")
        self.execute(f"INSERT INTO totals ({_TOTALS}) VALUES (?, ?, ?, ?)", counted)

    def last_passage(self) -> int:
        row = self.row("SELECT seq FROM sqlite_sequence WHERE name = 'passages'")
        return int(row[0]) if row else 0

    def add_passages(self, rows: Sequence[Row], *, prefix: str = "") -> None:
        self.many(
            f'INSERT INTO {prefix}passages (document, version, start, "end", section, heading, first_page,'
            " last_page, tokens, quote_key, embedding_key, added, tables, embedded)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
            f" (SELECT ?12 FROM {prefix}embeddings WHERE key = ?11))",
            rows,
        )

    def put_embeddings(self, rows: Sequence[tuple[bytes, bytes, bytes | None]], *, prefix: str = "") -> None:
        self.many(
            f"INSERT OR REPLACE INTO {prefix}embeddings SELECT ?1, ?2, ?3"
            f" WHERE EXISTS (SELECT 1 FROM {prefix}passages WHERE embedding_key = ?1)",
            rows,
        )

    def record_state(self) -> RecordState:
        found: dict[str, Any] = dict(self.rows("SELECT key, value FROM meta"))
        given = dict.fromkeys(_SEQUENCES, 0) | dict(self.rows("SELECT name, seq FROM sqlite_sequence"))
        state: dict[str, Any] = {name: found.get(name) for name in _COPIED}
        state["generation"] = found.get("generation", 0)
        return RecordState(**state, given={name: given[name] for name in _SEQUENCES})

    def put_record_state(self, state: RecordState) -> None:
        values = asdict(state)
        for name in _COPIED:
            self.put_value(name, values[name])
        for name, last in state.given.items():
            self.execute("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
            self.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, last))

    def update_statistics(self, tables: Sequence[str]) -> None:
        """Do nothing: the queries of the record do not depend on it."""
