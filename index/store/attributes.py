"""Metadata in a table of its own, so that a filter is an index look-up however many documents there are."""

from __future__ import annotations

import sqlite3

import numpy as np

from index.filters import Comparison, Filter
from index.types import Ids, Metadata, Scalar

_COMPARE = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_LARGEST = 2**63 - 1


def _typed(value: Scalar) -> tuple[str, str | int | float]:
    if isinstance(value, bool):
        return "b", int(value)
    if isinstance(value, str):
        return "s", value
    # SQLite's integers have 64 bits; beyond them a float is the nearest there is.
    return "n", float(value) if abs(value) > _LARGEST else value


def put(connection: sqlite3.Connection, document: int, values: Metadata) -> None:
    """Replace the attributes of a document (key). Lists give one row for each member."""
    drop(connection, document)
    rows = {
        (key, *_typed(member), document)
        for key, value in values.items()
        for member in ([value] if isinstance(value, Scalar) else value)
    }
    connection.executemany("INSERT INTO attributes VALUES (?, ?, ?, ?)", sorted(rows, key=repr))


def drop(connection: sqlite3.Connection, document: int) -> None:
    """Forget the attributes of a document (key)."""
    connection.execute("DELETE FROM attributes WHERE document = ?", (document,))


def select(connection: sqlite3.Connection, where: Filter) -> Ids:
    """Keys of the documents that a filter admits, ascending."""
    sql, parameters = select_sql(where)
    rows = connection.execute(sql, parameters).fetchall()
    return np.unique(np.array([key for (key,) in rows], np.int64))


def select_sql(where: Filter) -> tuple[str, list[str | int | float]]:
    """A query, with its parameters, for the keys of the documents that a filter admits."""
    if isinstance(where, Comparison):
        return _comparison_sql(where)
    word = " INTERSECT " if where.combination == "and" else " UNION "
    parts = [select_sql(part) for part in where.filters]
    sql = word.join(f"SELECT document FROM ({part})" for part, _ in parts)
    return sql, [value for _, values in parts for value in values]


def _comparison_sql(where: Comparison) -> tuple[str, list[str | int | float]]:
    typed = [_typed(value) for value in where.values]
    if where.operator in _COMPARE:
        kind, value = typed[0]
        test = f"key = ? AND kind = ? AND value {_COMPARE[where.operator]} ?"
        return f"SELECT document FROM attributes WHERE {test}", [where.key, kind, value]
    pairs = ", ".join(["(?, ?)"] * len(typed))
    sql = f"SELECT document FROM attributes WHERE key = ? AND (kind, value) IN (VALUES {pairs})"
    if not typed:
        sql = "SELECT document FROM attributes WHERE key = ? AND 0"
    if where.operator in ("ne", "nin"):
        sql = f"SELECT key AS document FROM documents EXCEPT {sql}"
    return sql, [where.key, *(part for pair in typed for part in pair)]
