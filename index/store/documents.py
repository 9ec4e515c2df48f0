"""Documents and their versions."""

from __future__ import annotations

import json
import sqlite3
import time
import zlib
from typing import Any

from index.errors import DocumentNotFound, StoreDamaged, VersionNotFound
from index.filters import Filter
from index.records import DocumentRecord, NewDocument, StoredPassage, VersionRecord
from index.store import attributes, passages, texts
from index.types import Ids, Metadata

_DOCUMENT = """
SELECT d.key, d.id, v.title, d.source, d.media_type, d.metadata, v.number,
       (SELECT COUNT(*) FROM versions w WHERE w.document = d.key) AS versions,
       v.text_sha256, v.source_sha256, v.reader, t.length, d.created, d.updated, d.given,
       (SELECT COUNT(*) FROM passages p WHERE p.document = d.key AND p.removed IS NULL) AS passages,
       (SELECT COUNT(embedded) FROM passages p WHERE p.document = d.key AND p.removed IS NULL) AS embedded
FROM documents d JOIN versions v ON v.key = d.version JOIN texts t ON t.sha256 = v.text_sha256
"""
_VERSION = """
SELECT v.key, d.id, v.number, n.number, v.title, d.source, d.media_type, d.metadata,
       v.text_sha256, v.source_sha256, v.reader, t.length, v.created
FROM versions v JOIN documents d ON d.key = v.document JOIN versions n ON n.key = d.version
JOIN texts t ON t.sha256 = v.text_sha256
"""
_SQL_VARIABLES = 500


def put(connection: sqlite3.Connection, new: NewDocument, change: int) -> None:
    """Add a document, or a new version of one; a version of the same words keeps its number."""
    sha = texts.put(connection, new.text)
    now = time.time()
    key = _document_key(connection, new, now)
    row = connection.execute(
        "SELECT key FROM versions WHERE document = ? AND text_sha256 = ?"
        " AND key = (SELECT version FROM documents WHERE key = ?)",
        (key, sha, key),
    ).fetchone()
    structure = zlib.compress(json.dumps(_structure(new), ensure_ascii=False).encode())
    if row:
        (version,) = row
        connection.execute(
            "UPDATE versions SET title = ?, source_sha256 = ?, reader = ?, structure = ? WHERE key = ?",
            (new.title, new.source_sha256, new.reader, structure, version),
        )
    else:
        version = connection.execute(
            "INSERT INTO versions (document, number, title, text_sha256, source_sha256, reader, structure,"
            " created) SELECT ?1, COALESCE(MAX(number), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7 FROM versions"
            " WHERE document = ?1",
            (key, new.title, sha, new.source_sha256, new.reader, structure, now),
        ).lastrowid
    connection.execute("UPDATE documents SET version = ? WHERE key = ?", (version, key))
    attributes.put(connection, key, _attributes(new.id, new.title, new.source, new.media_type, new.metadata))
    passages.retire(connection, key, change)
    assert version is not None  # noqa: S101 -- an INSERT of one row has a row id
    passages.put(connection, new, (key, version), change)


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


def _structure(new: NewDocument) -> dict[str, Any]:
    return {
        "blocks": [[b.kind, b.start, b.end, b.level, b.title] for b in new.blocks],
        "pages": list(new.pages),
    }


def _attributes(id_: str, title: str, source: str, media_type: str, metadata: Metadata) -> Metadata:
    own = {"document_id": id_, "title": title, "source": source, "media_type": media_type}
    return {**metadata, **own}


def delete(connection: sqlite3.Connection, record: DocumentRecord, change: int) -> None:
    """Erase a document, its versions, and the texts and vectors that nothing else uses."""
    passages.retire(connection, record.key, change)
    passages.drop(connection, record.key)
    shas = connection.execute("SELECT text_sha256 FROM versions WHERE document = ?", (record.key,)).fetchall()
    connection.execute("DELETE FROM versions WHERE document = ?", (record.key,))
    connection.execute("DELETE FROM documents WHERE key = ?", (record.key,))
    attributes.drop(connection, record.key)
    texts.drop_unused(connection, [sha for (sha,) in shas])


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


def version(connection: sqlite3.Connection, document_id: str, number: int | None) -> VersionRecord:
    """Return a version by its number, the newest without one."""
    which = "v.key = d.version" if number is None else "v.number = ?"
    parameters = (document_id,) if number is None else (document_id, number)
    if row := connection.execute(f"{_VERSION} WHERE d.id = ? AND {which}", parameters).fetchone():
        return _version_record(row)
    record = get(connection, document_id)
    raise VersionNotFound(f"{document_id!r} has no version {number}; its newest is {record.version}.")


def version_by_text(connection: sqlite3.Connection, document_id: str, prefix: str) -> VersionRecord | None:
    """Return the newest version whose text hash begins with these hex digits, or None."""
    row = connection.execute(
        f"{_VERSION} WHERE d.id = ? AND lower(hex(substr(v.text_sha256, 1, ?))) = ?"
        " ORDER BY v.number DESC LIMIT 1",
        (document_id, len(prefix) // 2, prefix),
    ).fetchone()
    return _version_record(row) if row else None


def section_at(
    connection: sqlite3.Connection, of: VersionRecord, start: int
) -> tuple[tuple[str, ...], tuple[int, int] | None]:
    """Section path and pages of the last passage that starts at or before an offset."""
    row = connection.execute(
        "SELECT section, first_page, last_page FROM passages WHERE version = ? AND start <= ?"
        " ORDER BY start DESC, id DESC LIMIT 1",
        (of.key, start),
    ).fetchone()
    if row is None:
        return (), None
    return tuple(json.loads(row[0])), None if row[1] is None else (row[1], row[2])


def stored_passages(connection: sqlite3.Connection, ids: Ids) -> list[StoredPassage]:
    """Return the live ones among these passages, with their words, in the order given.

    Raises :class:`StoreDamaged` when a slice is not what was indexed.
    """
    wanted = [int(id_) for id_ in ids]
    found: dict[int, StoredPassage] = {}
    for at in range(0, len(wanted), _SQL_VARIABLES):
        part = wanted[at : at + _SQL_VARIABLES]
        marks = ", ".join("?" * len(part))
        rows = connection.execute(
            f'SELECT p.id, p.version, p.start, p."end", p.section, p.first_page, p.last_page, p.tokens,'
            f" p.quote_key, p.embedded FROM passages p WHERE p.removed IS NULL AND p.id IN ({marks})",
            part,
        ).fetchall()
        versions = {key: _version(connection, key) for key in {row[1] for row in rows}}
        for row in rows:
            found[row[0]] = _stored_passage(connection, row, versions[row[1]])
    return [found[id_] for id_ in wanted if id_ in found]


def _version(connection: sqlite3.Connection, key: int) -> VersionRecord:
    return _version_record(connection.execute(f"{_VERSION} WHERE v.key = ?", (key,)).fetchone())


def _version_record(row: tuple[Any, ...]) -> VersionRecord:
    values = list(row)
    values[7] = json.loads(values[7])
    return VersionRecord(*values)


def _stored_passage(connection: sqlite3.Connection, row: tuple[Any, ...], of: VersionRecord) -> StoredPassage:
    passage = passages.passage_of(row[2:8])
    text = texts.read(connection, of.text_sha256, passage.start, passage.end)
    if passages.content_key(text) != row[8]:
        raise StoreDamaged(
            f"Passage {row[0]} of {of.document_id!r} is not what was indexed. Restore a backup."
        )
    return StoredPassage(row[0], of, passage, text, row[9] is not None)
