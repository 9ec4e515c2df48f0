"""What each change did to documents, and which moments can still be read."""

from __future__ import annotations

import sqlite3
import time

from index.records import Event, EventKind


def put(
    connection: sqlite3.Connection,
    document_id: str,
    kind: EventKind,
    version: int,
    change: int,
    *,
    was: str = "",
) -> None:
    """Note what a change does."""
    connection.execute(
        "INSERT INTO events (change, document_id, kind, was, version, created) VALUES (?, ?, ?, ?, ?, ?)",
        (change, document_id, kind, was, version, time.time()),
    )


def listed(connection: sqlite3.Connection, since: int, until: int, limit: int) -> list[Event]:
    """Events after change ``since``, up to ``until``: about ``limit``, but all of a change or none."""
    row = connection.execute(
        "SELECT change FROM events WHERE change > ? AND change <= ? ORDER BY number LIMIT 1 OFFSET ?",
        (since, until, limit - 1),
    ).fetchone()
    last = row[0] if row else until
    rows = connection.execute(
        "SELECT change, document_id, kind, version, created, was FROM events"
        " WHERE change > ? AND change <= ? ORDER BY number",
        (since, last),
    )
    return [Event(*columns) for columns in rows.fetchall()]


def erases(connection: sqlite3.Connection, since: int) -> bool:
    """Whether a change after ``since`` erased anything."""
    row = connection.execute(
        "SELECT 1 FROM events WHERE change > ? AND kind IN ('pruned', 'deleted') LIMIT 1", (since,)
    ).fetchone()
    return row is not None


def erased_of(connection: sqlite3.Connection, change: int) -> list[tuple[str, int]]:
    """Document ids and versions that were the newest after a change, and are gone: some of them."""
    rows = connection.execute(
        "SELECT document_id, version FROM erased WHERE removed > ? AND added <= ? LIMIT 10", (change, change)
    )
    return rows.fetchall()


def reached(connection: sqlite3.Connection, change: int) -> int:
    """The last change, up to ``change``, that did something to what a search can find."""
    row = connection.execute(
        "SELECT max(COALESCE((SELECT MAX(added) FROM passages WHERE added <= ?1), 0),"
        " COALESCE((SELECT MAX(embedded) FROM passages WHERE embedded <= ?1), 0),"
        " COALESCE((SELECT MAX(change) FROM removals WHERE change <= ?1), 0))",
        (change,),
    ).fetchone()
    return int(row[0])
