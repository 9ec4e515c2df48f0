"""Store, find, change and delete documents."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from typing import Any

from index.errors import DocumentNotFound, DocumentRetired
from index.filters import Filter, ReadableBy
from index.records import DocumentRecord, EventKind, NewDocument, Put
from index.store.rows.attributes import attributes_of
from index.store.rows.documents import document_of, pack_structure
from index.store.sqlite import attributes, events, names, originals, passages, texts, versions
from index.types import Metadata

_DOCUMENT = """
SELECT d.key, d.id, v.title, d.source, d.media_type, d.metadata, v.number,
       (SELECT COUNT(*) FROM versions w WHERE w.document = d.key) AS versions,
       v.text_sha256, v.source_sha256, v.reader, t.length, d.created, d.updated, d.given,
       (SELECT COUNT(*) FROM passages p WHERE p.document = d.key AND p.removed IS NULL) AS passages,
       (SELECT COUNT(embedded) FROM passages p WHERE p.document = d.key AND p.removed IS NULL) AS embedded,
       d.retired,
       (SELECT json_group_array(name) FROM document_groups g WHERE g.document = d.key) AS groups
FROM documents d JOIN versions v ON v.key = d.version JOIN texts t ON t.sha256 = v.text_sha256
"""


def put(connection: sqlite3.Connection, new: NewDocument, change: int, *, is_version: bool = False) -> Put:
    """Add a document or a new version of one; a version with the same text keeps its number.

    ``is_version``: it is a version of its own, whatever was stored before.

    A document stored with the same bytes, reader and caller's fields stays unchanged. A retired one is
    restored by a new version.
    """
    known = find(connection, new.id)
    restores = known is not None and known.retired is not None
    unchanged = known and known.has(new.source_sha256, new.reader, new.given)
    if known and unchanged and not is_version and new.groups in (None, known.groups):
        _attach_original(connection, new)
        return Put(known, "unchanged")
    sha = texts.put(connection, new.text)
    now = time.time()
    key = _document_key(connection, new, now)
    kind: EventKind
    if known and known.text_sha256 == sha and not (restores or is_version):
        kind = "updated"
        version, number = _update_version(connection, key, new)
    else:
        kind = "restored" if restores else "replaced" if known else "added"
        if known:
            _end_version(connection, key, now, change)
        version, number = _add_version(connection, key, new, (sha, now, change))
    names.put(connection, new.id, sha, number)
    connection.execute("UPDATE documents SET version = ? WHERE key = ?", (version, key))
    if known:
        attributes.drop(connection, key)
        passages.retire(connection, key, change)
    own = attributes_of(new.id, new.title, new.source, new.media_type, new.metadata)
    attributes.add(connection, key, own)
    if new.groups is not None:
        attributes.put_groups(connection, key, new.groups)
    passages.put(connection, new, (key, version), change)
    events.put(connection, new.id, kind, number, change)
    _attach_original(connection, new)
    if known:
        originals.drop_unused(connection, [known.source_sha256])
    return Put(get(connection, new.id), "replaced" if known and not restores else "added", kind == "updated")


def _update_version(connection: sqlite3.Connection, document: int, new: NewDocument) -> tuple[int, int]:
    """Replace the fields of the newest version that its reader has read anew; returns its key and number."""
    version, number = connection.execute(
        "UPDATE versions SET title = ?, source_sha256 = ?, reader = ?, structure = ?, pages = ?, layout = ?"
        " WHERE key = (SELECT version FROM documents WHERE key = ?) RETURNING key, number",
        (new.title, new.source_sha256, new.reader, *pack_structure(new), document),
    ).fetchone()
    return version, number


def _end_version(connection: sqlite3.Connection, document: int, now: float, change: int) -> None:
    """End the newest version of a document with a change, unless it was retired before."""
    connection.execute(
        "UPDATE versions SET removed = ?, replaced = ? WHERE document = ? AND removed IS NULL",
        (change, now, document),
    )


def _add_version(
    connection: sqlite3.Connection, document: int, new: NewDocument, stored: tuple[bytes, float, int]
) -> tuple[int, int]:
    """Add a newest version; ``stored`` is the text, time and change. Returns its key and number.

    The number is above all that the document has, and above all that were ever used under its id.
    """
    sha, now, change = stored
    columns = (new.title, new.source_sha256, new.reader, *pack_structure(new))
    version, number = connection.execute(
        "INSERT INTO versions (document, number, text_sha256, created, added, title, source_sha256,"
        " reader, structure, pages, layout)"
        " SELECT ?1, 1 + MAX((SELECT COALESCE(MAX(number), 0) FROM versions WHERE document = ?1),"
        " (SELECT COALESCE(MAX(version), 0) FROM names WHERE document_id = ?11)),"
        " ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 RETURNING key, number",
        (document, sha, now, change, *columns, new.id),
    ).fetchone()
    return version, number


def _attach_original(connection: sqlite3.Connection, new: NewDocument) -> None:
    if new.original_bytes is not None:
        originals.attach(connection, new.source_sha256, new.original_bytes)


def _document_key(connection: sqlite3.Connection, new: NewDocument, now: float) -> int:
    metadata = json.dumps(new.metadata, ensure_ascii=False)
    (key,) = connection.execute(
        "INSERT INTO documents (id, version, source, media_type, metadata, given, created, updated)"
        " VALUES (?, 0, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET source = excluded.source,"
        " media_type = excluded.media_type, metadata = excluded.metadata,"
        " given = excluded.given, updated = excluded.updated, retired = NULL"
        " RETURNING key",
        (new.id, new.source, new.media_type, metadata, new.given, now, now),
    ).fetchone()
    return int(key)


def rename(connection: sqlite3.Connection, record: DocumentRecord, document_id: str, change: int) -> None:
    """Give a document another id; locators with the old id still resolve.

    Raises :class:`index.errors.HashCollision`.
    """
    connection.execute("UPDATE documents SET id = ? WHERE key = ?", (document_id, record.key))
    names.put_all(connection, document_id, record.key)
    connection.execute("INSERT OR IGNORE INTO aliases VALUES (?, ?)", (record.id, record.key))
    connection.execute("DELETE FROM aliases WHERE id = ? AND document = ?", (document_id, record.key))
    own = attributes_of(document_id, record.title, record.source, record.media_type, record.metadata)
    attributes.put(connection, record.key, own)
    events.put(connection, document_id, "renamed", record.version, change, was=record.id)


def describe(
    connection: sqlite3.Connection, record: DocumentRecord, metadata: Metadata, source: str, change: int
) -> None:
    """Replace the metadata and source of a document."""
    connection.execute(
        "UPDATE documents SET metadata = ?, source = ?, updated = ? WHERE key = ?",
        (json.dumps(metadata, ensure_ascii=False), source, time.time(), record.key),
    )
    own = attributes_of(record.id, record.title, source, record.media_type, metadata)
    attributes.put(connection, record.key, own)
    events.put(connection, record.id, "updated", record.version, change)


def of_source(connection: sqlite3.Connection, sha256: bytes) -> list[DocumentRecord]:
    """Return the documents, not retired, whose newest version was read from the bytes with this hash."""
    return list_where(connection, "v.source_sha256 = ? AND d.retired IS NULL ORDER BY d.id", (sha256,))


def delete(connection: sqlite3.Connection, record: DocumentRecord, change: int) -> None:
    """Erase a document, its versions, and the texts and vectors that nothing else uses."""
    passages.retire(connection, record.key, change)
    rows = connection.execute("SELECT key FROM versions WHERE document = ?", (record.key,)).fetchall()
    versions.erase(connection, [key for (key,) in rows], change)
    events.put(connection, record.id, "deleted", record.version, change)
    connection.execute("DELETE FROM documents WHERE key = ?", (record.key,))
    connection.execute("DELETE FROM aliases WHERE document = ?", (record.key,))
    attributes.drop(connection, record.key)
    attributes.veil_groups(connection, record.key)


def find(connection: sqlite3.Connection, document_id: str) -> DocumentRecord | None:
    """Return the document of this id, retired or not, or None."""
    return next(iter(list_where(connection, "d.id = ?", (document_id,))), None)


def get(connection: sqlite3.Connection, document_id: str, *, retired: bool = False) -> DocumentRecord:
    """Return the document of this id, a retired one only with ``retired``.

    Raises :class:`DocumentNotFound`, :class:`DocumentRetired`.
    """
    record = find(connection, document_id)
    if record is None:
        raise DocumentNotFound(f"There is no document {document_id!r}.")
    if record.retired is not None and not retired:
        raise DocumentRetired.of(document_id, record.retired)
    return record


def aliases(connection: sqlite3.Connection, key: int) -> list[str]:
    """Return the former ids of a document (key)."""
    rows = connection.execute("SELECT id FROM aliases WHERE document = ? ORDER BY id", (key,)).fetchall()
    return [id_ for (id_,) in rows]


def of_key(connection: sqlite3.Connection, key: int) -> DocumentRecord:
    """Return the document with this key, which must exist."""
    return document_of(connection.execute(f"{_DOCUMENT} WHERE d.key = ?", (key,)).fetchone())


def list_all(
    connection: sqlite3.Connection,
    *,
    limit: int,
    after: str,
    prefix: str,
    where: Filter | None,
    retired: bool,
) -> list[DocumentRecord]:
    """List documents in order of their ids, retired ones only with ``retired``."""
    sql = "d.id > ? AND substr(d.id, 1, ?) = ?"
    parameters: list[Any] = [after, len(prefix), prefix]
    if not retired:
        sql += " AND d.retired IS NULL"
    if where is not None:
        selection, values = attributes.selection_sql(connection, where)
        sql += f" AND d.key IN ({selection})"
        parameters += values
    return list_where(connection, f"{sql} ORDER BY d.id LIMIT ?", (*parameters, limit))


def list_where(
    connection: sqlite3.Connection, condition: str, parameters: Sequence[Any]
) -> list[DocumentRecord]:
    """List documents ``d`` (newest version ``v``) by an SQL condition, which an order may follow."""
    rows = connection.execute(f"{_DOCUMENT} WHERE {condition}", parameters).fetchall()
    return [document_of(row) for row in rows]


def admits(connection: sqlite3.Connection, readable: ReadableBy, document_id: str) -> bool:
    """Whether the document with this id is admitted; see :class:`index.protocols.Snapshot`."""
    own = connection.execute("SELECT key FROM documents WHERE id = ?", (document_id,)).fetchall()
    keys = own or connection.execute(
        "SELECT document FROM aliases WHERE id = ?1 UNION SELECT document FROM erased WHERE document_id = ?1",
        (document_id,),
    )
    row = connection.execute(
        f"SELECT 1 FROM ({attributes.HIDDEN}) WHERE document IN (SELECT value FROM json_each(?)) LIMIT 1",
        (attributes.hidden_from(readable), json.dumps([key for (key,) in keys])),
    ).fetchone()
    return row is None
