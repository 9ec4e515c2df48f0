"""Retire documents: questions no longer find them, and their citations still resolve.

The newest version of a retired document was the newest until the change that retired it. A document that is
put again gets a new version. So the versions of a document tell in which changes it was there.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence

from index.records import DocumentRecord, RefusedMirror
from index.store.rows import mirrors
from index.store.sqlite import documents, events, passages

_REFUSED = "refused_mirrors"
"""Key of the row in ``meta``."""


def prepare(connection: sqlite3.Connection) -> None:
    """Add to a file of format 6 what documents need to be retired."""
    connection.execute("ALTER TABLE documents ADD COLUMN retired REAL")
    connection.execute("CREATE INDEX documents_retired ON documents (retired) WHERE retired IS NOT NULL")


def retire(connection: sqlite3.Connection, document_id: str, change: int) -> DocumentRecord:
    """Retire a document; returns its last record.

    Raises :class:`index.errors.DocumentNotFound`, :class:`index.errors.DocumentRetired`.
    """
    record = documents.get(connection, document_id)
    now = time.time()
    passages.retire(connection, record.key, change)
    connection.execute(
        "UPDATE versions SET removed = ?, replaced = ?"
        " WHERE key = (SELECT version FROM documents WHERE key = ?)",
        (change, now, record.key),
    )
    connection.execute("UPDATE documents SET retired = ? WHERE key = ?", (now, record.key))
    events.put(connection, document_id, "retired", record.version, change)
    return record


def before(connection: sqlite3.Connection, moment: float) -> list[DocumentRecord]:
    """Return the documents that were retired before a time, the oldest first."""
    return documents.list_where(connection, "d.retired < ? ORDER BY d.retired, d.id", (moment,))


def at_change(connection: sqlite3.Connection, document_id: str, change: int) -> float | None:
    """Return the time at which a document was retired that is retired after a change; None if it is not."""
    row = connection.execute(
        "SELECT v.replaced FROM documents d JOIN versions v ON v.document = d.key"
        " WHERE d.id = ?1 AND v.removed <= ?2"
        " AND NOT EXISTS (SELECT 1 FROM versions w WHERE w.document = d.key"
        "  AND w.added <= ?2 AND (w.removed IS NULL OR w.removed > ?2))"
        " AND NOT EXISTS (SELECT 1 FROM erased e WHERE e.document = d.key"
        "  AND e.added <= ?2 AND e.removed > ?2)"
        " ORDER BY v.number DESC LIMIT 1",
        (document_id, change),
    ).fetchone()
    return row[0] if row else None


def set_refused_mirrors(connection: sqlite3.Connection, refused: Sequence[RefusedMirror]) -> None:
    """Replace the refused mirrors."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_REFUSED, mirrors.pack(refused)))


def refused_mirrors(connection: sqlite3.Connection) -> list[RefusedMirror]:
    """Return the refused mirrors, by the names of their folders."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_REFUSED,)).fetchone()
    return mirrors.unpack(row[0] if row else None)
