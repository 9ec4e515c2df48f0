"""The tables of the jobs' file, and how an older file becomes one of today."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from index.errors import UnknownFormat

FORMAT = 2
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
    revision INTEGER NOT NULL DEFAULT 1
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
_ONE_MORE = """
    INSERT INTO counts VALUES (new.job, new.outcome, 1, new.bytes, new.passages)
    ON CONFLICT (job, outcome) DO UPDATE SET
        items = items + 1, bytes = bytes + excluded.bytes, passages = passages + excluded.passages;
"""
_ONE_LESS = """
    UPDATE counts SET items = items - 1, bytes = bytes - old.bytes, passages = passages - old.passages
    WHERE job = old.job AND outcome = old.outcome;
"""
# Triggers rather than statements beside each change: no change of an item can forget them.
_COUNTING = (
    _COUNTS,
    f"CREATE TRIGGER item_added AFTER INSERT ON items BEGIN {_ONE_MORE} END",
    f"CREATE TRIGGER item_removed AFTER DELETE ON items BEGIN {_ONE_LESS} END",
    "CREATE TRIGGER item_changed AFTER UPDATE OF outcome, bytes, passages ON items"
    f" BEGIN {_ONE_LESS} {_ONE_MORE} END",
)
_NEW = (
    _JOBS,
    _ITEMS,
    "CREATE INDEX items_outcome ON items (job, outcome)",
    "CREATE UNIQUE INDEX items_name ON items (job, kind, name, spooled)",
    *_COUNTING,
)


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new file, bring an older file up to date, leave one of today as it is.

    For a connection inside a write transaction. Raises :class:`index.errors.UnknownFormat`.
    """
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > FORMAT:
        raise UnknownFormat(
            f"{path} is of format {found}, and this program writes format {FORMAT}. Start the version of "
            "Loccit that wrote it, or move the file away: the jobs in it are then forgotten."
        )
    if found == 0:
        for statement in _NEW:
            connection.execute(statement)
    elif found == 1:
        _count_what_is_there(connection)
    if found != FORMAT:
        connection.execute(f"PRAGMA user_version = {FORMAT}")


def _count_what_is_there(connection: sqlite3.Connection) -> None:
    """From format 1, in which all items of a job were counted at each look."""
    for statement in _COUNTING:
        connection.execute(statement)
    connection.execute(
        "INSERT INTO counts SELECT job, outcome, COUNT(*), SUM(bytes), SUM(passages) FROM items"
        " GROUP BY job, outcome"
    )
