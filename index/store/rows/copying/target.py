"""Write the rows of a record."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace

from index.protocols.copying import CopyProgress, RecordState, Row, Rows
from index.store.rows.attributes import attributes_of
from index.store.rows.copying.dialect import marks, parts
from index.store.rows.copying.source import VERSIONS_OF, SqlSource, content_key, used_content
from index.store.rows.copying.tables import (
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
    """Implements :class:`index.protocols.copying.RowTarget` by the transaction of a dialect."""

    @property
    def progress(self) -> CopyProgress | None:
        if not self._dialect.has_table(_PROGRESS):
            return None
        values = json.loads(self._dialect.select(f"SELECT progress FROM {_PROGRESS}")[0][0])
        return CopyProgress(**values | {"name": tuple(values["name"])})

    def note(self, progress: CopyProgress) -> None:
        stored = json.dumps(asdict(progress))
        if self._dialect.has_table(_PROGRESS):
            self._dialect.execute(f"UPDATE {_PROGRESS} SET progress = ?", (stored,))
            return
        self._dialect.execute(f"CREATE TABLE {_PROGRESS} (progress TEXT NOT NULL)")
        self._dialect.execute(f"INSERT INTO {_PROGRESS} VALUES (?)", (stored,))
        self._dialect.name_store(progress.store)

    def separate_originals(self, *, again: bool = False) -> None:
        if again or not self._dialect.objects_name():
            self._dialect.name_objects(os.urandom(16).hex())

    def put_documents(self, keys: Sequence[int], rows: Rows, *, replace: bool) -> None:
        versions, passages = rows[VERSIONS.name], rows[PASSAGES.name]
        before = self._drop(self._in_the_way(keys, rows))
        wanted = used_content(versions, passages)
        if replace:
            self._delete(EMBEDDINGS.name, "key IN {}", wanted[EMBEDDINGS.name])
        # Totals are counted by triggers, which read the lengths of texts.
        known = {table.name: self._known(table.name, wanted[table.name]) for table in CONTENT}
        for table in CONTENT:
            self._dialect.insert(table, [row for row in rows[table.name] if row[0] not in known[table.name]])
        for table in (DOCUMENTS, VERSIONS, ALIASES, GROUPS, PASSAGES):
            self._dialect.insert(table, rows[table.name])
        self._dialect.put_attributes(_attributes(rows[DOCUMENTS.name], versions))
        for name, unused in before.items():
            left = unused - wanted[name]
            self._delete(name, f"{content_key(TABLES[name])} IN {{}} AND NOT EXISTS ({_USERS[name]})", left)

    def put_names(self, rows: Sequence[Row], *, replace: bool) -> None:
        if replace:
            self._delete(NAMES.name, "document_id IN {}", {row[0] for row in rows})
        self._dialect.insert(NAMES, rows)

    def put_log(self, table: str, rows: Iterable[Row]) -> None:
        self._dialect.insert(TABLES[table], rows)

    def update_statistics(self) -> None:
        self._dialect.update_statistics([*TABLES, "attributes"])

    def finish(self, state: RecordState, groups_of_erased: Iterable[Row], *, began: int) -> None:
        self._dialect.execute(
            "DELETE FROM document_groups"
            " WHERE NOT EXISTS (SELECT 1 FROM documents d WHERE d.key = document_groups.document)"
        )
        self._dialect.insert(GROUPS, groups_of_erased)
        if state.erased > began:
            state = replace(state, purged=min(state.purged, began))
        self._dialect.put_state(state)
        self._dialect.execute(f"DROP TABLE {_PROGRESS}")

    def _in_the_way(self, keys: Sequence[int], rows: Rows) -> list[int]:
        """The keys, and those of documents that have the ids of others that are to be stored."""
        ids = [row[1] for row in rows[DOCUMENTS.name]]
        found = [
            key
            for part in parts(ids)
            for (key,) in self._dialect.select(f"SELECT key FROM documents WHERE id IN {marks(part)}", part)
        ]
        return sorted({*keys, *found})

    def _drop(self, keys: Sequence[int]) -> Mapping[str, set[bytes]]:
        """Delete documents (keys); returns the content that they used, which others may use, too."""
        versions = self._of(VERSIONS, "document IN {}", keys)
        passages = self._of(PASSAGES, VERSIONS_OF, keys)
        self._delete(PASSAGES.name, VERSIONS_OF, keys)
        self._delete(VERSIONS.name, "document IN {}", keys)
        for name in (ALIASES.name, GROUPS.name, "attributes"):
            self._delete(name, "document IN {}", keys)
        self._delete(DOCUMENTS.name, "key IN {}", keys)
        return used_content(versions, passages)

    def _known(self, table: str, wanted: Iterable[bytes]) -> set[bytes]:
        """The keys among these that a table of content has."""
        column = content_key(TABLES[table])
        query = f"SELECT DISTINCT {column} FROM {table} WHERE {column} IN "
        return {key for part in parts(wanted) for (key,) in self._dialect.select(query + marks(part), part)}

    def _delete(self, table: str, where: str, values: Iterable[object]) -> None:
        for part in parts(values):
            self._dialect.execute(f"DELETE FROM {table} WHERE {where.format(marks(part))}", part)


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
