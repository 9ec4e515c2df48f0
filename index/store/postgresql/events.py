"""Record the events of each change, and find which past changes can still be read."""

from __future__ import annotations

import time

from index.filters import ReadableBy
from index.postgresql import Transaction
from index.records import Erasure, Event, EventKind
from index.store.postgresql import attributes
from index.store.rows.events import erasure_of


def put(
    transaction: Transaction,
    document_id: str,
    kind: EventKind,
    version: int,
    change: int,
    *,
    was: str = "",
) -> None:
    """Record an event of a change; a document that is deleted must still be there."""
    transaction.execute(
        "INSERT INTO events (change, document_id, kind, was, version, created, document)"
        " VALUES (%s, %s, %s, %s, %s, %s, (SELECT key FROM documents WHERE id = %s))",
        (change, document_id, kind, was, version, time.time(), document_id),
    )


def list_all(
    transaction: Transaction, since: int, until: int, limit: int, readable: ReadableBy | None
) -> list[Event]:
    """List events after change ``since``, up to ``until``: about ``limit``, never part of a change.

    With ``readable`` only those of documents that it admits.
    """
    where, hidden = "change > %s AND change <= %s", []
    if readable is not None:
        where += f" AND (document IS NULL OR document NOT IN ({attributes.HIDDEN}))"
        hidden = [attributes.hidden_from(readable)]
    row = transaction.row(
        f"SELECT change FROM events WHERE {where} ORDER BY number LIMIT 1 OFFSET %s",
        (since, until, *hidden, limit - 1),
    )
    last = row[0] if row else until
    rows = transaction.rows(
        f"SELECT change, document_id, kind, version, created, was FROM events WHERE {where} ORDER BY number",
        (since, last, *hidden),
    )
    return [Event(*columns) for columns in rows]


def note_erasure(transaction: Transaction, change: int) -> None:
    """Note that a change erased something, of which the files may hold copies until they are purged."""
    transaction.execute("UPDATE state SET erased = %s, erased_by = pg_current_xact_id()", (change,))


def note_purge(transaction: Transaction, change: int) -> None:
    """Note that no file holds what the changes up to this one erased."""
    transaction.execute("UPDATE state SET purged = GREATEST(purged, %s)", (change,))


def unpurged(transaction: Transaction) -> Erasure | None:
    """Return the erasure that files may still contain, or None."""
    row = transaction.row("SELECT erased, purged FROM state WHERE erased > purged")
    if row is None:
        return None
    erased, purged = row
    gone = transaction.rows(
        "SELECT document_id, max(created) FROM events WHERE change > %s AND kind IN ('pruned', 'deleted')"
        " GROUP BY document_id",
        (purged,),
    )
    renamed = transaction.rows(
        "SELECT document_id, was FROM events WHERE kind = 'renamed' ORDER BY number DESC"
    )
    return erasure_of(erased, dict(gone), renamed)


def erased_of(transaction: Transaction, change: int) -> list[tuple[str, int]]:
    """Return up to 10 erased versions (document id, number) that were the newest after a change."""
    rows = transaction.rows(
        "SELECT document_id, version FROM erased WHERE removed > %s AND added <= %s"
        " ORDER BY position LIMIT 10",
        (change, change),
    )
    return [(document_id, version) for document_id, version in rows]


def reached(transaction: Transaction, change: int) -> int:
    """Return the last change, up to ``change``, that affected search results."""
    row = transaction.row(
        "SELECT GREATEST((SELECT max(added) FROM passages WHERE added <= %s),"
        " (SELECT max(embedded) FROM passages WHERE embedded <= %s),"
        " (SELECT max(change) FROM removals WHERE change <= %s), 0)",
        (change, change, change),
    )
    return int(row[0]) if row else 0
