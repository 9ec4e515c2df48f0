"""The owner of a shared place: a name that is kept in the service's database."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from index.store.sqlite import Database, cover, create_tables, prepare_database
from service.state.databases.postgresql import PostgresqlDatabase

OWNER = "owner.sqlite"
_FORMAT = 1
_EARLIER = ("jobs.sqlite", "files.sqlite")
"""Databases of a data folder that are older than its owner's name, if it has none."""
_MIGRATIONS = (
    """
    CREATE TABLE owner (name text NOT NULL);
    -- The stores of jobs and files may be older: they go on with what they have.
    INSERT INTO owner SELECT CASE WHEN to_regclass('jobs') IS NULL AND to_regclass('files') IS NULL
        THEN replace(gen_random_uuid()::text, '-', '') ELSE '' END;
    """,
)


def service_owner(data: Path, store: str = "") -> str:
    """The name of the service that has a data folder, or the database at a URL; made if there is none.

    Empty for one whose stores of jobs and files are older than such names. Whoever makes these stores calls
    this first. A copy by ``loccit migrate`` has a name of its own, and so has a backup that is restored into
    another folder. Raises :class:`index.errors.Damaged`, :class:`index.errors.StoreUnavailable`.
    """
    if store:
        database = PostgresqlDatabase(store, "owner", _MIGRATIONS)
        with database.read() as connection:
            return str(connection.execute("SELECT name FROM owner").fetchone()[0])
    known = find_owner(data)
    return _ensure_stored(data, new_owner()) if known is None else known


def find_owner(data: Path) -> str | None:
    """The name of the service that has a data folder, None if there is none yet, or nothing to own."""
    # In this order: whoever makes one of these has made the name before.
    is_earlier = any((data / name).exists() for name in _EARLIER)
    if (data / OWNER).exists():
        return _ensure_stored(data, new_owner())
    return "" if is_earlier else None


def name_owner(data: Path, name: str) -> None:
    """Give a data folder that nobody uses another owner."""
    (data / OWNER).unlink(missing_ok=True)
    _ensure_stored(data, name)


def rename_owner(store: str, name: str) -> None:
    """Give the service in the database at a URL another name, which nobody uses; nothing may have it open.

    Raises :class:`index.errors.StoreUnavailable`.
    """
    with PostgresqlDatabase(store, "owner", _MIGRATIONS).write() as connection:
        connection.execute("UPDATE owner SET name = ?", (name,))


def folder_of(name: str) -> str:
    """The folder of an owner's uploads and files, in a place that several services may share."""
    return f"services/{name}"


def new_owner() -> str:
    """A name that nobody has: 32 hexadecimal digits."""
    return os.urandom(16).hex()


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Create the table of a new file, or what one of an earlier version lacks, in a write transaction."""
    create_tables(connection, path, ("CREATE TABLE owner (name TEXT NOT NULL)",), number=_FORMAT)
    cover(connection, {"owner": "name"})


def _ensure_stored(data: Path, new: str) -> str:
    """The name in a data folder: ``new`` unless there is one already."""
    data.mkdir(parents=True, exist_ok=True)
    path = data / OWNER
    with closing(Database(path)) as database:
        prepare_database(database, lambda connection: prepare(connection, path))
        with database.read() as connection:
            known = connection.execute("SELECT name FROM owner").fetchone()
        if known is None:
            with database.write() as connection:
                connection.execute(
                    "INSERT INTO owner SELECT ? WHERE NOT EXISTS (SELECT 1 FROM owner)", (new,)
                )
                known = connection.execute("SELECT name FROM owner").fetchone()
        return str(known[0])
