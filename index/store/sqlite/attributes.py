"""Store metadata and groups in indexed tables, so that filters are fast for any number of documents."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from functools import partial

import numpy as np

from index.filters import Comparison, Compound, Filter, NameContains, ReadableBy, fold_case, veiled
from index.store.rows.attributes import condition, rows, select_in_parts, typed_value
from index.types import Ids, Metadata

_ROWS = 100
"""Attributes that one statement stores."""


def put(connection: sqlite3.Connection, document: int, values: Metadata) -> None:
    """Replace the attributes of a document (key)."""
    drop(connection, document)
    add(connection, document, values)


def add(connection: sqlite3.Connection, document: int, values: Metadata) -> None:
    """Store the attributes of a document (key) that has none."""
    found = sorted(((*row, document) for row in rows(values)), key=repr)
    for at in range(0, len(found), _ROWS):
        part = found[at : at + _ROWS]
        marks = ", ".join(["(?, ?, ?, ?)"] * len(part))
        connection.execute(f"INSERT INTO attributes VALUES {marks}", [one for row in part for one in row])


def drop(connection: sqlite3.Connection, document: int) -> None:
    """Delete the attributes of a document (key)."""
    connection.execute("DELETE FROM attributes WHERE document = ?", (document,))


GROUPS = """
CREATE TABLE document_groups (         -- who may read a document; those of deleted ones stay for its events
    document INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (document, name)
) WITHOUT ROWID
"""
GROUPS_BY_NAME = "CREATE INDEX document_groups_name ON document_groups (name)"
HIDDEN = (
    "SELECT document FROM document_groups EXCEPT SELECT document FROM document_groups"
    " WHERE name IN (SELECT value FROM json_each(?))"
)
"""Keys of the documents whose groups share none with a JSON list, those of deleted documents included."""


def hidden_from(readable: ReadableBy) -> str:
    """The parameter of :data:`HIDDEN`."""
    return json.dumps(readable.stored)


def put_groups(connection: sqlite3.Connection, document: int, groups: Sequence[str]) -> None:
    """Replace the groups of a document (key)."""
    connection.execute("DELETE FROM document_groups WHERE document = ?", (document,))
    connection.executemany(
        "INSERT INTO document_groups VALUES (?, ?)", [(document, name) for name in sorted(set(groups))]
    )


_OF_ERASED = (
    "SELECT DISTINCT document FROM document_groups WHERE document NOT IN (SELECT key FROM documents)"
    " AND substr(name, 1, 1) <> ','"
)


def veil_groups(connection: sqlite3.Connection, document: int) -> None:
    """Keep the groups of an erased document (key) as hashes: they still decide who is told of its end."""
    rows = connection.execute("SELECT name FROM document_groups WHERE document = ?", (document,)).fetchall()
    put_groups(connection, document, [veiled(name) for (name,) in rows])


def veil_groups_of_erased(connection: sqlite3.Connection) -> int:
    """Do so for all erased documents whose groups have names; returns how many had."""
    rows = connection.execute(_OF_ERASED).fetchall()
    for (document,) in rows:
        veil_groups(connection, document)
    return len(rows)


def select(connection: sqlite3.Connection, where: Filter) -> Ids:
    """Return the keys of the documents that match a filter, ascending."""
    if isinstance(where, Compound) and where.is_large:
        return select_in_parts(where, partial(select, connection))
    sql, parameters = select_sql(where)
    rows = connection.execute(sql, parameters).fetchall()
    return np.unique(np.array([key for (key,) in rows], np.int64))


def selection_sql(connection: sqlite3.Connection, where: Filter) -> tuple[str, list[str | int | float]]:
    """Build the SQL query for the keys as a part of another query; of a large filter, from the keys."""
    if isinstance(where, Compound) and where.is_large:
        return "SELECT value FROM json_each(?)", [json.dumps(select(connection, where).tolist())]
    return select_sql(where)


def select_sql(where: Filter) -> tuple[str, list[str | int | float]]:
    """Build the SQL query, with parameters, for the keys of the documents that match a filter."""
    if isinstance(where, Comparison):
        return _comparison_sql(where)
    if isinstance(where, ReadableBy):
        return f"SELECT key AS document FROM documents WHERE key NOT IN ({HIDDEN})", [hidden_from(where)]
    if isinstance(where, NameContains):
        keys = ", ".join("?" * len(NameContains.KEYS))
        test = f"key IN ({keys}) AND is_named(value, ?)"
        return f"SELECT document FROM attributes WHERE {test}", [*NameContains.KEYS, fold_case(where.words)]
    word = " INTERSECT " if where.combination == "and" else " UNION "
    parts = [select_sql(part) for part in where.filters]
    sql = word.join(f"SELECT document FROM ({part})" for part, _ in parts)
    return sql, [value for _, values in parts for value in values]


def _comparison_sql(where: Comparison) -> tuple[str, list[str | int | float]]:
    how = where.definition
    sql, parameters = _equality_sql(where) if how.sign == "=" else _condition_sql(where)
    if how.is_complement:
        sql = f"SELECT key AS document FROM documents EXCEPT {sql}"
    return sql, parameters


def _equality_sql(where: Comparison) -> tuple[str, list[str | int | float]]:
    values = [typed_value(value) for value in where.values]
    pairs = ", ".join(["(?, ?)"] * len(values))
    test = f"key = ? AND (kind, value) IN (VALUES {pairs})" if values else "key = ? AND 0"
    sql = f"SELECT document FROM attributes WHERE {test}"
    return sql, [where.key, *(part for pair in values for part in pair)]


def _condition_sql(where: Comparison) -> tuple[str, list[str | int | float]]:
    kind, value = typed_value(where.values[0])
    test, places = condition(where, "value", "?")
    sql = f"SELECT document FROM attributes WHERE key = ? AND kind = ? AND {test}"
    return sql, [where.key, kind, *[value] * places]
