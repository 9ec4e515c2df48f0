"""Retire documents: questions no longer find them, and their citations still resolve.

The newest version of a retired document was the newest until the change that retired it. A document that is
put again gets a new version. So the versions of a document tell in which changes it was there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from index.postgresql import Transaction
from index.records import DocumentRecord, RefusedMirror
from index.store.postgresql import documents, events, passages
from index.store.rows import mirrors


def retire(transaction: Transaction, document_id: str, change: int) -> DocumentRecord:
    """Retire a document; returns its last record.

    Raises :class:`index.errors.DocumentNotFound`, :class:`index.errors.DocumentRetired`.
    """
    record = documents.get(transaction, document_id)
    now = time.time()
    passages.retire(transaction, record.key, change)
    transaction.execute(
        "UPDATE versions SET removed = %s, replaced = %s"
        " WHERE key = (SELECT version FROM documents WHERE key = %s)",
        (change, now, record.key),
    )
    transaction.execute("UPDATE documents SET retired = %s WHERE key = %s", (now, record.key))
    events.put(transaction, document_id, "retired", record.version, change)
    return record


def before(transaction: Transaction, moment: float) -> list[DocumentRecord]:
    """Return the documents that were retired before a time, the oldest first."""
    return documents.list_where(transaction, "d.retired < %s ORDER BY d.retired, d.id", (moment,))


def at_change(transaction: Transaction, document_id: str, change: int) -> float | None:
    """Return the time at which a document was retired that is retired after a change; None if it is not."""
    row = transaction.row(
        "SELECT v.replaced FROM documents d JOIN versions v ON v.document = d.key"
        " WHERE d.id = %s AND v.removed <= %s"
        " AND NOT EXISTS (SELECT FROM versions w WHERE w.document = d.key"
        "  AND w.added <= %s AND (w.removed IS NULL OR w.removed > %s))"
        " AND NOT EXISTS (SELECT FROM erased e WHERE e.document = d.key"
        "  AND e.added <= %s AND e.removed > %s)"
        " ORDER BY v.number DESC LIMIT 1",
        (document_id, *[change] * 5),
    )
    return row[0] if row else None


def set_refused_mirrors(transaction: Transaction, refused: Sequence[RefusedMirror]) -> None:
    """Replace the refused mirrors."""
    transaction.execute("UPDATE state SET refused_mirrors = %s", (mirrors.pack(refused),))


def refused_mirrors(transaction: Transaction) -> list[RefusedMirror]:
    """Return the refused mirrors, by the names of their folders."""
    row = transaction.row("SELECT refused_mirrors FROM state")
    return mirrors.unpack(row[0] if row else None)
