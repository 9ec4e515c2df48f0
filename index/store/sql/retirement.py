"""Retire documents: questions no longer find them, and their citations still resolve.

The newest version of a retired document was the newest until the change that retired it. A document that is
put again gets a new version. So the versions of a document tell in which changes it was there.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import astuple

from index.naming import closed_groups
from index.records import DocumentRecord, RefusedMirror
from index.store.sql import documents, events, groups, passages
from index.store.sql.statements import Statements

_REFUSED = "refused_mirrors"


def retire(statements: Statements, document_id: str, change: int) -> DocumentRecord:
    """Retire a document; returns its last record.

    Raises :class:`index.errors.DocumentNotFound`, :class:`index.errors.DocumentRetired`.
    """
    record = documents.get(statements, document_id)
    now = time.time()
    passages.retire(statements, record.key, change)
    statements.execute(
        "UPDATE versions SET removed = ?, replaced = ?"
        " WHERE key = (SELECT version FROM documents WHERE key = ?)",
        (change, now, record.key),
    )
    statements.execute("UPDATE documents SET retired = ? WHERE key = ?", (now, record.key))
    events.put(statements, document_id, "retired", record.version, change)
    return record


def close(statements: Statements, document_id: str, change: int) -> DocumentRecord:
    """Retire a document, unless it is, and let no group read it; returns its last record.

    Raises :class:`index.errors.DocumentNotFound`.
    """
    record = documents.get(statements, document_id, retired=True)
    if record.retired is None:
        retire(statements, document_id, change)
    groups.put(statements, record.key, closed_groups(record.groups))
    return record


def before(statements: Statements, moment: float) -> list[DocumentRecord]:
    """Return the documents that were retired before a time, the oldest first."""
    return documents.list_where(statements, "d.retired < ? ORDER BY d.retired, d.id", (moment,))


def at_change(statements: Statements, document_id: str, change: int) -> float | None:
    """Return the time at which a document was retired that is retired after a change; None if it is not."""
    row = statements.row(
        "SELECT v.replaced FROM documents d JOIN versions v ON v.document = d.key"
        " WHERE d.id = ? AND v.removed <= ?"
        " AND NOT EXISTS (SELECT 1 FROM versions w WHERE w.document = d.key"
        "  AND w.added <= ? AND (w.removed IS NULL OR w.removed > ?))"
        " AND NOT EXISTS (SELECT 1 FROM erased e WHERE e.document = d.key"
        "  AND e.added <= ? AND e.removed > ?)"
        " ORDER BY v.number DESC LIMIT 1",
        (document_id, *[change] * 5),
    )
    return row[0] if row else None


def set_refused_mirrors(statements: Statements, refused: Sequence[RefusedMirror]) -> None:
    """Replace the refused mirrors."""
    stored = json.dumps([astuple(one) for one in refused], ensure_ascii=False)
    statements.put_value(_REFUSED, stored)


def refused_mirrors(statements: Statements) -> list[RefusedMirror]:
    """Return the refused mirrors, by the names of their folders."""
    stored = statements.value(_REFUSED)
    refused = [RefusedMirror(*one) for one in json.loads(stored)] if stored else []
    return sorted(refused, key=lambda one: one.root)
