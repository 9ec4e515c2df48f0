"""The key store in one SQLite file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from index.store.sqlite import Database, cover, create_tables, prepare_database
from service.state.databases.announcing import Unannounced
from service.state.identity.sql import SqlKeyStore

FORMAT = 1
_TABLES = (
    """
    CREATE TABLE keys (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        digest BLOB NOT NULL,              -- SHA-256 of the key
        scope TEXT NOT NULL,
        collections TEXT,                  -- JSON list; NULL for all
        groups TEXT,                       -- JSON list; NULL for all
        origins TEXT NOT NULL,             -- JSON list
        rate TEXT NOT NULL,
        created REAL NOT NULL,
        expires REAL,
        revoked REAL,
        last_used REAL,
        open_links INTEGER NOT NULL DEFAULT 0
    )
    """,
    "CREATE TABLE generation (number INTEGER NOT NULL)",
    "INSERT INTO generation VALUES (0)",
    "CREATE TABLE secrets (purpose TEXT PRIMARY KEY, secret BLOB NOT NULL) WITHOUT ROWID",
)
_OPEN_LINKS = "ALTER TABLE keys ADD COLUMN open_links INTEGER NOT NULL DEFAULT 0"
"""For files of earlier versions. The format stays the same, so that these can open the file again."""
_ENDED_SESSIONS = (
    "CREATE TABLE IF NOT EXISTS ended_sessions (session TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS session_rounds (key TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID",
)
"""Also for files of earlier versions, which may open the file again."""
_WHOLE = {
    "keys": "id, name, digest, scope, collections, groups, origins, rate, created, expires, revoked, "
    "last_used, open_links",
    "generation": "number",
    "secrets": "secret",
    "ended_sessions": "until",
    "session_rounds": "number",
}
"""Columns of each table that are there twice, so that a check notices damage."""
_OWNER_ONLY = 0o600


class SqliteKeyStore(Unannounced, SqlKeyStore):
    """Keys in a file that only its owner can read."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(_OWNER_ONLY)
        database = Database(path)
        prepare_database(database, lambda connection: prepare(connection, path))
        super().__init__(database)


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Create the tables of a new file, or what one of an earlier version lacks, in a write transaction."""
    create_tables(connection, path, _TABLES, number=FORMAT)
    if "open_links" not in _columns(connection):
        connection.execute(_OPEN_LINKS)
    for statement in _ENDED_SESSIONS:
        connection.execute(statement)
    cover(connection, _WHOLE)


def _columns(connection: sqlite3.Connection) -> set[str]:
    return {name for _, name, *_ in connection.execute("PRAGMA table_info(keys)")}
