"""Read the rows of a record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from index.protocols.copying import RecordState, Row, Rows, TouchedDocuments
from index.store.rows.copying.dialect import Dialect, column_list, marks, ordered_by, parts, quote_column
from index.store.rows.copying.tables import (
    ALIASES,
    BLOCKS,
    CONTENT,
    DOCUMENTS,
    EMBEDDINGS,
    GROUPS,
    NAMES,
    ORIGINALS,
    PASSAGES,
    TABLES,
    TEXTS,
    VERSIONS,
    Table,
)

_MOST_PASSAGES = 4000
_MOST_ROWS = 20_000
VERSIONS_OF = "version IN (SELECT key FROM versions WHERE document IN {})"


class SqlSource:
    """Implements :class:`index.protocols.copying.RowSource` by the transaction of a dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    @property
    def state(self) -> RecordState:
        return self._dialect.state()

    def token(self, change: int) -> bytes | None:
        found = self._dialect.select("SELECT token FROM changes WHERE number = ?", (change,))
        return found[0][0] if found else None

    def size(self, table: str) -> int:
        return int(self._dialect.select(f"SELECT COUNT(*) FROM {TABLES[table].name}")[0][0])

    def bytes_in(self, table: str, column: str) -> int:
        of = f'"{column}"' if TABLES[table].columns[column] == "int8" else f'length("{column}")'
        return int(self._dialect.select(f"SELECT COALESCE(SUM({of}), 0) FROM {table}")[0][0])

    def next_documents(self, after: int, most: int) -> list[int]:
        rows = self._dialect.select(
            "SELECT d.key, COUNT(p.id) FROM (SELECT key FROM documents WHERE key > ? ORDER BY key LIMIT ?) d"
            " LEFT JOIN versions v ON v.document = d.key LEFT JOIN passages p ON p.version = v.key"
            " GROUP BY d.key ORDER BY d.key",
            (after, most),
        )
        keys: list[int] = []
        passages = 0
        for key, count in rows:
            passages += count
            if keys and passages > _MOST_PASSAGES:
                break
            keys.append(key)
        return keys

    def touched_documents(self, since: int) -> TouchedDocuments:
        events = self._dialect.select(
            "SELECT DISTINCT document, document_id, was FROM events WHERE change > ?", (since,)
        )
        embedded = self._dialect.select("SELECT DISTINCT document FROM passages WHERE embedded > ?", (since,))
        documents = {row[0] for row in (*events, *embedded) if row[0] is not None}
        ids = {name for _, *names in events for name in names if name}
        return TouchedDocuments(sorted(documents), sorted(ids))

    def documents(self, keys: Sequence[int]) -> Rows:
        found = {
            DOCUMENTS.name: self._of(DOCUMENTS, "key IN {}", keys),
            VERSIONS.name: self._of(VERSIONS, "document IN {}", keys),
            ALIASES.name: self._of(ALIASES, "document IN {}", keys),
            GROUPS.name: self._of(GROUPS, "document IN {}", keys),
            PASSAGES.name: self._of(PASSAGES, VERSIONS_OF, keys),
        }
        used = used_content(found[VERSIONS.name], found[PASSAGES.name])
        return found | {
            table.name: self._of(table, f"{content_key(table)} IN {{}}", used[table.name])
            for table in CONTENT
        }

    def groups_of_erased(self) -> list[Row]:
        return self._dialect.select(
            f"SELECT {column_list(self._dialect, GROUPS)} FROM document_groups g"
            " WHERE NOT EXISTS (SELECT 1 FROM documents d WHERE d.key = g.document)"
        )

    def names_after(self, name: tuple[str, str]) -> list[Row]:
        return self._dialect.select(
            f"SELECT {column_list(self._dialect, NAMES)} FROM names WHERE (document_id, digits) > (?, ?)"
            " ORDER BY document_id, digits LIMIT ?",
            (name[0], bytes.fromhex(name[1]), _MOST_ROWS),
        )

    def names_of(self, ids: Sequence[str], documents: Sequence[int]) -> list[Row]:
        own = [
            id_
            for query in (
                "SELECT id FROM documents WHERE key IN {}",
                "SELECT id FROM aliases WHERE document IN {}",
            )
            for part in parts(documents)
            for (id_,) in self._dialect.select(query.format(marks(part)), part)
        ]
        return self._of(NAMES, "document_id IN {}", (*ids, *own))

    def logged_after(self, table: str, last: Row | None) -> list[Row]:
        one, dialect = TABLES[table], self._dialect
        key = ordered_by(dialect, one)
        where = f"WHERE ({key}) > {marks(last)}" if last else ""
        return dialect.select(
            f"SELECT {column_list(dialect, one)} FROM {table} {where} ORDER BY {key} LIMIT ?",
            (*(last or ()), _MOST_ROWS),
        )

    def last_logged(self, table: str) -> Row | None:
        one, dialect = TABLES[table], self._dialect
        order = ", ".join(f"{quote_column(dialect, column)} DESC" for column in one.key)
        found = dialect.select(f"SELECT {ordered_by(dialect, one)} FROM {table} ORDER BY {order} LIMIT 1")
        return found[0] if found else None

    def rows_in_order(self, table: str) -> Iterator[tuple[Row, Row]]:
        one, dialect = TABLES[table], self._dialect
        places = one.places(one.key)
        for row in dialect.stream(
            f"SELECT {column_list(dialect, one)} FROM {table} ORDER BY {ordered_by(dialect, one)}"
        ):
            yield tuple(row[place] for place in places), row

    def _of(self, table: Table, where: str, values: Iterable[object]) -> list[Row]:
        """The rows of a table for which a condition holds with some of the values."""
        query = f"SELECT {column_list(self._dialect, table)} FROM {table.name} WHERE "
        return [
            row
            for part in parts(values)
            for row in self._dialect.select(query + where.format(marks(part)), part)
        ]


def used_content(versions: Iterable[Row], passages: Iterable[Row]) -> dict[str, set[bytes]]:
    """The keys of the content that versions and passages use, by table."""
    (text, source), (embedding,) = (
        VERSIONS.places(("text_sha256", "source_sha256")),
        PASSAGES.places(("embedding_key",)),
    )
    texts: set[bytes] = set()
    originals: set[bytes] = set()
    for row in versions:
        texts.add(row[text])
        originals.add(row[source])
    return {
        TEXTS.name: texts,
        BLOCKS.name: texts,
        ORIGINALS.name: originals,
        EMBEDDINGS.name: {row[embedding] for row in passages},
    }


def content_key(table: Table) -> str:
    """The column by which content is found."""
    return table.key[0]
