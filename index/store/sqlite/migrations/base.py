"""Tables of format 3 of the record store, the base of all migrations; ``docs/index-format.md`` explains them.

What later formats change is in ``migrations.py``: these definitions stay as they are.
"""

import sqlite3

from index.store.sqlite import totals
from index.store.sqlite.statements import SqliteStatements

BASE = 3
"""The format that these tables are of."""

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE documents (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,          -- versions.key of the newest
    source TEXT NOT NULL,
    media_type TEXT NOT NULL,
    metadata TEXT NOT NULL,            -- JSON
    given TEXT NOT NULL,               -- JSON: what the caller said beside the bytes
    created REAL NOT NULL,
    updated REAL NOT NULL
);
CREATE TABLE versions (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL,
    number INTEGER NOT NULL,
    title TEXT NOT NULL,
    text_sha256 BLOB NOT NULL,
    source_sha256 BLOB NOT NULL,
    reader TEXT NOT NULL,
    created REAL NOT NULL,
    added INTEGER NOT NULL,            -- change that brought it
    removed INTEGER,                   -- change that brought the next version
    replaced REAL,                     -- and when that was
    -- Last, for they may be long: what stands behind them is found by going through them.
    structure BLOB NOT NULL,           -- zlib JSON: blocks
    pages BLOB NOT NULL,               -- zlib int32: the offset at which each page starts
    layout BLOB,                       -- index/text/layout.py tells what it is
    UNIQUE (document, number)
);
CREATE INDEX versions_text ON versions (text_sha256);
CREATE INDEX versions_source ON versions (source_sha256);
CREATE TABLE aliases (                 -- ids that documents had before they were renamed
    id TEXT NOT NULL,
    document INTEGER NOT NULL,
    PRIMARY KEY (id, document)
) WITHOUT ROWID;
CREATE INDEX aliases_document ON aliases (document);
CREATE TABLE names (                   -- what locators may name: one text for good
    document_id TEXT NOT NULL,
    digits BLOB NOT NULL,              -- the first 6 bytes of the text's SHA-256
    text_sha256 BLOB NOT NULL,
    version INTEGER NOT NULL,          -- number of the last version of this text
    PRIMARY KEY (document_id, digits)
) WITHOUT ROWID;
CREATE TABLE texts (sha256 BLOB PRIMARY KEY, length INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE text_blocks (
    sha256 BLOB NOT NULL,
    number INTEGER NOT NULL,
    body BLOB NOT NULL,                -- zlib UTF-8 of BLOCK code points
    PRIMARY KEY (sha256, number)
);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL,
    version INTEGER NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    section TEXT NOT NULL,             -- JSON list
    heading TEXT NOT NULL,             -- embedded before the slice
    first_page INTEGER,
    last_page INTEGER,
    tokens INTEGER NOT NULL,
    quote_key BLOB NOT NULL,           -- 16-byte BLAKE2b of the slice
    embedding_key BLOB NOT NULL,       -- 16-byte BLAKE2b of heading and slice
    added INTEGER NOT NULL,            -- change that brought it
    removed INTEGER,                   -- change that took it from the newest version
    embedded INTEGER                   -- change that brought its vector
);
CREATE INDEX passages_version ON passages (version);
CREATE INDEX passages_live ON passages (document) WHERE removed IS NULL;
CREATE INDEX passages_embedding ON passages (embedding_key);
CREATE INDEX passages_added ON passages (added);
CREATE INDEX passages_embedded ON passages (embedded);
CREATE INDEX passages_pending ON passages (id) WHERE embedded IS NULL AND removed IS NULL;
-- Vectors are float16, little endian; index/store/sqlite/sentences.py tells what sentences are.
CREATE TABLE embeddings (key BLOB PRIMARY KEY, vector BLOB NOT NULL, sentences BLOB);
CREATE TABLE removals (change INTEGER NOT NULL, passage INTEGER NOT NULL, PRIMARY KEY (change, passage))
    WITHOUT ROWID;
CREATE TABLE events (                  -- what the changes did to documents
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    change INTEGER NOT NULL,
    document_id TEXT NOT NULL,
    kind TEXT NOT NULL,                -- added, replaced, updated, renamed, pruned, deleted
    was TEXT NOT NULL,                 -- the id before it was renamed; empty otherwise
    version INTEGER NOT NULL,          -- the one that it was done to
    created REAL NOT NULL
);
CREATE INDEX events_change ON events (change);
CREATE TABLE erased (                  -- versions that are gone: from change added until before removed
    document INTEGER NOT NULL,
    document_id TEXT NOT NULL,         -- when it was erased
    version INTEGER NOT NULL,
    added INTEGER NOT NULL,
    removed INTEGER NOT NULL
);
CREATE INDEX erased_removed ON erased (removed);
CREATE INDEX erased_document ON erased (document);
CREATE INDEX erased_document_id ON erased (document_id);
CREATE TABLE attributes (
    key TEXT NOT NULL,
    kind TEXT NOT NULL,                -- 's' string, 'n' number, 'b' boolean
    value NOT NULL,
    document INTEGER NOT NULL,
    PRIMARY KEY (key, kind, value, document)
) WITHOUT ROWID;
CREATE INDEX attributes_document ON attributes (document);
"""

CLAIMS = """
CREATE TABLE IF NOT EXISTS claims (    -- texts that a worker is embedding
    key BLOB PRIMARY KEY,              -- passages.embedding_key
    lease TEXT NOT NULL                -- the worker's lease; without a holder the claim is void
) WITHOUT ROWID
"""


def create(connection: sqlite3.Connection) -> None:
    """Create the tables of the base format in a new file, inside a write transaction."""
    for statement in TABLES.split(";\n"):
        connection.execute(statement)
    connection.execute("INSERT INTO meta VALUES ('change', 0), ('format', ?)", (BASE,))
    complete(connection)


def complete(connection: sqlite3.Connection) -> None:
    """Create the tables that the first files of the base format lack."""
    totals.install(SqliteStatements(connection))
    connection.execute(CLAIMS)


def read_format(connection: sqlite3.Connection) -> int | None:
    """Return the format of a file; None for a new one, which has no tables."""
    try:
        (found,) = connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return None
        raise
    return int(found)
