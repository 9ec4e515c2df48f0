"""The values that filters compare, of any kind in one column."""

from index.filters import Comparison, NameContains
from index.store.rows.attributes import condition, typed_value
from index.store.sql.statements import Row, Selection
from index.store.sql.tables import Table


class SqliteAttributes:
    """Implements :class:`index.store.sql.statements.Attributes`."""

    table = Table(
        "attributes",
        dict.fromkeys(("key", "kind", "value", "document"), ""),
        ("key", "kind", "value", "document"),
    )

    def row(self, key: str, kind: str, value: str | int | float) -> Row:
        return key, kind, value

    def equal(self, where: Comparison) -> Selection:
        values = [typed_value(value) for value in where.values]
        pairs = ", ".join(["(?, ?)"] * len(values))
        test = f"key = ? AND (kind, value) IN (VALUES {pairs})" if values else "key = ? AND 0"
        sql = f"SELECT document FROM attributes WHERE {test}"
        return sql, [where.key, *(part for pair in values for part in pair)]

    def compared(self, where: Comparison) -> Selection:
        kind, value = typed_value(where.values[0])
        test, places = condition(where, "value", "?")
        sql = f"SELECT document FROM attributes WHERE key = ? AND kind = ? AND {test}"
        return sql, [where.key, kind, *[value] * places]

    def named(self, words: str) -> Selection:
        keys = ", ".join("?" * len(NameContains.KEYS))
        test = f"key IN ({keys}) AND is_named(value, ?)"
        return f"SELECT document FROM attributes WHERE {test}", [*NameContains.KEYS, words]
