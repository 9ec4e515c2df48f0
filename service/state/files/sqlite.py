"""The store of files in one SQLite file."""

import sqlite3
from pathlib import Path

from index.store.sqlite import Database, cover, create_tables, prepare_database
from service.state.files.store import FileStore
from service.state.jobs.protocols import Spool

FORMAT = 1
_TABLES = (
    """
    CREATE TABLE files (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        filename TEXT NOT NULL,
        purpose TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        created REAL NOT NULL,
        owner TEXT NOT NULL,
        groups TEXT,                       -- JSON: groups of the caller that sent it; NULL for all
        erasing INTEGER NOT NULL DEFAULT 0 -- 1: it does not exist any more, and its bytes are to be removed
    )
    """,
    """
    CREATE TABLE attachments (
        collection TEXT NOT NULL,
        file TEXT NOT NULL,
        document TEXT NOT NULL,
        job TEXT NOT NULL,
        created REAL NOT NULL,
        attributes TEXT NOT NULL,          -- JSON
        PRIMARY KEY (collection, file)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX attachments_file ON attachments (file)",
    """
    CREATE TABLE labels (
        collection TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        description TEXT NOT NULL,
        metadata TEXT NOT NULL,            -- JSON
        created REAL NOT NULL
    ) WITHOUT ROWID
    """,
)
_WHOLE = {
    "files": "id, filename, purpose, bytes, created, owner, groups, erasing",
    "attachments": "document, job, created, attributes",
    "labels": "name, description, metadata, created",
}
"""Columns of each table that are there twice, so that a check notices damage."""


def open_sqlite_files(path: Path, spool: Spool) -> FileStore:
    """The files in a database file, with the bytes in a spool."""
    path.parent.mkdir(parents=True, exist_ok=True)
    database = Database(path)
    prepare_database(database, lambda connection: prepare(connection, path))
    return FileStore(database, spool)


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Create the tables of a new file, or what one of an earlier version lacks, in a write transaction."""
    create_tables(connection, path, _TABLES, number=FORMAT)
    cover(connection, _WHOLE)
