"""Tables of a collection and of the catalogue; ``docs/index-format.md`` explains them.

Tables and columns have the names that they have in SQLite's store. What is ordered or searched by its
beginning is sorted by code points (``COLLATE "C"``), whatever the database's language is. Change the schema
by another migration: those that were released stay as they are.
"""

from index.postgresql import Compatible, Migration
from index.store.postgresql import totals
from index.store.postgresql.statements import PostgresqlStatements
from index.store.sql import groups

CATALOGUE_SCHEMA = "loccit"

_CATALOGUE = """
CREATE TABLE catalogue (id text NOT NULL);  -- one row: names this database in folders of derived files
INSERT INTO catalogue VALUES (replace(gen_random_uuid()::text, '-', ''));
CREATE TABLE collections (
    number bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    name text COLLATE "C" UNIQUE,           -- none: it is deleted, and its schema is being dropped
    description text NOT NULL               -- JSON
);
"""

_LEDGER = """
CREATE TABLE ledger (name text NOT NULL);   -- one row: its folder in the place that machines share
INSERT INTO ledger SELECT id FROM catalogue;
CREATE TABLE ledger_parts (                 -- what this database has done, or done again
    name text PRIMARY KEY                   -- of a part of the ledger, with its folder
);
"""

_COLLECTION = """
CREATE TABLE state (                        -- one row
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    change bigint NOT NULL DEFAULT 0,       -- the last one
    store text NOT NULL,                    -- random hex digits that name the record
    epoch text NOT NULL,                    -- renewed when a backup is restored
    generation bigint NOT NULL DEFAULT 0,   -- how often all passages and vectors were exchanged
    last_passage bigint NOT NULL DEFAULT 0, -- the highest passages.id that was ever given
    erased bigint NOT NULL DEFAULT 0,       -- the last change that erased something
    erased_by xid8,                         -- the transaction of that change
    purged bigint NOT NULL DEFAULT 0,       -- the last one whose erasures left the files
    documents bigint NOT NULL DEFAULT 0,    -- totals, kept by triggers
    passages bigint NOT NULL DEFAULT 0,
    waiting bigint NOT NULL DEFAULT 0,
    characters bigint NOT NULL DEFAULT 0,
    original_bytes bigint NOT NULL DEFAULT 0,
    refused_mirrors text,                   -- JSON
    staged_description text                 -- JSON: what passages are staged for
);
CREATE TABLE changes (number bigint PRIMARY KEY, token bytea NOT NULL);
CREATE TABLE documents (
    key bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    id text COLLATE "C" NOT NULL UNIQUE,
    version bigint NOT NULL,                -- versions.key of the newest
    source text NOT NULL,
    media_type text NOT NULL,
    metadata text NOT NULL,                 -- JSON
    given text NOT NULL,                    -- JSON: what the caller said beside the bytes
    created double precision NOT NULL,
    updated double precision NOT NULL,
    retired double precision
);
CREATE INDEX documents_retired ON documents (retired) WHERE retired IS NOT NULL;
CREATE TABLE versions (
    key bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    document bigint NOT NULL,
    number bigint NOT NULL,
    title text NOT NULL,
    text_sha256 bytea NOT NULL,
    source_sha256 bytea NOT NULL,
    reader text NOT NULL,
    created double precision NOT NULL,
    added bigint NOT NULL,                  -- change that brought it
    removed bigint,                         -- change that brought the next version
    replaced double precision,              -- and when that was
    structure bytea NOT NULL,  -- zlib JSON: blocks
    pages bytea NOT NULL,  -- zlib int32: the offset at which each page starts
    layout bytea,          -- index/text/layout.py tells what it is
    UNIQUE (document, number)
);
CREATE INDEX versions_text ON versions (text_sha256);
CREATE INDEX versions_source ON versions (source_sha256);
CREATE TABLE aliases (                      -- ids that documents had before they were renamed
    id text COLLATE "C" NOT NULL,
    document bigint NOT NULL,
    PRIMARY KEY (id, document)
);
CREATE INDEX aliases_document ON aliases (document);
CREATE TABLE names (                        -- what locators may name: one text for good
    document_id text COLLATE "C" NOT NULL,
    digits bytea NOT NULL,                  -- the first 6 bytes of the text's SHA-256
    text_sha256 bytea NOT NULL,
    version bigint NOT NULL,                -- number of the last version of this text
    PRIMARY KEY (document_id, digits)
);
CREATE TABLE texts (sha256 bytea PRIMARY KEY, length bigint NOT NULL);
CREATE TABLE text_blocks (
    sha256 bytea NOT NULL,
    number bigint NOT NULL,
    body bytea NOT NULL,   -- zlib UTF-8 of index.store.rows.texts.BLOCK code points
    PRIMARY KEY (sha256, number)
);
CREATE TABLE passages (
    id bigint PRIMARY KEY,                  -- from state.last_passage
    document bigint NOT NULL,
    version bigint NOT NULL,
    start bigint NOT NULL,
    "end" bigint NOT NULL,
    section text NOT NULL,                  -- JSON list
    heading text NOT NULL,                  -- embedded before the slice
    first_page bigint,
    last_page bigint,
    tokens bigint NOT NULL,
    quote_key bytea NOT NULL,               -- 16-byte BLAKE2b of the slice
    embedding_key bytea NOT NULL,           -- 16-byte BLAKE2b of heading and slice
    added bigint NOT NULL,                  -- change that brought it
    removed bigint,                         -- change that took it from the newest version
    embedded bigint,                        -- change that brought its vector
    tables text                             -- JSON: the tables that it has rows of
);
CREATE INDEX passages_version ON passages (version);
CREATE INDEX passages_live ON passages (document) WHERE removed IS NULL;
CREATE INDEX passages_embedding ON passages (embedding_key);
CREATE INDEX passages_added ON passages (added);
CREATE INDEX passages_embedded ON passages (embedded);
CREATE INDEX passages_pending ON passages (id) WHERE embedded IS NULL AND removed IS NULL;
CREATE TABLE embeddings (                   -- index/store/rows/ tells what vectors and sentences are
    key bytea PRIMARY KEY,
    vector bytea NOT NULL,
    sentences bytea
);
CREATE TABLE removals (change bigint NOT NULL, passage bigint NOT NULL, PRIMARY KEY (change, passage));
CREATE TABLE claims (                       -- texts that a worker is embedding
    key bytea PRIMARY KEY,                  -- passages.embedding_key
    lease text NOT NULL,                    -- the worker's lease
    lock bigint NOT NULL                    -- key of its advisory lock; the claim is void without a holder
);
CREATE TABLE events (                       -- what the changes did to documents
    number bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    change bigint NOT NULL,
    document_id text NOT NULL,
    kind text NOT NULL,
    was text NOT NULL,                      -- the id before it was renamed; empty otherwise
    version bigint NOT NULL,                -- the one that it was done to
    created double precision NOT NULL,
    document bigint
);
CREATE INDEX events_change ON events (change);
CREATE TABLE erased (                       -- versions that are gone: from change added until before removed
    position bigint PRIMARY KEY,            -- from 1, without gaps
    document bigint NOT NULL,
    document_id text COLLATE "C" NOT NULL,  -- when it was erased
    version bigint NOT NULL,
    added bigint NOT NULL,
    removed bigint NOT NULL
);
CREATE INDEX erased_removed ON erased (removed);
CREATE INDEX erased_document ON erased (document);
CREATE INDEX erased_document_id ON erased (document_id);
CREATE TABLE attributes (
    key text COLLATE "C" NOT NULL,
    kind text NOT NULL,                     -- 's' string, 'n' number, 'b' boolean
    string text COLLATE "C",                -- of kind 's'
    number numeric,                         -- of the others: exact for whole numbers and for floats
    folded text COLLATE "C",                -- index.filters.fold_case, of what documents are named by
    document bigint NOT NULL
);
-- An entry of an index has at most 2,700 bytes: long strings are found by their beginning.
CREATE INDEX attributes_string ON attributes (key, left(string, 100), document) WHERE string IS NOT NULL;
CREATE INDEX attributes_number ON attributes (key, kind, number, document) WHERE number IS NOT NULL;
CREATE INDEX attributes_document ON attributes (document);
CREATE TABLE document_groups (              -- who may read a document; those of deleted ones stay for events
    document bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    PRIMARY KEY (document, name)
);
CREATE INDEX document_groups_name ON document_groups (name);
CREATE TABLE originals (sha256 bytea PRIMARY KEY, bytes bigint NOT NULL);
-- What is compressed already, or does not compress, is not tried again.
ALTER TABLE versions ALTER COLUMN structure SET STORAGE EXTERNAL, ALTER COLUMN pages SET STORAGE EXTERNAL,
    ALTER COLUMN layout SET STORAGE EXTERNAL;
ALTER TABLE text_blocks ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE embeddings ALTER COLUMN vector SET STORAGE EXTERNAL,
    ALTER COLUMN sentences SET STORAGE EXTERNAL;
INSERT INTO state (store, epoch) SELECT replace(gen_random_uuid()::text, '-', ''),
    replace(gen_random_uuid()::text, '-', '');
"""

_CLAIMS_END = """
ALTER TABLE claims ADD COLUMN until timestamptz NOT NULL DEFAULT now(); -- others may claim the text from then
"""

_BASES = """
CREATE TABLE bases (                        -- of vectors, which machines share
    change bigint PRIMARY KEY,              -- from which it is used
    form text NOT NULL,                     -- hash of what it is made from, and how
    generation bigint NOT NULL,             -- of the record
    manifest text NOT NULL                  -- JSON, with the hashes of its files
);
"""

_OBJECTS = """
ALTER TABLE state ADD COLUMN objects text; -- of a copy: names its folder in a place for originals
"""


_ACCESS = """
ALTER TABLE state ADD COLUMN access text NOT NULL DEFAULT ''; -- mark of those who may read; empty: everybody
"""

_CONNECTIONS = """
ALTER TABLE state ADD COLUMN connections text; -- JSON: sources and webhooks
"""

_DISCARDED = """
ALTER TABLE state ADD COLUMN discarded text, -- JSON: originals that no version needs, to be removed
    ADD COLUMN swept double precision;       -- Unix time of the last sweep of originals
"""

_PRINTED_PAGES = """
ALTER TABLE versions ADD COLUMN page_labels text NOT NULL DEFAULT '', -- index/text/page_labels.py
    ADD COLUMN figures text NOT NULL DEFAULT '';                      -- index/text/figures.py
"""

CATALOGUE: tuple[Migration, ...] = (_CATALOGUE, Compatible(_LEDGER))
COLLECTION: tuple[Migration, ...] = (
    _COLLECTION + totals.TRIGGERS,
    _CLAIMS_END,
    _BASES,
    _OBJECTS,
    # Older versions hide the events of erased documents from groups that are kept as hashes.
    Compatible(lambda transaction: groups.veil_of_erased(PostgresqlStatements(transaction))),
    Compatible(_ACCESS),
    Compatible(_CONNECTIONS),
    Compatible(_DISCARDED),
    Compatible(_PRINTED_PAGES),
)


def schema_of(number: int) -> str:
    """Return the schema of a collection, by its number in the catalogue."""
    return f"collection_{number}"


def number_of(name: str) -> int | None:
    """Return the number of the collection that has a schema; None if it is the schema of none."""
    number = name.removeprefix("collection_")
    return int(number) if name.startswith("collection_") and number.isdecimal() else None


def is_listed(number: int) -> str:
    """SQL condition: whether the catalogue has a collection, by its number; not once it is deleted."""
    return f"EXISTS (SELECT FROM {CATALOGUE_SCHEMA}.collections WHERE number = {number} AND name IS NOT NULL)"
