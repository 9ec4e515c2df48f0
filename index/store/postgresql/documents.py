"""Store, find, change and delete documents."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from index.errors import DocumentNotFound, DocumentRetired
from index.filters import Filter, ReadableBy
from index.postgresql import Transaction
from index.records import DocumentRecord, EventKind, NewDocument, Put
from index.store.postgresql import attributes, events, names, originals, passages, texts, versions
from index.store.rows.attributes import attributes_of
from index.store.rows.documents import document_of, pack_structure
from index.types import Metadata

_DOCUMENT = """
SELECT d.key, d.id, v.title, d.source, d.media_type, d.metadata, v.number,
       (SELECT count(*) FROM versions w WHERE w.document = d.key),
       v.text_sha256, v.source_sha256, v.reader, t.length, d.created, d.updated, d.given,
       p.passages, p.embedded, d.retired,
       (SELECT COALESCE(json_agg(name)::text, '[]') FROM document_groups g WHERE g.document = d.key)
FROM documents d JOIN versions v ON v.key = d.version JOIN texts t ON t.sha256 = v.text_sha256
CROSS JOIN LATERAL (SELECT count(*) AS passages, count(embedded) AS embedded FROM passages
                    WHERE document = d.key AND removed IS NULL) p
"""


def put(transaction: Transaction, new: NewDocument, change: int, *, is_version: bool = False) -> Put:
    """Add a document or a new version of one; a version with the same text keeps its number.

    ``is_version``: it is a version of its own, whatever was stored before.

    A document stored with the same bytes, reader and caller's fields stays unchanged. A retired one is
    restored by a new version.
    """
    known = find(transaction, new.id)
    restores = known is not None and known.retired is not None
    unchanged = known and known.has(new.source_sha256, new.reader, new.given)
    if known and unchanged and not is_version and new.groups in (None, known.groups):
        _attach_original(transaction, new)
        return Put(known, "unchanged")
    sha = texts.put(transaction, new.text)
    now = time.time()
    key = _document_key(transaction, new, now)
    kind: EventKind
    if known and known.text_sha256 == sha and not (restores or is_version):
        kind = "updated"
        version, number = _update_version(transaction, key, new)
    else:
        kind = "restored" if restores else "replaced" if known else "added"
        if known:
            _end_version(transaction, key, now, change)
        version, number = _add_version(transaction, key, new, (sha, now, change))
    names.put(transaction, new.id, sha, number)
    transaction.execute("UPDATE documents SET version = %s WHERE key = %s", (version, key))
    if known:
        attributes.drop(transaction, key)
        passages.retire(transaction, key, change)
    own = attributes_of(new.id, new.title, new.source, new.media_type, new.metadata)
    attributes.add_all(transaction, {key: own})
    if new.groups is not None:
        attributes.put_groups(transaction, key, new.groups)
    passages.put(transaction, new, (key, version), change)
    events.put(transaction, new.id, kind, number, change)
    _attach_original(transaction, new)
    if known:
        originals.drop_unused(transaction, [known.source_sha256])
    return Put(get(transaction, new.id), "replaced" if known and not restores else "added", kind == "updated")


def _attach_original(transaction: Transaction, new: NewDocument) -> None:
    if new.original_bytes is not None:
        originals.attach(transaction, new.source_sha256, new.original_bytes)


def _document_key(transaction: Transaction, new: NewDocument, now: float) -> int:
    metadata = json.dumps(new.metadata, ensure_ascii=False)
    row = transaction.row(
        "INSERT INTO documents (id, version, source, media_type, metadata, given, created, updated)"
        " VALUES (%s, 0, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO UPDATE SET source = EXCLUDED.source,"
        " media_type = EXCLUDED.media_type, metadata = EXCLUDED.metadata,"
        " given = EXCLUDED.given, updated = EXCLUDED.updated, retired = NULL"
        " RETURNING key",
        (new.id, new.source, new.media_type, metadata, new.given, now, now),
    )
    return int(row[0]) if row else 0


def _update_version(transaction: Transaction, document: int, new: NewDocument) -> tuple[int, int]:
    """Replace the fields of the newest version beside its text; returns its key and number."""
    row = transaction.row(
        "UPDATE versions SET title = %s, source_sha256 = %s, reader = %s, structure = %s, pages = %s,"
        " layout = %s WHERE key = (SELECT version FROM documents WHERE key = %s) RETURNING key, number",
        (new.title, new.source_sha256, new.reader, *pack_structure(new), document),
    )
    return row if row else (0, 0)


def _end_version(transaction: Transaction, document: int, now: float, change: int) -> None:
    """End the newest version of a document with a change, unless it was retired before."""
    transaction.execute(
        "UPDATE versions SET removed = %s, replaced = %s WHERE document = %s AND removed IS NULL",
        (change, now, document),
    )


def _add_version(
    transaction: Transaction, document: int, new: NewDocument, given: tuple[bytes, float, int]
) -> tuple[int, int]:
    """Add a version with a text (SHA-256), at a time and change; returns its key and number.

    The number is above all that the document has, and above all that were ever used under its id.
    """
    sha, now, change = given
    row = transaction.row(
        "INSERT INTO versions (document, number, text_sha256, created, added, title, source_sha256, reader,"
        " structure, pages, layout)"
        " SELECT %s, 1 + GREATEST((SELECT max(number) FROM versions WHERE document = %s),"
        " (SELECT max(version) FROM names WHERE document_id = %s), 0),"
        " %s, %s, %s, %s, %s, %s, %s, %s, %s::bytea RETURNING key, number",
        (document, document, new.id, sha, now, change, new.title, new.source_sha256, new.reader,
         *pack_structure(new)),
    )  # fmt: skip
    return row if row else (0, 0)


def rename(transaction: Transaction, record: DocumentRecord, document_id: str, change: int) -> None:
    """Give a document another id; locators with the old id still resolve.

    Raises :class:`index.errors.HashCollision`.
    """
    transaction.execute("UPDATE documents SET id = %s WHERE key = %s", (document_id, record.key))
    names.put_all(transaction, document_id, record.key)
    add_alias(transaction, record.id, record.key)
    transaction.execute("DELETE FROM aliases WHERE id = %s AND document = %s", (document_id, record.key))
    own = attributes_of(document_id, record.title, record.source, record.media_type, record.metadata)
    attributes.put(transaction, record.key, own)
    events.put(transaction, document_id, "renamed", record.version, change, was=record.id)


def add_alias(transaction: Transaction, document_id: str, key: int) -> None:
    """Add a former id of a document (key)."""
    transaction.execute("INSERT INTO aliases VALUES (%s, %s) ON CONFLICT DO NOTHING", (document_id, key))


def describe(
    transaction: Transaction, record: DocumentRecord, metadata: Metadata, source: str, change: int
) -> None:
    """Replace the metadata and source of a document."""
    transaction.execute(
        "UPDATE documents SET metadata = %s, source = %s, updated = %s WHERE key = %s",
        (json.dumps(metadata, ensure_ascii=False), source, time.time(), record.key),
    )
    own = attributes_of(record.id, record.title, source, record.media_type, metadata)
    attributes.put(transaction, record.key, own)
    events.put(transaction, record.id, "updated", record.version, change)


def of_source(transaction: Transaction, sha256: bytes) -> list[DocumentRecord]:
    """Return the documents, not retired, whose newest version was read from the bytes with this hash."""
    return list_where(transaction, "v.source_sha256 = %s AND d.retired IS NULL ORDER BY d.id", (sha256,))


def delete(transaction: Transaction, record: DocumentRecord, change: int) -> None:
    """Erase a document, its versions, and the texts and vectors that nothing else uses."""
    passages.retire(transaction, record.key, change)
    rows = transaction.rows("SELECT key FROM versions WHERE document = %s ORDER BY key", (record.key,))
    versions.erase(transaction, [key for (key,) in rows], change)
    events.put(transaction, record.id, "deleted", record.version, change)
    transaction.execute("DELETE FROM documents WHERE key = %s", (record.key,))
    transaction.execute("DELETE FROM aliases WHERE document = %s", (record.key,))
    attributes.drop(transaction, record.key)
    attributes.veil_groups(transaction, record.key)


def find(transaction: Transaction, document_id: str) -> DocumentRecord | None:
    """Return the document of this id, retired or not, or None."""
    return next(iter(list_where(transaction, "d.id = %s", (document_id,))), None)


def get(transaction: Transaction, document_id: str, *, retired: bool = False) -> DocumentRecord:
    """Return the document of this id, a retired one only with ``retired``.

    Raises :class:`DocumentNotFound`, :class:`DocumentRetired`.
    """
    record = find(transaction, document_id)
    if record is None:
        raise DocumentNotFound(f"There is no document {document_id!r}.")
    if record.retired is not None and not retired:
        raise DocumentRetired.of(document_id, record.retired)
    return record


def aliases(transaction: Transaction, key: int) -> list[str]:
    """Return the former ids of a document (key)."""
    return [
        id_ for (id_,) in transaction.rows("SELECT id FROM aliases WHERE document = %s ORDER BY id", (key,))
    ]


def of_key(transaction: Transaction, key: int) -> DocumentRecord:
    """Return the document with this key, which must exist."""
    (record,) = list_where(transaction, "d.key = %s", (key,))
    return record


def list_all(
    transaction: Transaction,
    *,
    limit: int,
    after: str,
    prefix: str,
    where: Filter | None,
    retired: bool,
) -> list[DocumentRecord]:
    """List documents in order of their ids, retired ones only with ``retired``."""
    sql = "d.id > %s AND starts_with(d.id, %s)"
    parameters: list[Any] = [after, prefix]
    if prefix > after:
        sql += " AND d.id >= %s"  # where an index begins
        parameters.append(prefix)
    if not retired:
        sql += " AND d.retired IS NULL"
    if where is not None:
        selection, values = attributes.selection_sql(transaction, where)
        sql += f" AND d.key IN ({selection})"
        parameters += values
    return list_where(transaction, f"{sql} ORDER BY d.id LIMIT %s", (*parameters, limit))


def list_where(transaction: Transaction, condition: str, parameters: Sequence[Any]) -> list[DocumentRecord]:
    """List documents ``d`` (newest version ``v``) by an SQL condition, which an order may follow."""
    return [document_of(row) for row in transaction.rows(f"{_DOCUMENT} WHERE {condition}", parameters)]


def admits(transaction: Transaction, readable: ReadableBy, document_id: str) -> bool:
    """Whether the document with this id is admitted; see :class:`index.protocols.Snapshot`."""
    row = transaction.row(
        "WITH own AS (SELECT key FROM documents WHERE id = %s), named AS (SELECT key FROM own"
        " UNION SELECT document FROM (SELECT document FROM aliases WHERE id = %s"
        "  UNION SELECT document FROM erased WHERE document_id = %s) former"
        " WHERE NOT EXISTS (SELECT FROM own))"
        f" SELECT 1 FROM ({attributes.HIDDEN}) AS hidden WHERE document IN (SELECT key FROM named) LIMIT 1",
        (document_id, document_id, document_id, attributes.hidden_from(readable)),
    )
    return row is None
