"""Write the rows of a copy."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace

from index.protocols.copying import CopyProgress, RecordState, Row, Rows
from index.store.rows.attributes import attributes_of
from index.store.sql import attributes
from index.store.sql.copying.source import VERSIONS_OF, SqlSource, content_key, used_content
from index.store.sql.state import random_name
from index.store.sql.statements import Value
from index.store.sql.tables import (
    ALIASES,
    CONTENT,
    DOCUMENTS,
    EMBEDDINGS,
    GROUPS,
    NAMES,
    PASSAGES,
    TABLES,
    VERSIONS,
)
from index.types import Metadata

_PROGRESS = "copying"
"""A table with one row, in a record that is not complete."""
_USERS = {
    "texts": "SELECT 1 FROM versions WHERE text_sha256 = texts.sha256",
    "text_blocks": "SELECT 1 FROM versions WHERE text_sha256 = text_blocks.sha256",
    "originals": "SELECT 1 FROM versions WHERE source_sha256 = originals.sha256",
    "embeddings": "SELECT 1 FROM passages WHERE embedding_key = embeddings.key",
}


class SqlTarget(SqlSource):
    """Implements :class:`index.protocols.copying.RowTarget` in a transaction."""

    @property
    def progress(self) -> CopyProgress | None:
        if not self._statements.has_table(_PROGRESS):
            return None
        values = json.loads(self._statements.rows(f"SELECT progress FROM {_PROGRESS}")[0][0])
        return CopyProgress(**values | {"name": tuple(values["name"])})

    def note(self, progress: CopyProgress) -> None:
        stored = json.dumps(asdict(progress))
        if self._statements.has_table(_PROGRESS):
            self._statements.execute(f"UPDATE {_PROGRESS} SET progress = ?", (stored,))
            return
        self._statements.execute(f"CREATE TABLE {_PROGRESS} (progress TEXT NOT NULL)")
        self._statements.execute(f"INSERT INTO {_PROGRESS} VALUES (?)", (stored,))
        self._statements.put_value("store", progress.store)

    def separate_originals(self, *, again: bool = False, name: str = "") -> None:
        if again or not self._statements.value("objects"):
            self._statements.put_value("objects", name or random_name())

    def put_documents(self, keys: Sequence[int], rows: Rows, *, replace: bool) -> None:
        versions, passages = rows[VERSIONS.name], rows[PASSAGES.name]
        before = self._drop(self._in_the_way(keys, rows))
        wanted = used_content(versions, passages)
        if replace:
            self._delete(EMBEDDINGS.name, "key", wanted[EMBEDDINGS.name])
        # Totals are counted by triggers, which read the lengths of texts.
        known = {table.name: self._known(table.name, wanted[table.name]) for table in CONTENT}
        for table in CONTENT:
            self._statements.add(table, [row for row in rows[table.name] if row[0] not in known[table.name]])
        for table in (DOCUMENTS, VERSIONS, ALIASES, GROUPS, PASSAGES):
            self._statements.add(table, rows[table.name])
        attributes.put(self._statements, _attributes(rows[DOCUMENTS.name], versions))
        for name, unused in before.items():
            left = unused - wanted[name]
            self._delete(
                name, content_key(TABLES[name]), left, where=f"{{among}} AND NOT EXISTS ({_USERS[name]})"
            )

    def put_names(self, rows: Sequence[Row], *, replace: bool) -> None:
        if replace:
            self._delete(NAMES.name, "document_id", {row[0] for row in rows})
        self._statements.add(NAMES, rows)

    def put_log(self, table: str, rows: Iterable[Row]) -> None:
        self._statements.add(TABLES[table], rows)

    def update_statistics(self) -> None:
        self._statements.update_statistics([*TABLES, "attributes"])

    def finish(self, state: RecordState, groups_of_erased: Iterable[Row], *, began: int) -> None:
        self._statements.execute(
            "DELETE FROM document_groups"
            " WHERE NOT EXISTS (SELECT 1 FROM documents d WHERE d.key = document_groups.document)"
        )
        self._statements.add(GROUPS, groups_of_erased)
        if state.erased > began:
            state = replace(state, purged=min(state.purged, began))
        self._statements.put_record_state(state)
        self._statements.execute(f"DROP TABLE {_PROGRESS}")

    def _in_the_way(self, keys: Sequence[int], rows: Rows) -> list[int]:
        """The keys, and those of documents that have the ids of others that are to be stored."""
        ids = [row[1] for row in rows[DOCUMENTS.name]]
        rows_ = self._statements.rows_among("SELECT key FROM documents WHERE {among}", "id", ids)
        found = [key for (key,) in rows_]
        return sorted({*keys, *found})

    def _drop(self, keys: Sequence[int]) -> Mapping[str, set[bytes]]:
        """Delete documents (keys); returns the content that they used, which others may use, too."""
        versions = self._of(VERSIONS, "document", keys)
        passages = self._of(PASSAGES, "document", keys, where=VERSIONS_OF)
        self._delete(PASSAGES.name, "document", keys, where=VERSIONS_OF)
        self._delete(VERSIONS.name, "document", keys)
        for name in (ALIASES.name, GROUPS.name, "attributes"):
            self._delete(name, "document", keys)
        self._delete(DOCUMENTS.name, "key", keys)
        return used_content(versions, passages)

    def _known(self, table: str, wanted: Iterable[bytes]) -> set[bytes]:
        """The keys among these that a table of content has."""
        column = content_key(TABLES[table])
        query = f"SELECT DISTINCT {column} FROM {table} WHERE {{among}}"
        return {key for (key,) in self._statements.rows_among(query, column, wanted)}

    def _delete(self, table: str, column: str, values: Iterable[Value], *, where: str = "{among}") -> None:
        self._statements.execute_among(f"DELETE FROM {table} WHERE {where}", column, values)


def _attributes(documents: Iterable[Row], versions: Iterable[Row]) -> dict[int, Metadata]:
    """The attributes of documents that filters compare; none for one with unreadable metadata."""
    key, title = VERSIONS.places(("key", "title"))
    titles = {row[key]: row[title] for row in versions}
    found = {}
    for document, id_, version, source, media_type, metadata, *_ in documents:
        with suppress(ValueError, KeyError):
            values = json.loads(metadata)
            found[document] = attributes_of(id_, titles[version], source, media_type, values)
    return found
