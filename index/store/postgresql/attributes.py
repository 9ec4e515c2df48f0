"""Store metadata and groups in indexed tables, so that filters are fast for any number of documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np

from index.filters import Comparison, Compound, Filter, NameContains, ReadableBy, fold_case, veiled
from index.postgresql import Row, Transaction
from index.store.rows.attributes import condition, rows, select_in_parts, typed_value
from index.types import Ids, Metadata

_NAMED = frozenset(NameContains.KEYS)
_COLUMNS = {"key": "text", "kind": "text", "string": "text", "number": "numeric", "folded": "text"}
_BEGINNING = "left(string, 100)"
"""What the index of strings has of them."""


def put(transaction: Transaction, document: int, values: Metadata) -> None:
    """Replace the attributes of a document (key)."""
    put_all(transaction, {document: values})


def put_all(transaction: Transaction, values: Mapping[int, Metadata]) -> None:
    """Replace the attributes of documents (keys)."""
    transaction.execute("DELETE FROM attributes WHERE document = ANY(%s)", (list(values),))
    add_all(transaction, values)


def add_all(transaction: Transaction, values: Mapping[int, Metadata]) -> None:
    """Store the attributes of documents (keys) that have none."""
    found = [(*stored_row(*row), document) for document, own in values.items() for row in rows(own)]
    transaction.copy("attributes", {**_COLUMNS, "document": "int8"}, found)


def stored_row(key: str, kind: str, value: str | int | float) -> Row:
    """Return an attribute as it is stored: key, kind, string, number, and what names are compared with."""
    if isinstance(value, str):
        return key, kind, value, None, fold_case(value) if key in _NAMED else None
    return key, kind, None, Decimal(value), None


def drop(transaction: Transaction, document: int) -> None:
    """Delete the attributes of a document (key)."""
    transaction.execute("DELETE FROM attributes WHERE document = %s", (document,))


HIDDEN = (
    "SELECT document FROM document_groups EXCEPT SELECT document FROM document_groups WHERE name = ANY(%s)"
)
"""Keys of the documents whose groups share none with a list, those of deleted documents included."""


def hidden_from(readable: ReadableBy) -> list[str]:
    """The parameter of :data:`HIDDEN`."""
    return readable.stored


def put_groups(transaction: Transaction, document: int, groups: Sequence[str]) -> None:
    """Replace the groups of a document (key)."""
    transaction.execute("DELETE FROM document_groups WHERE document = %s", (document,))
    transaction.execute(
        "INSERT INTO document_groups SELECT %s, unnest(%s::text[])", (document, sorted(set(groups)))
    )


_OF_ERASED = (
    "SELECT DISTINCT document FROM document_groups WHERE document NOT IN (SELECT key FROM documents)"
    " AND substr(name, 1, 1) <> ','"
)


def veil_groups(transaction: Transaction, document: int) -> None:
    """Keep the groups of an erased document (key) as hashes: they still decide who is told of its end."""
    rows = transaction.rows("SELECT name FROM document_groups WHERE document = %s", (document,))
    put_groups(transaction, document, [veiled(name) for (name,) in rows])


def veil_groups_of_erased(transaction: Transaction) -> int:
    """Do so for all erased documents whose groups have names; returns how many had."""
    rows = transaction.rows(_OF_ERASED)
    for (document,) in rows:
        veil_groups(transaction, document)
    return len(rows)


def select(transaction: Transaction, where: Filter) -> Ids:
    """Return the keys of the documents that match a filter, ascending."""
    if isinstance(where, Compound) and where.is_large:
        return select_in_parts(where, partial(select, transaction))
    sql, parameters = select_sql(where)
    return np.unique(np.array([key for (key,) in transaction.rows(sql, parameters)], np.int64))


def selection_sql(transaction: Transaction, where: Filter) -> tuple[str, list[Any]]:
    """Build the SQL query for the keys as a part of another query; of a large filter, from the keys."""
    if isinstance(where, Compound) and where.is_large:
        return "SELECT unnest(%s::bigint[])", [select(transaction, where).tolist()]
    return select_sql(where)


def select_sql(where: Filter) -> tuple[str, list[Any]]:
    """Build the SQL query, with parameters, for the keys of the documents that match a filter."""
    if isinstance(where, Comparison):
        return _comparison_sql(where)
    if isinstance(where, ReadableBy):
        return f"SELECT key AS document FROM documents WHERE key NOT IN ({HIDDEN})", [hidden_from(where)]
    if isinstance(where, NameContains):
        test = "key = ANY(%s) AND strpos(folded, %s) > 0"
        return f"SELECT document FROM attributes WHERE {test}", [
            list(NameContains.KEYS),
            fold_case(where.words),
        ]
    word = " INTERSECT " if where.combination == "and" else " UNION "
    parts = [select_sql(part) for part in where.filters]
    sql = word.join(f"SELECT document FROM ({part}) AS part" for part, _ in parts)
    return sql, [value for _, values in parts for value in values]


def _comparison_sql(where: Comparison) -> tuple[str, list[Any]]:
    how = where.definition
    sql, parameters = _equality_sql(where) if how.sign == "=" else _condition_sql(where)
    if how.is_complement:
        sql = f"SELECT key AS document FROM documents EXCEPT ({sql})"
    return sql, parameters


def _condition_sql(where: Comparison) -> tuple[str, list[Any]]:
    kind, value = typed_value(where.values[0])
    parameters: list[Any]
    if isinstance(value, str):
        test, places = condition(where, "string", "%s::text")
        parameters = [value] * places
        if sign := where.definition.sign:
            test, parameters = f"{_BEGINNING} {sign[0]}= left(%s, 100) AND {test}", [value, *parameters]
    else:
        test, places = condition(where, "number", "%s::numeric")
        test, parameters = f"kind = %s AND {test}", [kind, *[Decimal(value)] * places]
    return f"SELECT document FROM attributes WHERE key = %s AND {test}", [where.key, *parameters]


def _equality_sql(where: Comparison) -> tuple[str, list[Any]]:
    values = [typed_value(value) for value in where.values]
    parts: list[str] = []
    parameters: list[Any] = []
    strings = [value for _, value in values if isinstance(value, str)]
    if strings:
        parts.append(f"key = %s AND {_BEGINNING} = ANY(%s) AND string = ANY(%s)")
        parameters += [where.key, [value[:100] for value in strings], strings]
    for kind in ("n", "b"):
        numbers = [Decimal(value) for own, value in values if own == kind]
        if numbers:
            parts.append("key = %s AND kind = %s AND number = ANY(%s)")
            parameters += [where.key, kind, numbers]
    sql = " UNION ALL ".join(f"SELECT document FROM attributes WHERE {part}" for part in parts)
    return sql or "SELECT document FROM attributes WHERE false", parameters
