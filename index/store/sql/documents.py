"""Store, find, change and delete documents."""

import json
import time
from collections.abc import Sequence
from typing import Any

from index.errors import DocumentNotFound, DocumentRetired
from index.filters import Filter, ReadableBy
from index.records import DocumentRecord, EventKind, NewDocument, Put
from index.store.rows.attributes import attributes_of
from index.store.rows.documents import STRUCTURE, document_of, pack_structure
from index.store.sql import attributes, events, groups, names, originals, passages, texts, versions
from index.store.sql.statements import Statements
from index.types import Metadata

_DOCUMENT = """
SELECT d.key, d.id, v.title, d.source, d.media_type, d.metadata, v.number,
       (SELECT COUNT(*) FROM versions w WHERE w.document = d.key),
       v.text_sha256, v.source_sha256, v.reader, t.length, d.created, d.updated, d.given,
       (SELECT COUNT(*) FROM passages p WHERE p.document = d.key AND p.removed IS NULL),
       (SELECT COUNT(embedded) FROM passages p WHERE p.document = d.key AND p.removed IS NULL),
       d.retired, ({groups})
FROM documents d JOIN versions v ON v.key = d.version JOIN texts t ON t.sha256 = v.text_sha256
"""
_LAST_CHARACTER = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)


def put(statements: Statements, new: NewDocument, change: int, *, is_version: bool = False) -> Put:
    """Add a document or a new version of one; a version with the same text keeps its number.

    ``is_version``: it is a version of its own, whatever was stored before.

    A document stored with the same bytes, reader and caller's fields stays unchanged. A retired one is
    restored by a new version.
    """
    known = find(statements, new.id)
    restores = known is not None and known.retired is not None
    unchanged = known and known.has(new.source_sha256, new.reader, new.given)
    if known and unchanged and not is_version and new.groups in (None, known.groups):
        _attach_original(statements, new)
        return Put(known, "unchanged")
    sha = texts.put(statements, new.text)
    now = time.time()
    key = _document_key(statements, new, now)
    kind: EventKind
    if known and known.text_sha256 == sha and not (restores or is_version):
        kind = "updated"
        version, number = _update_version(statements, key, new)
    else:
        kind = "restored" if restores else "replaced" if known else "added"
        if known:
            _end_version(statements, key, now, change)
        version, number = _add_version(statements, key, new, (sha, now, change))
    names.put(statements, new.id, sha, number)
    statements.execute("UPDATE documents SET version = ? WHERE key = ?", (version, key))
    if known:
        attributes.drop(statements, key)
        passages.retire(statements, key, change)
    own = attributes_of(new.id, new.title, new.source, new.media_type, new.metadata)
    attributes.add(statements, {key: own})
    if new.groups is not None:
        groups.put(statements, key, new.groups)
    passages.put(statements, new, (key, version), change)
    events.put(statements, new.id, kind, number, change)
    _attach_original(statements, new)
    if known:
        originals.drop_unused(statements, [known.source_sha256])
    return Put(get(statements, new.id), "replaced" if known and not restores else "added", kind == "updated")


def _attach_original(statements: Statements, new: NewDocument) -> None:
    if new.original_bytes is not None:
        originals.attach(statements, new.source_sha256, new.original_bytes)


def _document_key(statements: Statements, new: NewDocument, now: float) -> int:
    metadata = json.dumps(new.metadata, ensure_ascii=False)
    row = statements.row(
        "INSERT INTO documents (id, version, source, media_type, metadata, given, created, updated)"
        " VALUES (?, 0, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET source = excluded.source,"
        " media_type = excluded.media_type, metadata = excluded.metadata,"
        " given = excluded.given, updated = excluded.updated, retired = NULL"
        " RETURNING key",
        (new.id, new.source, new.media_type, metadata, new.given, now, now),
    )
    return int(row[0]) if row else 0


def _update_version(statements: Statements, document: int, new: NewDocument) -> tuple[int, int]:
    """Replace the fields of the newest version beside its text; returns its key and number."""
    values = ", ".join(f"{column} = ?" for column in STRUCTURE)
    row = statements.row(
        f"UPDATE versions SET title = ?, source_sha256 = ?, reader = ?, {values}"
        " WHERE key = (SELECT version FROM documents WHERE key = ?) RETURNING key, number",
        (new.title, new.source_sha256, new.reader, *pack_structure(new), document),
    )
    return (row[0], row[1]) if row else (0, 0)


def _end_version(statements: Statements, document: int, now: float, change: int) -> None:
    """End the newest version of a document with a change, unless it was retired before."""
    statements.execute(
        "UPDATE versions SET removed = ?, replaced = ? WHERE document = ? AND removed IS NULL",
        (change, now, document),
    )


def _add_version(
    statements: Statements, document: int, new: NewDocument, given: tuple[bytes, float, int]
) -> tuple[int, int]:
    """Add a version with a text (SHA-256), at a time and change; returns its key and number.

    The number is above all that the document has, and above all that were ever used under its id.
    """
    sha, now, change = given
    row = statements.row(
        "INSERT INTO versions (document, number, text_sha256, created, added, title, source_sha256, reader,"
        f" {', '.join(STRUCTURE)})"
        " VALUES (?, (SELECT 1 + COALESCE(MAX(used), 0) FROM ("
        "SELECT MAX(number) AS used FROM versions WHERE document = ?"
        " UNION ALL SELECT MAX(version) FROM names WHERE document_id = ?) AS numbers),"
        f" ?, ?, ?, ?, ?, ?{', ?' * len(STRUCTURE)}) RETURNING key, number",
        (document, document, new.id, sha, now, change, new.title, new.source_sha256, new.reader,
         *pack_structure(new)),
    )  # fmt: skip
    return (row[0], row[1]) if row else (0, 0)


def rename(statements: Statements, record: DocumentRecord, document_id: str, change: int) -> None:
    """Give a document another id; locators with the old id still resolve.

    Raises :class:`index.errors.HashCollision`.
    """
    statements.execute("UPDATE documents SET id = ? WHERE key = ?", (document_id, record.key))
    names.put_all(statements, document_id, record.key)
    add_alias(statements, record.id, record.key)
    statements.execute("DELETE FROM aliases WHERE id = ? AND document = ?", (document_id, record.key))
    own = attributes_of(document_id, record.title, record.source, record.media_type, record.metadata)
    attributes.put(statements, {record.key: own})
    events.put(statements, document_id, "renamed", record.version, change, was=record.id)


def set_origin(statements: Statements, record: DocumentRecord, origin: str) -> None:
    """Replace where a document comes from."""
    given = json.dumps({**json.loads(record.given), "origin": origin}, ensure_ascii=False)
    statements.execute("UPDATE documents SET given = ? WHERE key = ?", (given, record.key))


def renamed_to(statements: Statements, document_id: str) -> str | None:
    """Return the id of the document that had this id last, or None."""
    rows = statements.rows(
        "SELECT d.id, d.key FROM aliases a JOIN documents d ON d.key = a.document WHERE a.id = ?"
        " ORDER BY d.key DESC",
        (document_id,),
    )
    if len(rows) > 1:  # several documents had it, one after the other
        last = statements.row(
            "SELECT e.document FROM events e JOIN aliases a ON a.document = e.document AND a.id = e.was"
            " WHERE e.kind = 'renamed' AND e.was = ? ORDER BY e.number DESC LIMIT 1",
            (document_id,),
        )
        rows = [row for row in rows if last is not None and row[1] == last[0]] or rows
    return str(rows[0][0]) if rows else None


def add_alias(statements: Statements, document_id: str, key: int) -> None:
    """Add a former id of a document (key)."""
    statements.execute("INSERT INTO aliases VALUES (?, ?) ON CONFLICT DO NOTHING", (document_id, key))


def describe(
    statements: Statements, record: DocumentRecord, metadata: Metadata, source: str, change: int
) -> None:
    """Replace the metadata and source of a document."""
    statements.execute(
        "UPDATE documents SET metadata = ?, source = ?, updated = ? WHERE key = ?",
        (json.dumps(metadata, ensure_ascii=False), source, time.time(), record.key),
    )
    own = attributes_of(record.id, record.title, source, record.media_type, metadata)
    attributes.put(statements, {record.key: own})
    events.put(statements, record.id, "updated", record.version, change)


def of_source(statements: Statements, sha256: bytes) -> list[DocumentRecord]:
    """Return the documents, not retired, whose newest version was read from the bytes with this hash."""
    return list_where(statements, "v.source_sha256 = ? AND d.retired IS NULL ORDER BY d.id", (sha256,))


def delete(statements: Statements, record: DocumentRecord, change: int) -> None:
    """Erase a document, its versions, and the texts and vectors that nothing else uses."""
    passages.retire(statements, record.key, change)
    rows = statements.rows("SELECT key FROM versions WHERE document = ? ORDER BY key", (record.key,))
    versions.erase(statements, [key for (key,) in rows], change)
    events.put(statements, record.id, "deleted", record.version, change)
    statements.execute("DELETE FROM documents WHERE key = ?", (record.key,))
    statements.execute("DELETE FROM aliases WHERE document = ?", (record.key,))
    attributes.drop(statements, record.key)
    groups.veil(statements, record.key)


def find(statements: Statements, document_id: str) -> DocumentRecord | None:
    """Return the document of this id, retired or not, or None."""
    return next(iter(list_where(statements, "d.id = ?", (document_id,))), None)


def get(statements: Statements, document_id: str, *, retired: bool = False) -> DocumentRecord:
    """Return the document of this id, a retired one only with ``retired``.

    Raises :class:`DocumentNotFound`, :class:`DocumentRetired`.
    """
    record = find(statements, document_id)
    if record is None:
        raise DocumentNotFound(f"There is no document {document_id!r}.")
    if record.retired is not None and not retired:
        raise DocumentRetired.of(document_id, record.retired)
    return record


def aliases(statements: Statements, key: int) -> list[str]:
    """Return the former ids of a document (key)."""
    return [
        id_ for (id_,) in statements.rows("SELECT id FROM aliases WHERE document = ? ORDER BY id", (key,))
    ]


def of_key(statements: Statements, key: int) -> DocumentRecord:
    """Return the document with this key, which must exist."""
    (record,) = list_where(statements, "d.key = ?", (key,))
    return record


def list_all(
    statements: Statements,
    *,
    limit: int,
    after: str,
    prefix: str,
    where: Filter | None,
    retired: bool,
) -> list[DocumentRecord]:
    """List documents in order of their ids, retired ones only with ``retired``."""
    sql = "d.id > ?"
    parameters: list[Any] = [after]
    if prefix > after:
        sql += " AND d.id >= ?"
        parameters.append(prefix)
    if (end := _after_all_with(prefix)) is not None:
        sql += " AND d.id < ?"
        parameters.append(end)
    if not retired:
        sql += " AND d.retired IS NULL"
    if where is not None:
        condition, values = attributes.condition(statements, where, "d.key")
        sql += f" AND {condition}"
        parameters += values
    return list_where(statements, f"{sql} ORDER BY d.id LIMIT ?", (*parameters, limit))


def list_where(statements: Statements, condition: str, parameters: Sequence[Any]) -> list[DocumentRecord]:
    """List documents ``d`` (newest version ``v``) by an SQL condition, which an order may follow."""
    query = _DOCUMENT.format(groups=statements.groups_of_document)
    return [document_of(row) for row in statements.rows(f"{query} WHERE {condition}", parameters)]


def _after_all_with(prefix: str) -> str | None:
    """The first text after all that begin so, in the order of code points; None if there is none."""
    begin = prefix.rstrip(chr(_LAST_CHARACTER))
    if not begin:
        return None
    following = ord(begin[-1]) + 1
    return begin[:-1] + chr(_SURROGATES.stop if following in _SURROGATES else following)


def admits(statements: Statements, readable: ReadableBy, document_id: str) -> bool:
    """True if ``readable`` admits the document with this id; see :class:`index.protocols.Snapshot`."""
    hidden, values = groups.hidden_from(statements, readable)
    row = statements.row(
        "WITH own AS (SELECT key FROM documents WHERE id = ?), named AS (SELECT key FROM own"
        " UNION SELECT document FROM (SELECT document FROM aliases WHERE id = ?"
        "  UNION SELECT document FROM erased WHERE document_id = ?) AS former"
        " WHERE NOT EXISTS (SELECT 1 FROM own))"
        f" SELECT 1 FROM ({hidden}) AS hidden WHERE document IN (SELECT key FROM named) LIMIT 1",
        (document_id, document_id, document_id, *values),
    )
    return row is None
