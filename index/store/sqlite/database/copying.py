"""Copy an SQLite file while others write it, and check whether another connection has it open."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from index.errors import DiskFull, StoreDamaged
from index.store.sqlite.database.schemas import Prepare, schema_damage, sequence_damage
from index.store.sqlite.database.unwritable import UNCHANGING, Copy, disk_error, has_log

_BUSY_SECONDS = 10.0


class PinnedDatabase:
    """An SQLite file as it is at one moment: a read transaction. Writers go on meanwhile."""

    def __init__(self, path: Path) -> None:
        """Use :func:`pin_database`."""
        self._path = path
        self._opened = ExitStack()
        self._connection = self._opened.enter_context(reading(path))

    def copy(self, target: Path) -> None:
        """Write that state to a new file, which needs no write-ahead log, and check the copy.

        Raises :class:`index.errors.StoreDamaged`, and :class:`index.errors.DiskFull` or
        :class:`index.errors.DiskReadOnly` where the new file cannot be written.
        """
        try:
            with closing(sqlite3.connect(target)) as copy:
                self._connection.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE")
                found = [message for (message,) in copy.execute("PRAGMA quick_check(1)").fetchall()]
        except sqlite3.Error as error:
            raise disk_error(error, target) or _damage_error(self._path, str(error)) from error
        if found != ["ok"]:
            raise _damage_error(self._path, found[0])

    def close(self) -> None:
        """End the transaction."""
        self._opened.close()


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A transaction that reads a file, also one whose disk is full or read-only. Raises errors of SQLite.

    Also raises :class:`index.errors.DiskFull` where there is no room for what it needs then.
    """
    with ExitStack() as stack:
        try:
            connection = _begin(f"{path.absolute().as_uri()}?mode=rw")
        except sqlite3.Error as error:
            if disk_error(error, path) is None:
                raise
            connection = _begin(_makeshift(path, stack))
        stack.enter_context(closing(connection))
        yield connection


def _makeshift(path: Path, stack: ExitStack) -> str:
    """The address by which a file can be read beside which nothing can be made: its own, or a copy's."""
    if not has_log(path):
        return f"{path.absolute().as_uri()}?mode={UNCHANGING}"
    copy = stack.enter_context(closing(Copy(path)))
    return f"{copy.path.as_uri()}?mode=rw"


def _begin(address: str) -> sqlite3.Connection:
    """Open a file, and begin a transaction that reads it."""
    connection = sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("BEGIN")
        connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def pin_database(path: Path) -> Iterator[PinnedDatabase]:
    """Keep the state of a file that exists. Raises :class:`StoreDamaged`, and FileNotFoundError."""
    if not path.exists():
        raise FileNotFoundError(path)
    try:
        database = PinnedDatabase(path)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise _damage_error(path, str(error)) from error
    with closing(database):
        yield database


def file_damage(path: Path, prepare: Prepare | None = None) -> str:
    """Return the damage that SQLite finds in a file; empty without any.

    SQLite compares its pages, and its tables with their indexes. With ``prepare``, which makes the tables of
    such a file, these are compared with what it makes.
    """
    try:
        with reading(path) as connection:
            found = [message for (message,) in connection.execute("PRAGMA integrity_check(3)").fetchall()]
            if found != ["ok"]:
                return "; ".join(found)
            if prepare is None:
                return ""
            return schema_damage(connection, prepare) or sequence_damage(connection)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        return str(error)
    except DiskFull as error:
        return error.message.rstrip(".")


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
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return False
    return False


def _damage_error(path: Path, reason: str) -> StoreDamaged:
    return StoreDamaged(f"{path} is damaged and was not copied ({reason}). Check the data, and repair it.")
