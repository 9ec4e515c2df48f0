"""The key store in one SQLite file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from index.store.sqlite import Database, create_tables
from service.errors import KeyNotFound
from service.identity.principal import SCOPES
from service.identity.records import Key
from service.identity.secret import new_secret

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
_COLUMNS = (
    "id, name, digest, scope, collections, groups, origins, rate, created, expires, revoked, last_used, "
    "open_links"
)
_SELECT = f"SELECT {_COLUMNS} FROM keys"
_OWNER_ONLY = 0o600


class SqliteKeyStore:
    """Implements :class:`service.identity.protocols.KeyStore`. Only the file's owner can read it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(_OWNER_ONLY)
        self._database = Database(path)
        with self._database.write() as connection:
            create_tables(connection, path, _TABLES, number=FORMAT)
            if "open_links" not in _columns(connection):
                connection.execute(_OPEN_LINKS)

    def add(self, key: Key) -> None:
        with self._database.write() as connection:
            connection.execute(
                f"INSERT INTO keys ({_COLUMNS}) VALUES ({', '.join('?' * 13)})",
                (
                    key.id,
                    key.name,
                    key.digest,
                    key.scope.word,
                    _listed(key.collections),
                    _listed(key.groups),
                    _listed(key.origins),
                    key.rate,
                    key.created,
                    key.expires,
                    key.revoked,
                    key.last_used,
                    key.open_links,
                ),
            )
            _count_change(connection)

    def all(self) -> list[Key]:
        with self._database.read() as connection:
            return [_from_row(row) for row in connection.execute(f"{_SELECT} ORDER BY number")]

    def revoke(self, key_id: str, moment: float) -> Key:
        with self._database.write() as connection:
            changed = connection.execute(
                "UPDATE keys SET revoked = ? WHERE id = ? AND revoked IS NULL", (moment, key_id)
            )
            if changed.rowcount:
                _count_change(connection)
            row = connection.execute(f"{_SELECT} WHERE id = ?", (key_id,)).fetchone()
        if row is None:
            raise KeyNotFound(f"There is no key {key_id!r}.")
        return _from_row(row)

    def note_use(self, used: Mapping[str, float]) -> None:
        with self._database.write() as connection:
            connection.executemany(
                "UPDATE keys SET last_used = MAX(?, COALESCE(last_used, 0)) WHERE id = ?",
                [(moment, key_id) for key_id, moment in used.items()],
            )

    def generation(self) -> int:
        with self._database.read() as connection:
            (number,) = connection.execute("SELECT number FROM generation").fetchone()
            return int(number)

    def secret(self, purpose: str) -> bytes:
        with self._database.write() as connection:
            connection.execute("INSERT OR IGNORE INTO secrets VALUES (?, ?)", (purpose, new_secret()))
            (secret,) = connection.execute(
                "SELECT secret FROM secrets WHERE purpose = ?", (purpose,)
            ).fetchone()
            return bytes(secret)

    def close(self) -> None:
        self._database.close()


def _columns(connection: sqlite3.Connection) -> set[str]:
    return {name for _, name, *_ in connection.execute("PRAGMA table_info(keys)")}


def _count_change(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE generation SET number = number + 1")


def _listed(values: Collection[str] | None) -> str | None:
    if values is None:
        return None
    return json.dumps(list(values) if isinstance(values, tuple) else sorted(values))


def _set(listed: str | None) -> frozenset[str] | None:
    return None if listed is None else frozenset(json.loads(listed))


def _from_row(row: tuple[Any, ...]) -> Key:
    id_, name, digest, scope, collections, groups, origins, rate, *times, open_links = row
    created, expires, revoked, last_used = times
    return Key(
        id_,
        name,
        digest,
        SCOPES[scope],
        _set(collections),
        _set(groups),
        tuple(json.loads(origins)),
        rate,
        created,
        expires,
        revoked,
        last_used,
        bool(open_links),
    )
