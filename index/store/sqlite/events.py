"""Record the events of each change, and find which past changes can still be read."""

from __future__ import annotations

import sqlite3
import time

from index.filters import ReadableBy
from index.records import Erasure, Event, EventKind
from index.store.rows.events import erasure_of
from index.store.sqlite import attributes


def put(
    connection: sqlite3.Connection,
    document_id: str,
    kind: EventKind,
    version: int,
    change: int,
    *,
    was: str = "",
) -> None:
    """Record an event of a change; a document that is deleted must still be there."""
    connection.execute(
        "INSERT INTO events (change, document_id, kind, was, version, created, document)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, (SELECT key FROM documents WHERE id = ?2))",
        (change, document_id, kind, was, version, time.time()),
    )


def list_all(
    connection: sqlite3.Connection, since: int, until: int, limit: int, readable: ReadableBy | None
) -> list[Event]:
    """List events after change ``since``, up to ``until``: about ``limit``, never part of a change.

    With ``readable`` only those of documents that it admits.
    """
    where, hidden = "change > ? AND change <= ?", []
    if readable is not None:
        where += f" AND (document IS NULL OR document NOT IN ({attributes.HIDDEN}))"
        hidden = [attributes.hidden_from(readable)]
    row = connection.execute(
        f"SELECT change FROM events WHERE {where} ORDER BY number LIMIT 1 OFFSET ?",
        (since, until, *hidden, limit - 1),
    ).fetchone()
    last = row[0] if row else until
    rows = connection.execute(
        f"SELECT change, document_id, kind, version, created, was FROM events WHERE {where} ORDER BY number",
        (since, last, *hidden),
    )
    return [Event(*columns) for columns in rows.fetchall()]


def note_erasure(connection: sqlite3.Connection, change: int) -> None:
    """Note that a change erased something, of which the files may hold copies until they are purged."""
    connection.execute("UPDATE meta SET value = ? WHERE key = 'erased'", (change,))


def note_purge(connection: sqlite3.Connection, change: int) -> None:
    """Note that no file holds what the changes up to this one erased."""
    connection.execute("UPDATE meta SET value = MAX(value, ?) WHERE key = 'purged'", (change,))


def unpurged(connection: sqlite3.Connection) -> Erasure | None:
    """Return the erasure that files may still contain, or None."""
    marks = dict(
        connection.execute("SELECT key, value FROM meta WHERE key IN ('erased', 'purged')").fetchall()
    )
    if marks["erased"] <= marks["purged"]:
        return None
    gone: dict[str, float] = dict(
        connection.execute(
            "SELECT document_id, MAX(created) FROM events WHERE change > ? AND kind IN ('pruned', 'deleted')"
            " GROUP BY document_id",
            (marks["purged"],),
        ).fetchall()
    )
    renamed = connection.execute(
        "SELECT document_id, was FROM events WHERE kind = 'renamed' ORDER BY number DESC"
    ).fetchall()
    return erasure_of(marks["erased"], gone, renamed)


def erased_of(connection: sqlite3.Connection, change: int) -> list[tuple[str, int]]:
    """Return up to 10 erased versions (document id, number) that were the newest after a change."""
    rows = connection.execute(
        "SELECT document_id, version FROM erased WHERE removed > ? AND added <= ? LIMIT 10", (change, change)
    )
    return rows.fetchall()


def reached(connection: sqlite3.Connection, change: int) -> int:
    """Return the last change, up to ``change``, that affected search results."""
    row = connection.execute(
        "SELECT max(COALESCE((SELECT MAX(added) FROM passages WHERE added <= ?1), 0),"
        " COALESCE((SELECT MAX(embedded) FROM passages WHERE embedded <= ?1), 0),"
        " COALESCE((SELECT MAX(change) FROM removals WHERE change <= ?1), 0))",
        (change,),
    ).fetchone()
    return int(row[0])
