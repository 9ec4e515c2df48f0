"""Documents, each with its newest version."""

from __future__ import annotations

import json
import sqlite3
import time
from typing import Any

from index.errors import DocumentNotFound
from index.filters import Filter
from index.records import DocumentRecord, EventKind, NewDocument
from index.store import attributes, events, names, passages, texts, versions
from index.types import Metadata

_DOCUMENT = """
SELECT d.key, d.id, v.title, d.source, d.media_type, d.metadata, v.number,
       (SELECT COUNT(*) FROM versions w WHERE w.document = d.key) AS versions,
       v.text_sha256, v.source_sha256, v.reader, t.length, d.created, d.updated, d.given,
       (SELECT COUNT(*) FROM passages p WHERE p.document = d.key AND p.removed IS NULL) AS passages,
       (SELECT COUNT(embedded) FROM passages p WHERE p.document = d.key AND p.removed IS NULL) AS embedded
FROM documents d JOIN versions v ON v.key = d.version JOIN texts t ON t.sha256 = v.text_sha256
"""


def put(connection: sqlite3.Connection, new: NewDocument, change: int) -> None:
    """Add a document, or a new version of one; a version of the same words keeps its number."""
    sha = texts.put(connection, new.text)
    now = time.time()
    key = _document_key(connection, new, now)
    newest = connection.execute(
        "SELECT v.key, v.number, v.text_sha256 FROM documents d JOIN versions v ON v.key = d.version"
        " WHERE d.key = ?",
        (key,),
    ).fetchone()
    columns = (new.title, new.source_sha256, new.reader, *versions.packed(new))
    if newest and newest[2] == sha:
        version, number, _ = newest
        kind: EventKind = "updated"
        connection.execute(
            "UPDATE versions SET title = ?, source_sha256 = ?, reader = ?, structure = ?, pages = ?,"
            " layout = ? WHERE key = ?",
            (*columns, version),
        )
    else:
        kind = "replaced" if newest else "added"
        connection.execute(
            "UPDATE versions SET removed = ?, replaced = ? WHERE document = ? AND removed IS NULL",
            (change, now, key),
        )
        version, number = connection.execute(
            "INSERT INTO versions (document, number, text_sha256, created, added, title, source_sha256,"
            " reader, structure, pages, layout)"
            " SELECT ?1, MAX(COALESCE(MAX(number), 0), ?11) + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10"
            " FROM versions WHERE document = ?1 RETURNING key, number",
            (key, sha, now, change, *columns, names.last_version(connection, new.id)),
        ).fetchone()
    names.put(connection, new.id, sha, number)
    connection.execute("UPDATE documents SET version = ? WHERE key = ?", (version, key))
    attributes.put(connection, key, _attributes(new.id, new.title, new.source, new.media_type, new.metadata))
    passages.retire(connection, key, change)
    passages.put(connection, new, (key, version), change)
    events.put(connection, new.id, kind, number, change)


def _document_key(connection: sqlite3.Connection, new: NewDocument, now: float) -> int:
    metadata = json.dumps(new.metadata, ensure_ascii=False)
    (key,) = connection.execute(
        "INSERT INTO documents (id, version, source, media_type, metadata, given, created, updated)"
        " VALUES (?, 0, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET source = excluded.source,"
        " media_type = excluded.media_type, metadata = excluded.metadata,"
        " given = excluded.given, updated = excluded.updated"
        " RETURNING key",
        (new.id, new.source, new.media_type, metadata, new.given, now, now),
    ).fetchone()
    return int(key)


def _attributes(id_: str, title: str, source: str, media_type: str, metadata: Metadata) -> Metadata:
    own = {"document_id": id_, "title": title, "source": source, "media_type": media_type}
    return {**metadata, **own}


def rename(connection: sqlite3.Connection, record: DocumentRecord, document_id: str, change: int) -> None:
    """Give a document another id; what was cited by the one it had is still found.

    Raises :class:`index.errors.HashCollision`.
    """
    connection.execute("UPDATE documents SET id = ? WHERE key = ?", (document_id, record.key))
    names.put_all(connection, document_id, record.key)
    connection.execute("INSERT OR IGNORE INTO aliases VALUES (?, ?)", (record.id, record.key))
    connection.execute("DELETE FROM aliases WHERE id = ? AND document = ?", (document_id, record.key))
    own = _attributes(document_id, record.title, record.source, record.media_type, record.metadata)
    attributes.put(connection, record.key, own)
    events.put(connection, document_id, "renamed", record.version, change, was=record.id)


def describe(
    connection: sqlite3.Connection, record: DocumentRecord, metadata: Metadata, source: str, change: int
) -> None:
    """Replace what is known of a document beside its text."""
    connection.execute(
        "UPDATE documents SET metadata = ?, source = ?, updated = ? WHERE key = ?",
        (json.dumps(metadata, ensure_ascii=False), source, time.time(), record.key),
    )
    own = _attributes(record.id, record.title, source, record.media_type, metadata)
    attributes.put(connection, record.key, own)
    events.put(connection, record.id, "updated", record.version, change)


def of_source(connection: sqlite3.Connection, sha256: bytes) -> list[DocumentRecord]:
    """The documents whose newest version was made of the bytes with this hash."""
    rows = connection.execute(f"{_DOCUMENT} WHERE v.source_sha256 = ? ORDER BY d.id", (sha256,)).fetchall()
    return [_document(row) for row in rows]


def delete(connection: sqlite3.Connection, record: DocumentRecord, change: int) -> None:
    """Erase a document, its versions, and the texts and vectors that nothing else uses."""
    passages.retire(connection, record.key, change)
    rows = connection.execute("SELECT key FROM versions WHERE document = ?", (record.key,)).fetchall()
    versions.erase(connection, [key for (key,) in rows], change)
    connection.execute("DELETE FROM documents WHERE key = ?", (record.key,))
    connection.execute("DELETE FROM aliases WHERE document = ?", (record.key,))
    attributes.drop(connection, record.key)
    events.put(connection, record.id, "deleted", record.version, change)


def find(connection: sqlite3.Connection, document_id: str) -> DocumentRecord | None:
    """Return the document of this id, or None."""
    row = connection.execute(f"{_DOCUMENT} WHERE d.id = ?", (document_id,)).fetchone()
    return _document(row) if row else None


def get(connection: sqlite3.Connection, document_id: str) -> DocumentRecord:
    """Return the document of this id, or raise :class:`DocumentNotFound`."""
    if record := find(connection, document_id):
        return record
    raise DocumentNotFound(f"There is no document {document_id!r}. List what is there: GET /v1/documents.")


def listed(
    connection: sqlite3.Connection, *, limit: int, after: str, prefix: str, where: Filter | None
) -> list[DocumentRecord]:
    """Documents in order of their ids."""
    sql = f"{_DOCUMENT} WHERE d.id > ? AND substr(d.id, 1, ?) = ?"
    parameters: list[Any] = [after, len(prefix), prefix]
    if where is not None:
        selection, values = attributes.select_sql(where)
        sql += f" AND d.key IN ({selection})"
        parameters += values
    rows = connection.execute(f"{sql} ORDER BY d.id LIMIT ?", (*parameters, limit)).fetchall()
    return [_document(row) for row in rows]


def _document(row: tuple[Any, ...]) -> DocumentRecord:
    values = list(row)
    values[5] = json.loads(values[5])
    return DocumentRecord(*values)
