"""Tables of the job store, and the migration of older files."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from index.errors import UnknownFormat
from index.store.sqlite import cover

FORMAT = 5
_JOBS = """
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    collection TEXT NOT NULL,
    state TEXT NOT NULL,
    created REAL NOT NULL,
    started REAL,
    finished REAL,
    cancelling INTEGER NOT NULL DEFAULT 0,
    problem TEXT NOT NULL DEFAULT '',
    mark INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL DEFAULT 1,
    age REAL NOT NULL DEFAULT 0, -- seconds since it finished, as the runner has measured them
    groups TEXT NOT NULL DEFAULT '[]', -- JSON: those that its documents get
    sender TEXT,                       -- JSON: groups of the caller that sent it; NULL for all
    kind TEXT NOT NULL DEFAULT 'ingest',
    details TEXT NOT NULL DEFAULT '{}' -- JSON: of an upgrade the model asked for, plan, progress and result
)
"""
_ITEMS = """
CREATE TABLE items (
    job INTEGER NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    spooled TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    request TEXT NOT NULL,             -- JSON
    outcome TEXT NOT NULL DEFAULT 'waiting',
    code TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT '',
    passages INTEGER NOT NULL DEFAULT 0,
    document TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (job, number)
) WITHOUT ROWID
"""
_COUNTS = """
CREATE TABLE counts (
    job INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    items INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    passages INTEGER NOT NULL,
    PRIMARY KEY (job, outcome)
) WITHOUT ROWID
"""
_COUNT_NEW = """
    INSERT INTO counts VALUES (new.job, new.outcome, 1, new.bytes, new.passages)
    ON CONFLICT (job, outcome) DO UPDATE SET
        items = items + 1, bytes = bytes + excluded.bytes, passages = passages + excluded.passages;
"""
_UNCOUNT_OLD = """
    UPDATE counts SET items = items - 1, bytes = bytes - old.bytes, passages = passages - old.passages
    WHERE job = old.job AND outcome = old.outcome;
"""
# Triggers, so that no statement that changes an item can forget to count.
_CREATE_COUNTS = (
    _COUNTS,
    f"CREATE TRIGGER item_added AFTER INSERT ON items BEGIN {_COUNT_NEW} END",
    f"CREATE TRIGGER item_removed AFTER DELETE ON items BEGIN {_UNCOUNT_OLD} END",
    "CREATE TRIGGER item_changed AFTER UPDATE OF outcome, bytes, passages ON items"
    f" BEGIN {_UNCOUNT_OLD} {_COUNT_NEW} END",
)
_ADDED = {
    # In format 2 the system clock said when a job was to be deleted.
    3: ("ALTER TABLE jobs ADD COLUMN age REAL NOT NULL DEFAULT 0",),
    4: (
        "ALTER TABLE jobs ADD COLUMN groups TEXT NOT NULL DEFAULT '[]'",
        "ALTER TABLE jobs ADD COLUMN sender TEXT",
    ),
    5: (
        "ALTER TABLE jobs ADD COLUMN kind TEXT NOT NULL DEFAULT 'ingest'",
        "ALTER TABLE jobs ADD COLUMN details TEXT NOT NULL DEFAULT '{}'",
    ),
}
"""Statements that bring a file from each format to the next."""
_CREATE_ALL = (
    _JOBS,
    _ITEMS,
    "CREATE INDEX items_outcome ON items (job, outcome)",
    "CREATE UNIQUE INDEX items_name ON items (job, kind, name, spooled)",
    *_CREATE_COUNTS,
)

_WHOLE = {
    "jobs": "id, collection, state, created, started, finished, cancelling, problem, mark, revision, age, "
    "groups, sender, kind, details",
    "items": "job, number, bytes, request, code, message, passages, document",
}
"""Columns of each table that are there twice, here or in another index, so that a check notices damage."""


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Create the tables of a new file or migrate those of an older one.

    The connection must be inside a write transaction. Raises :class:`index.errors.UnknownFormat` for a file
    of a later format.
    """
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > FORMAT:
        raise UnknownFormat(
            f"{path} is of format {found}, and this program writes format {FORMAT}. Start the version of "
            "Loccit that wrote it, or move the file away: the jobs in it are then forgotten."
        )
    if found == 0:
        for statement in _CREATE_ALL:
            connection.execute(statement)
    else:
        if found < 2:
            _add_counts(connection)
        for statement in (one for number in _ADDED if found < number for one in _ADDED[number]):
            connection.execute(statement)
    if found != FORMAT:
        connection.execute(f"PRAGMA user_version = {FORMAT}")
    cover(connection, _WHOLE)


def _add_counts(connection: sqlite3.Connection) -> None:
    """Migrate format 1, in which the items of a job were counted on each request."""
    for statement in _CREATE_COUNTS:
        connection.execute(statement)
    connection.execute(
        "INSERT INTO counts SELECT job, outcome, COUNT(*), SUM(bytes), SUM(passages) FROM items"
        " GROUP BY job, outcome"
    )
