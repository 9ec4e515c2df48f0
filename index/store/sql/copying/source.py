"""Read the rows of a record, to copy them."""

from collections.abc import Iterable, Iterator, Sequence

from index.protocols.copying import RecordState, Row, Rows, TouchedDocuments
from index.store.sql.statements import Statements, Value
from index.store.sql.tables import (
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
_STREAMED = 2000
VERSIONS_OF = "version IN (SELECT key FROM versions WHERE {among})"


class SqlSource:
    """Implements :class:`index.protocols.copying.RowSource` in a transaction."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    @property
    def state(self) -> RecordState:
        return self._statements.record_state()

    def token(self, change: int) -> bytes | None:
        found = self._statements.rows("SELECT token FROM changes WHERE number = ?", (change,))
        return found[0][0] if found else None

    def size(self, table: str) -> int:
        return int(self._statements.rows(f"SELECT COUNT(*) FROM {TABLES[table].name}")[0][0])

    def bytes_in(self, table: str, column: str) -> int:
        of = f'"{column}"' if TABLES[table].columns[column] == "int8" else f'length("{column}")'
        return int(self._statements.rows(f"SELECT COALESCE(SUM({of}), 0) FROM {table}")[0][0])

    def next_documents(self, after: int, most: int) -> list[int]:
        rows = self._statements.rows(
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
        events = self._statements.rows(
            "SELECT DISTINCT document, document_id, was FROM events WHERE change > ?", (since,)
        )
        embedded = self._statements.rows(
            "SELECT DISTINCT document FROM passages WHERE embedded > ?", (since,)
        )
        documents = {row[0] for row in (*events, *embedded) if row[0] is not None}
        ids = {name for _, *names in events for name in names if name}
        return TouchedDocuments(sorted(documents), sorted(ids))

    def documents(self, keys: Sequence[int]) -> Rows:
        found = {
            DOCUMENTS.name: self._of(DOCUMENTS, "key", keys),
            VERSIONS.name: self._of(VERSIONS, "document", keys),
            ALIASES.name: self._of(ALIASES, "document", keys),
            GROUPS.name: self._of(GROUPS, "document", keys),
            PASSAGES.name: self._of(PASSAGES, "document", keys, where=VERSIONS_OF),
        }
        used = used_content(found[VERSIONS.name], found[PASSAGES.name])
        return found | {
            table.name: self._of(table, content_key(table), used[table.name]) for table in CONTENT
        }

    def groups_of_erased(self) -> list[Row]:
        return self._statements.rows(
            f"SELECT {_columns(self._statements, GROUPS)} FROM document_groups g"
            " WHERE NOT EXISTS (SELECT 1 FROM documents d WHERE d.key = g.document)"
        )

    def names_after(self, name: tuple[str, str]) -> list[Row]:
        return self._statements.rows(
            f"SELECT {_columns(self._statements, NAMES)} FROM names WHERE (document_id, digits) > (?, ?)"
            " ORDER BY document_id, digits LIMIT ?",
            (name[0], bytes.fromhex(name[1]), _MOST_ROWS),
        )

    def names_of(self, ids: Sequence[str], documents: Sequence[int]) -> list[Row]:
        own = [
            id_
            for query, column in (
                ("SELECT id FROM documents WHERE {among}", "key"),
                ("SELECT id FROM aliases WHERE {among}", "document"),
            )
            for (id_,) in self._statements.rows_among(query, column, documents)
        ]
        return self._of(NAMES, "document_id", (*ids, *own))

    def logged_after(self, table: str, last: Row | None) -> list[Row]:
        one, statements = TABLES[table], self._statements
        key = _key(statements, one)
        where = f"WHERE ({key}) > ({', '.join('?' * len(last))})" if last else ""
        return statements.rows(
            f"SELECT {_columns(statements, one)} FROM {table} {where} ORDER BY {key} LIMIT ?",
            (*(last or ()), _MOST_ROWS),
        )

    def last_logged(self, table: str) -> Row | None:
        one, statements = TABLES[table], self._statements
        order = ", ".join(f"{statements.quote(column)} DESC" for column in one.key)
        found = statements.rows(f"SELECT {_key(statements, one)} FROM {table} ORDER BY {order} LIMIT 1")
        return found[0] if found else None

    def rows_in_order(self, table: str) -> Iterator[tuple[Row, Row]]:
        one, statements = TABLES[table], self._statements
        places = one.places(one.key)
        query = f"SELECT {_columns(statements, one)} FROM {table} ORDER BY {_key(statements, one)}"
        for rows in statements.stream(query, size=_STREAMED):
            for row in rows:
                yield tuple(row[place] for place in places), row

    def _of(self, table: Table, column: str, values: Iterable[Value], *, where: str = "{among}") -> list[Row]:
        """The rows of a table for which a condition holds with some of the values."""
        query = f"SELECT {_columns(self._statements, table)} FROM {table.name} WHERE {where}"
        return self._statements.rows_among(query, column, values)


def _columns(statements: Statements, table: Table) -> str:
    return ", ".join(map(statements.quote, table.columns))


def _key(statements: Statements, table: Table) -> str:
    return ", ".join(map(statements.quote, table.key))


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
