"""The statements of one transaction in the schema of a collection."""

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from index.errors import StoreDamaged
from index.postgresql import Row, Transaction, notify
from index.protocols.copying import RecordState
from index.store.postgresql.attributes import PostgresqlAttributes
from index.store.rows.passages import COLUMNS
from index.store.sql.state import TOKEN_BYTES, State
from index.store.sql.statements import Selection, Statements, Value
from index.store.sql.tables import PASSAGES, Table

CHANNEL = "loccit_changes"
"""Notified of each change, and when a collection is made, deleted or renamed, with its schema."""
# By the index, for the table has a hundred pages of dead rows after many writes.
STATE = (
    "SELECT change, store, epoch, generation, erased, original_bytes, documents, passages, waiting,"
    " characters, pg_is_in_recovery() FROM state WHERE is_only"
)
WATCHED = "SELECT change, erased, generation, pg_is_in_recovery() FROM state WHERE is_only"
"""The query that is read with each statement outside a transaction."""
WATCHED_COLUMNS = 4
_COPIED = "store, epoch, generation, change, erased, purged, refused_mirrors, connections, last_passage"
_KEYS = {"documents": "key", "versions": "key", "events": "number"}
"""Tables whose keys PostgreSQL gives."""
_PASSAGES = {name: PASSAGES.columns[name] for name in ("id", *COLUMNS)}


class PostgresqlStatements(Statements):
    """Implements :class:`index.store.sql.statements.Statements` by a transaction of PostgreSQL.

    ``first`` is a row of :data:`STATE` that was read with its beginning.
    """

    attributes = PostgresqlAttributes()
    position = "position"
    most_values = 100_000
    knows_erasures = True  # each snapshot begins with Memory.follow
    groups_of_document = (
        "SELECT COALESCE(json_agg(name)::text, '[]') FROM document_groups g WHERE g.document = d.key"
    )

    def __init__(self, transaction: Transaction, first: Row | None = None) -> None:
        self.transaction = transaction
        self._first = first

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        return self.transaction.rows(_with_placeholders(query), values)

    def row(self, query: str, values: Sequence[Any] = ()) -> Row | None:
        return self.transaction.row(_with_placeholders(query), values)

    def execute(self, statement: str, values: Sequence[Any] = ()) -> int:
        return self.transaction.execute(_with_placeholders(statement), values).rowcount

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        self.transaction.many(_with_placeholders(statement), rows)

    def stream(self, query: str, values: Sequence[Any] = (), *, size: int) -> Iterator[Sequence[Row]]:
        return self.transaction.stream(_with_placeholders(query), values, size=size)

    def add(self, table: Table, rows: Iterable[Sequence[Any]]) -> None:
        self.transaction.copy(table.name, table.columns, rows)

    def among(self, column: str, values: Sequence[Value]) -> Selection:
        are_numbers = bool(values) and isinstance(values[0], int)
        return f"{column} = ANY(?)", [np.array(values, np.int64) if are_numbers else list(values)]

    def among_blocks(self, blocks: Sequence[tuple[bytes, int]]) -> Selection:
        condition = "(sha256, number) IN (SELECT * FROM unnest(?::bytea[], ?::bigint[]))"
        return condition, [[sha for sha, _ in blocks], [number for _, number in blocks]]

    def hex(self, column: str) -> str:
        return f"encode({column}, 'hex')"

    def has_table(self, name: str) -> bool:
        row = self.row("SELECT to_regclass(?) IS NOT NULL", (name,))
        return bool(row and row[0])

    def read_state(self) -> State:
        row = self._first or self.row(STATE)
        if row is None:
            raise StoreDamaged("The state of the record is missing. Restore a backup.")
        return State(*row)

    def value_of(self, name: str) -> str:
        return f"(SELECT {name} FROM state)"

    def set_value(self, name: str, expression: str) -> str:
        beside = ", erased_by = pg_current_xact_id()" if name == "erased" else ""
        return f"UPDATE state SET {name} = {expression}{beside}"

    def begin_change(self) -> int:
        """Begin the next change. All who follow are told after the transaction has committed."""
        row = self.row(
            "WITH next AS (UPDATE state SET change = change + 1 RETURNING change)"
            " INSERT INTO changes SELECT change, ? FROM next"
            " RETURNING number, current_schema()::text",
            (os.urandom(TOKEN_BYTES),),
        )
        if row is None:
            return 0
        notify(self.transaction, CHANNEL, row[1])
        return int(row[0])

    def store_totals(self, counted: Sequence[int]) -> None:
        self.execute("UPDATE state SET documents = ?, passages = ?, waiting = ?, characters = ?", counted)

    def last_passage(self) -> int:
        return int(self.value("last_passage"))

    def add_passages(self, rows: Sequence[Row], *, prefix: str = "") -> None:
        if not rows:
            return
        row = self.row(
            "UPDATE state SET last_passage = last_passage + ? RETURNING last_passage", (len(rows),)
        )
        first = (int(row[0]) if row else 0) - len(rows) + 1
        table = f"{prefix}passages"
        self.transaction.copy(table, _PASSAGES, ((id_, *row) for id_, row in enumerate(rows, first)))
        self.execute(
            # Only those: the version may have others, of earlier changes or removed.
            f"UPDATE {table} SET embedded = added WHERE id >= ? AND version = ?"
            f" AND EXISTS (SELECT FROM {prefix}embeddings WHERE key = {table}.embedding_key)",
            (first, rows[0][COLUMNS.index("version")]),
        )

    def put_embeddings(self, rows: Sequence[tuple[bytes, bytes, bytes | None]], *, prefix: str = "") -> None:
        self.execute(
            f"INSERT INTO {prefix}embeddings SELECT * FROM unnest(?::bytea[], ?::bytea[], ?::bytea[])"
            " AS given (key, vector, sentences)"
            f" WHERE EXISTS (SELECT FROM {prefix}passages WHERE embedding_key = given.key)"
            " ON CONFLICT (key) DO UPDATE SET vector = EXCLUDED.vector, sentences = EXCLUDED.sentences",
            [[row[column] for row in rows] for column in range(3)],
        )

    def record_state(self) -> RecordState:
        ((*values, last_passage),) = self.rows(f"SELECT {_COPIED} FROM state")
        given = {table: self._given(f"{table}_{key}_seq") for table, key in _KEYS.items()}
        store, epoch, generation, change, erased, purged, refused, connections = values
        given |= {"passages": last_passage}
        return RecordState(store, epoch, generation, change, erased, purged, refused, given, connections)

    def _given(self, sequence: str) -> int:
        ((last, is_used),) = self.rows(f"SELECT last_value, is_called FROM {sequence}")
        return int(last) if is_used else 0

    def put_record_state(self, state: RecordState) -> None:
        self.execute(
            f"UPDATE state SET ({_COPIED}) = (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(state.store, state.epoch, state.generation, state.change, state.erased, state.purged),
                state.refused_mirrors,
                state.connections,
                state.given["passages"],
            ),
        )
        for table, key in _KEYS.items():
            last = state.given[table]
            self.execute(f"SELECT setval('{table}_{key}_seq', ?, ?)", (max(last, 1), last > 0))
        if state.erased > state.purged:
            self.put_value("erased", state.erased)

    def update_statistics(self, tables: Sequence[str]) -> None:
        self.execute(f"ANALYZE {', '.join(tables)}")


def _with_placeholders(query: str) -> str:
    # The statements of a record have neither in their texts: values are bound.
    return query.replace("?", "%s")
