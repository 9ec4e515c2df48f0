"""The store of keys in PostgreSQL."""

from service.state.databases.announcing import Announced
from service.state.databases.postgresql import PostgresqlDatabase
from service.state.identity.sql import KeyStore

_TABLES = """
    CREATE TABLE keys (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id text NOT NULL UNIQUE,
        name text NOT NULL,
        digest bytea NOT NULL,             -- SHA-256 of the key
        scope text NOT NULL,
        collections text,                  -- JSON list; NULL for all
        groups text,                       -- JSON list; NULL for all
        origins text NOT NULL,             -- JSON list
        rate text NOT NULL,
        created double precision NOT NULL,
        expires double precision,
        revoked double precision,
        last_used double precision,
        open_links integer NOT NULL DEFAULT 0
    );
    CREATE TABLE generation (number bigint NOT NULL);
    INSERT INTO generation VALUES (0);
    CREATE TABLE secrets (purpose text PRIMARY KEY, secret bytea NOT NULL);
"""
_ENDED_SESSIONS = """
    CREATE TABLE ended_sessions (session text PRIMARY KEY, until double precision NOT NULL);
    CREATE TABLE session_rounds (key text PRIMARY KEY, number bigint NOT NULL);
"""
_SIGNING_KEYS = """
    CREATE TABLE signing_keys (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id text NOT NULL UNIQUE,
        seed bytea NOT NULL,               -- secret of Ed25519
        created double precision NOT NULL
    );
"""
_PEOPLE = """
    CREATE TABLE people (
        key text PRIMARY KEY,
        issuer text NOT NULL,
        subject text NOT NULL,
        name text NOT NULL,
        scope text NOT NULL,
        groups text,                       -- JSON list, by the rules; NULL for all
        first_seen double precision NOT NULL,
        last_seen double precision NOT NULL,
        added text NOT NULL,               -- JSON list, by administrators
        withdrawn text NOT NULL            -- JSON list, by administrators
    );
"""


class PostgresqlKeyStore(Announced, KeyStore):
    """Keys and secrets in the database at a URL. Raises :class:`index.errors.StoreUnavailable`."""

    def __init__(self, url: str) -> None:
        from index.postgresql import Compatible

        migrations = (
            _TABLES,
            Compatible(_ENDED_SESSIONS),
            Compatible(_SIGNING_KEYS),
            Compatible(_PEOPLE),
        )
        self._announcing = PostgresqlDatabase(url, "keys", migrations)
        super().__init__(self._announcing)

    def _require_same(self) -> None:
        """Do nothing: a database that is gone cannot be reached, and that is another error."""
