"""Record the events of each change, and find which past changes can still be read."""

import time
from collections.abc import Iterable, Sequence
from typing import Any

from index.filters import ReadableBy
from index.records import Erasure, Event, EventKind
from index.store.sql import groups
from index.store.sql.statements import Statements


def put(
    statements: Statements,
    document_id: str,
    kind: EventKind,
    version: int,
    change: int,
    *,
    was: str = "",
) -> None:
    """Record an event of a change; a document that is deleted must still be there."""
    statements.execute(
        "INSERT INTO events (change, document_id, kind, was, version, created, document)"
        " VALUES (?, ?, ?, ?, ?, ?, (SELECT key FROM documents WHERE id = ?))",
        (change, document_id, kind, was, version, time.time(), document_id),
    )


def list_all(
    statements: Statements, since: int, until: int, limit: int, readable: ReadableBy | None
) -> list[Event]:
    """List events after change ``since``, up to ``until``: about ``limit``, never part of a change.

    With ``readable`` only those of documents that it admits.
    """
    where = "change > ? AND change <= ?"
    hidden: list[Any] = []
    if readable is not None:
        selection, hidden = groups.hidden_from(statements, readable)
        where += f" AND (document IS NULL OR document NOT IN ({selection}))"
    row = statements.row(
        f"SELECT change FROM events WHERE {where} ORDER BY number LIMIT 1 OFFSET ?",
        (since, until, *hidden, limit - 1),
    )
    last = row[0] if row else until
    rows = statements.rows(
        f"SELECT change, document_id, kind, version, created, was FROM events WHERE {where} ORDER BY number",
        (since, last, *hidden),
    )
    return [Event(*columns) for columns in rows]


def note_erasure(statements: Statements, change: int) -> None:
    """Note that a change erased something, of which the files may hold copies until they are purged."""
    statements.put_value("erased", change)


def note_purge(statements: Statements, change: int) -> None:
    """Note that no file holds what the changes up to this one erased."""
    statements.put_value("purged", max(change, statements.value("purged")))


def unpurged(statements: Statements) -> Erasure | None:
    """Return the erasure that files may still contain, or None."""
    row = statements.row(f"SELECT {statements.value_of('erased')}, {statements.value_of('purged')}")
    erased, purged = row or (0, 0)
    if erased <= purged:
        return None
    gone = statements.rows(
        "SELECT document_id, MAX(created) FROM events WHERE change > ? AND kind IN ('pruned', 'deleted')"
        " GROUP BY document_id",
        (purged,),
    )
    renamed = statements.rows(
        "SELECT document_id, was FROM events WHERE kind = 'renamed' ORDER BY number DESC"
    )
    return _erasure_of(erased, dict(gone), renamed)


def _erasure_of(change: int, gone: dict[str, float], renamed: Iterable[Sequence[str]]) -> Erasure:
    """Return the erasure up to a change, by the ids of documents and the times of their erasures.

    ``renamed`` has new and former ids, the last renaming first: documents may have been put under ids that
    they had before.
    """
    for document_id, was in renamed:
        if document_id in gone:
            gone[was] = max(gone[document_id], gone.get(was, 0.0))
    return Erasure(change, gone)


def erased_of(statements: Statements, change: int) -> list[tuple[str, int]]:
    """Return up to 10 erased versions (document id, number) that were the newest after a change."""
    rows = statements.rows(
        "SELECT document_id, version FROM erased WHERE removed > ? AND added <= ?"
        f" ORDER BY {statements.position} LIMIT 10",
        (change, change),
    )
    return [(document_id, version) for document_id, version in rows]


def reached(statements: Statements, change: int) -> int:
    """Return the last change, up to ``change``, that affected search results."""
    row = statements.row(
        "SELECT COALESCE(MAX(latest), 0) FROM ("
        "SELECT MAX(added) AS latest FROM passages WHERE added <= ?"
        " UNION ALL SELECT MAX(embedded) FROM passages WHERE embedded <= ?"
        " UNION ALL SELECT MAX(change) FROM removals WHERE change <= ?) AS changes",
        (change, change, change),
    )
    return int(row[0]) if row else 0
