"""Store a document with the versions, numbers and times that it has in another record."""

from __future__ import annotations

from index.postgresql import Transaction
from index.records import DocumentHistory, DocumentRecord
from index.store.postgresql import documents, names, retirement, state


def adopt(transaction: Transaction, history: DocumentHistory) -> DocumentRecord:
    """Add a document whose id is not in use, each version in a change of its own, in a write transaction."""
    for version in history.versions:
        change = state.begin_change(transaction)
        record = documents.put(transaction, version.new, change, is_version=True).record
        transaction.execute(
            "UPDATE versions SET number = %s, created = %s WHERE document = %s AND removed IS NULL",
            (version.number, version.created, record.key),
        )
        transaction.execute(
            "UPDATE events SET version = %s WHERE change = %s AND document_id = %s",
            (version.number, change, history.id),
        )
        names.put(transaction, history.id, record.text_sha256, version.number)
    if history.retired is not None:
        retirement.retire(transaction, history.id, state.begin_change(transaction))
    _set_times(transaction, record.key, history)
    for alias in history.aliases:
        names.put_all(transaction, alias, record.key)
        documents.add_alias(transaction, alias, record.key)
    return documents.get(transaction, history.id, retired=True)


def _set_times(transaction: Transaction, key: int, history: DocumentHistory) -> None:
    transaction.execute(
        "UPDATE documents SET created = %s, updated = %s, retired = %s WHERE key = %s",
        (history.created, history.updated, history.retired, key),
    )
    transaction.many(
        "UPDATE versions SET replaced = %s WHERE document = %s AND number = %s",
        [(version.replaced, key, version.number) for version in history.versions],
    )
