"""Copy an SQLite file while others write it, and check whether another connection has it open."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from index.errors import StoreDamaged
from index.store.sqlite.upkeep.schemas import Prepare, schema_damage, sequence_damage

_BUSY_SECONDS = 10.0


class PinnedDatabase:
    """An SQLite file as it is at one moment: a read transaction. Writers go on meanwhile."""

    def __init__(self, path: Path) -> None:
        """Use :func:`pin_database`."""
        self._path = path
        self._connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
        self._connection.execute("BEGIN")
        self._connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()

    def copy(self, target: Path) -> None:
        """Write that state to a new file, which needs no write-ahead log, and check the copy.

        Raises :class:`index.errors.StoreDamaged`.
        """
        try:
            with closing(sqlite3.connect(target)) as copy:
                self._connection.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE")
                found = [message for (message,) in copy.execute("PRAGMA quick_check(1)").fetchall()]
        except sqlite3.Error as error:
            raise _damage_error(self._path, str(error)) from error
        if found != ["ok"]:
            raise _damage_error(self._path, found[0])

    def close(self) -> None:
        """End the transaction."""
        self._connection.close()


@contextmanager
def pin_database(path: Path) -> Iterator[PinnedDatabase]:
    """Keep the state of a file that exists. Raises :class:`StoreDamaged`, and FileNotFoundError."""
    if not path.exists():
        raise FileNotFoundError(path)
    try:
        database = PinnedDatabase(path)
    except sqlite3.Error as error:
        raise _damage_error(path, str(error)) from error
    with closing(database):
        yield database


def file_damage(path: Path, prepare: Prepare | None = None) -> str:
    """Return the damage that SQLite finds in a file; empty without any.

    SQLite compares its pages, and its tables with their indexes. With ``prepare``, which makes the tables of
    such a file, these are compared with what it makes.
    """
    try:
        with closing(sqlite3.connect(path, timeout=_BUSY_SECONDS)) as connection:
            found = [message for (message,) in connection.execute("PRAGMA integrity_check(3)").fetchall()]
            if found != ["ok"]:
                return "; ".join(found)
            if prepare is None:
                return ""
            return schema_damage(connection, prepare) or sequence_damage(connection)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        return str(error)


def is_in_use(path: Path) -> bool:
    """Whether another connection, of any process, has an SQLite file open.

    If nobody has, its write-ahead log is merged into the file. A file that cannot be read is not in use.
    """
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path, timeout=0)) as connection:
            # Without the shared memory of a write-ahead log, it needs the file for itself.
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        return "locked" in str(error) or "busy" in str(error)
    except sqlite3.DatabaseError:
        return False
    return False


def _damage_error(path: Path, reason: str) -> StoreDamaged:
    return StoreDamaged(f"{path} is damaged and was not copied ({reason}). Check the data, and repair it.")
