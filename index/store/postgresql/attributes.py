"""The values that filters compare: strings and numbers in columns of their own."""

from decimal import Decimal
from typing import Any

from index.filters import Comparison, NameContains, fold_case
from index.store.rows.attributes import condition, typed_value
from index.store.sql.statements import Row, Selection
from index.store.sql.tables import Table

_NAMED = frozenset(NameContains.KEYS)
_BEGINNING = "left(string, 100)"
"""What the index of strings has of them."""


class PostgresqlAttributes:
    """Implements :class:`index.store.sql.statements.Attributes`."""

    table = Table(
        "attributes",
        {
            "key": "text",
            "kind": "text",
            "string": "text",
            "number": "numeric",
            "folded": "text",
            "document": "int8",
        },
        ("key", "kind", "string", "number", "document"),
    )

    def row(self, key: str, kind: str, value: str | int | float) -> Row:
        if isinstance(value, str):
            return key, kind, value, None, fold_case(value) if key in _NAMED else None
        return key, kind, None, Decimal(value), None

    def equal(self, where: Comparison) -> Selection:
        values = [typed_value(value) for value in where.values]
        parts: list[str] = []
        parameters: list[Any] = []
        strings = [value for _, value in values if isinstance(value, str)]
        if strings:
            parts.append(f"key = ? AND {_BEGINNING} = ANY(?) AND string = ANY(?)")
            parameters += [where.key, [value[:100] for value in strings], strings]
        for kind in ("n", "b"):
            numbers = [Decimal(value) for own, value in values if own == kind]
            if numbers:
                parts.append("key = ? AND kind = ? AND number = ANY(?)")
                parameters += [where.key, kind, numbers]
        sql = " UNION ALL ".join(f"SELECT document FROM attributes WHERE {part}" for part in parts)
        return sql or "SELECT document FROM attributes WHERE false", parameters

    def compared(self, where: Comparison) -> Selection:
        kind, value = typed_value(where.values[0])
        parameters: list[Any]
        if isinstance(value, str):
            test, places = condition(where, "string", "?::text")
            parameters = [value] * places
            if sign := where.definition.sign:
                test, parameters = f"{_BEGINNING} {sign[0]}= left(?, 100) AND {test}", [value, *parameters]
        else:
            test, places = condition(where, "number", "?::numeric")
            test, parameters = f"kind = ? AND {test}", [kind, *[Decimal(value)] * places]
        return f"SELECT document FROM attributes WHERE key = ? AND {test}", [where.key, *parameters]

    def named(self, words: str) -> Selection:
        test = "key = ANY(?) AND strpos(folded, ?) > 0"
        return f"SELECT document FROM attributes WHERE {test}", [list(NameContains.KEYS), words]
