"""Store a document with the versions, numbers and times that it has in another record."""

from __future__ import annotations

import sqlite3

from index.records import DocumentHistory, DocumentRecord
from index.store.sqlite import changes, documents, names, retirement


def adopt(connection: sqlite3.Connection, history: DocumentHistory) -> DocumentRecord:
    """Add a document whose id is not in use, each version in a change of its own, in a write transaction."""
    for version in history.versions:
        change = changes.begin(connection)
        record = documents.put(connection, version.new, change, is_version=True).record
        connection.execute(
            "UPDATE versions SET number = ?, created = ? WHERE document = ? AND removed IS NULL",
            (version.number, version.created, record.key),
        )
        connection.execute(
            "UPDATE events SET version = ? WHERE change = ? AND document_id = ?",
            (version.number, change, history.id),
        )
        names.put(connection, history.id, record.text_sha256, version.number)
    if history.retired is not None:
        retirement.retire(connection, history.id, changes.begin(connection))
    _set_times(connection, record.key, history)
    for alias in history.aliases:
        names.put_all(connection, alias, record.key)
        connection.execute("INSERT OR IGNORE INTO aliases VALUES (?, ?)", (alias, record.key))
    return documents.get(connection, history.id, retired=True)


def _set_times(connection: sqlite3.Connection, key: int, history: DocumentHistory) -> None:
    connection.execute(
        "UPDATE documents SET created = ?, updated = ?, retired = ? WHERE key = ?",
        (history.created, history.updated, history.retired, key),
    )
    connection.executemany(
        "UPDATE versions SET replaced = ? WHERE document = ? AND number = ?",
        [(version.replaced, key, version.number) for version in history.versions],
    )
