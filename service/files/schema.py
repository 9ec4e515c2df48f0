"""Tables of the store of files."""

from __future__ import annotations

FORMAT = 1
TABLES = (
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
