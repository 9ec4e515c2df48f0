"""Store a document with the versions, numbers and times that it has in another record."""

from index.records import DocumentHistory, DocumentRecord
from index.store.sql import documents, names, retirement
from index.store.sql.statements import Statements


def adopt(statements: Statements, history: DocumentHistory) -> DocumentRecord:
    """Add a document whose id is not in use, each version in a change of its own, in a write transaction."""
    for version in history.versions:
        change = statements.begin_change()
        record = documents.put(statements, version.new, change, is_version=True).record
        statements.execute(
            "UPDATE versions SET number = ?, created = ? WHERE document = ? AND removed IS NULL",
            (version.number, version.created, record.key),
        )
        statements.execute(
            "UPDATE events SET version = ? WHERE change = ? AND document_id = ?",
            (version.number, change, history.id),
        )
        names.put(statements, history.id, record.text_sha256, version.number)
    if history.retired is not None:
        retirement.retire(statements, history.id, statements.begin_change())
    _set_times(statements, record.key, history)
    for alias in history.aliases:
        names.put_all(statements, alias, record.key)
        documents.add_alias(statements, alias, record.key)
    return documents.get(statements, history.id, retired=True)


def _set_times(statements: Statements, key: int, history: DocumentHistory) -> None:
    statements.execute(
        "UPDATE documents SET created = ?, updated = ?, retired = ? WHERE key = ?",
        (history.created, history.updated, history.retired, key),
    )
    statements.many(
        "UPDATE versions SET replaced = ? WHERE document = ? AND number = ?",
        [(version.replaced, key, version.number) for version in history.versions],
    )
