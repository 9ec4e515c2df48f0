"""The key store in one SQLite file."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

from index.errors import CollectionBusy, LoccitError
from index.store.sqlite import Database, cover, create_tables, file_damage, prepare_database, reading
from service.errors import KeysLost
from service.state.databases.announcing import Unannounced
from service.state.identity.records import StoreState
from service.state.identity.sql import SEAL, KeyStore, count_gone, read_state

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
_LATER_TABLES = (
    "CREATE TABLE IF NOT EXISTS ended_sessions (session TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS session_rounds (key TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID",
    """
    CREATE TABLE IF NOT EXISTS people (
        key TEXT PRIMARY KEY,
        issuer TEXT NOT NULL,
        subject TEXT NOT NULL,
        name TEXT NOT NULL,
        scope TEXT NOT NULL,
        groups TEXT,                       -- JSON list, by the rules; NULL for all
        first_seen REAL NOT NULL,
        last_seen REAL NOT NULL,
        added TEXT NOT NULL,               -- JSON list, by administrators
        withdrawn TEXT NOT NULL            -- JSON list, by administrators
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE IF NOT EXISTS signing_keys (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        seed BLOB NOT NULL,                -- secret of Ed25519
        created REAL NOT NULL
    )
    """,
)
"""Also for files of earlier versions, which may open the file again."""
_WHOLE = {
    "keys": "id, name, digest, scope, collections, groups, origins, rate, created, expires, revoked, "
    "last_used, open_links",
    "generation": "number",
    "secrets": "secret",
    "ended_sessions": "until",
    "session_rounds": "number",
    "people": "issuer, subject, name, scope, groups, first_seen, last_seen, added, withdrawn",
    "signing_keys": "id, seed, created",
}
"""Columns of each table that are there twice, so that a check notices damage."""
SESSIONS = "sessions"
"""Purpose of the secret that signs sessions. A restored store has another one."""
_OWNER_ONLY = 0o600
_BUSY_SECONDS = 10.0


class SqliteKeyStore(Unannounced, KeyStore):
    """Keys in a file that only its owner can read."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(_OWNER_ONLY)
        self._file = database = Database(path)
        prepare_database(database, lambda connection: prepare(connection, path))
        super().__init__(database)

    def state(self) -> StoreState:
        self._require_same()
        with self._file.read() as connection:
            # Drop the pages that it holds: only the log tells it that they are old, and whoever overwrites
            # the file does not write there.
            connection.execute("PRAGMA shrink_memory")
            return read_state(connection)

    def _require_same(self) -> None:
        try:
            self._file.check_file()
        except LoccitError:
            raise KeysLost(
                f"{self._file.path} was removed or replaced while the service runs. The keys that it had "
                "read stay valid, and no change of keys reaches it. Put the file back and start the service "
                "again."
            ) from None


def find_state(path: Path) -> StoreState:
    """Read the state of the store in a file, which is not made if there is none, and not changed.

    Raises :class:`service.errors.KeysLost` for a damaged file, and for one with the log of another.
    """
    if not path.exists() or not (path.stat().st_size or path.with_name(f"{path.name}-wal").exists()):
        return StoreState()
    try:
        # Whoever only reads does not merge the log into the file.
        with _reading(path) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'keys'").fetchone():
                return StoreState()
            state = replace(read_state(connection), gone=count_gone(connection))
            secrets = _secrets(connection)
    except (sqlite3.Error, ValueError, TypeError) as error:  # values may be of other types, too
        if "locked" in str(error):
            raise CollectionBusy(f"{path} is being written. Try again in a moment.") from error
        raise KeysLost(
            f"The keys in {path} cannot be read ({file_damage(path) or error}). Restore a backup; or move "
            "the file away, and the service says what to do without it."
        ) from error
    alone = _secrets_alone(path)
    if any(secrets.get(purpose, secret) != secret for purpose, secret in alone.items()):
        raise KeysLost(
            f"{path.name}-wal in {path.parent} belongs to another {path.name} than the one that is there "
            f"now. If a backup was put back, delete {path.name}-wal and {path.name}-shm, which belong to the "
            "file that was there before; otherwise restore a backup."
        )
    return state


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Read a file without changing it, also one whose disk is read-only. Raises errors of SQLite."""
    with ExitStack() as stack:
        try:
            connection = stack.enter_context(closing(_opened(path, "mode=ro")))
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise
            connection = stack.enter_context(reading(path))
        yield connection


def _opened(path: Path, options: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?{options}", uri=True, timeout=_BUSY_SECONDS)


def _secrets(connection: sqlite3.Connection) -> dict[str, bytes]:
    """The secrets that stay as they are for as long as there is the store."""
    found = dict(connection.execute("SELECT purpose, secret FROM secrets").fetchall())
    return {purpose: secret for purpose, secret in found.items() if purpose not in (SESSIONS, SEAL)}


def _secrets_alone(path: Path) -> dict[str, bytes]:
    """The same, as the file has them without its log; none where that cannot be told."""
    try:
        with closing(_opened(path, "mode=ro&immutable=1")) as connection:
            return _secrets(connection)
    except (sqlite3.Error, UnicodeDecodeError):
        return {}  # a new file, all of which is in the log, or one that is being written


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Create the tables of a new file, or what one of an earlier version lacks, in a write transaction."""
    create_tables(connection, path, _TABLES, number=FORMAT)
    if "open_links" not in {name for _, name, *_ in connection.execute("PRAGMA table_info(keys)")}:
        connection.execute(_OPEN_LINKS)
    for statement in _LATER_TABLES:
        connection.execute(statement)
    cover(connection, _WHOLE)
