"""The store of files in PostgreSQL."""

from service.state.databases.postgresql import PostgresqlDatabase
from service.state.files.store import FileStore
from service.state.jobs.protocols import Spool

_MIGRATIONS = (
    """
    CREATE TABLE files (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id text NOT NULL UNIQUE,
        filename text NOT NULL,
        purpose text NOT NULL,
        bytes bigint NOT NULL,
        created double precision NOT NULL,
        owner text NOT NULL,
        groups text,                        -- JSON: groups of the caller that sent it; NULL for all
        erasing integer NOT NULL DEFAULT 0  -- 1: it does not exist any more; its bytes are to be removed
    );
    CREATE TABLE attachments (
        collection text NOT NULL,
        file text NOT NULL,
        document text NOT NULL,
        job text NOT NULL,
        created double precision NOT NULL,
        attributes text NOT NULL,           -- JSON
        PRIMARY KEY (collection, file)
    );
    CREATE INDEX attachments_file ON attachments (file);
    CREATE TABLE labels (
        collection text PRIMARY KEY,
        name text NOT NULL,
        description text NOT NULL,
        metadata text NOT NULL,             -- JSON
        created double precision NOT NULL
    );
    """,
)


def open_postgresql_files(url: str, spool: Spool) -> FileStore:
    """The files in the database at a URL, with the bytes in a spool.

    Raises :class:`index.errors.StoreUnavailable`.
    """
    return FileStore(PostgresqlDatabase(url, "files", _MIGRATIONS), spool)
