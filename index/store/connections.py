"""SQLite connections: one for writing, a pool for reading, errors in our own words."""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.errors import CollectionBusy, CollectionNotFound, LoccitError, StoreDamaged

_BUSY_SECONDS = 10.0
_PAUSE = 0.01


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    _write_ahead(connection)
    # FULL: an acknowledged write survives a power cut, not only a killed process.
    connection.executescript("PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;")
    # What is erased is overwritten, whatever the library's own default is.
    connection.execute("PRAGMA secure_delete=ON")
    # As much as SQLite maps at all: what a question reads lies all over the file.
    connection.execute("PRAGMA mmap_size=2147418112")
    connection.execute("PRAGMA cache_size=-16384")
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log, once for a file.

    Of two who open a new file at the same moment one is told that it is locked, and SQLite does not wait
    here as it does elsewhere.
    """
    deadline = time.monotonic() + _BUSY_SECONDS
    while not _switched(connection, is_last=time.monotonic() > deadline):
        time.sleep(_PAUSE)


def _switched(connection: sqlite3.Connection, *, is_last: bool) -> bool:
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    except sqlite3.OperationalError as error:
        if is_last or "locked" not in str(error):
            raise
        return False
    return True


def translated(error: sqlite3.Error, path: Path) -> LoccitError:
    """The package's own error for one of SQLite's."""
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return CollectionBusy(
            f"{path.parent.name} is being written by another process. Try again in a moment."
        )
    return StoreDamaged(
        f"The record store {path} could not be read or written ({error}). Check that the disk is not full "
        "and that the file may be written; otherwise restore a backup."
    )


class Connections:
    """Opens connections to one database file as they are needed, and closes them all at the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._writing = threading.RLock()
        self._writer: sqlite3.Connection | None = None
        self._closed = False
        self._opening = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection inside a read transaction: everything read in it is of one moment."""
        try:
            try:
                connection = self._idle.get_nowait()
            except queue.Empty:
                connection = self._opened()
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                connection.execute("COMMIT")
                self._give_back(connection)
        except sqlite3.Error as error:
            raise translated(error, self.path) from error

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A connection inside a write transaction: committed at the end, rolled back on any error."""
        with self._writing:
            try:
                if self._writer is None:
                    self._writer = self._opened()
                connection = self._writer
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                except BaseException:
                    connection.execute("ROLLBACK")
                    raise
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise translated(error, self.path) from error

    def close(self) -> None:
        """Close every connection that is not in use; one in use is closed when it is given back."""
        with self._opening:
            self._closed = True
        with self._writing:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
        while True:
            try:
                self._idle.get_nowait().close()
            except queue.Empty:
                return

    def _opened(self) -> sqlite3.Connection:
        with self._opening:
            if self._closed:
                # By its path another file would be opened: that of a collection made anew under this name.
                raise CollectionNotFound(f"The collection {self.path.parent.name!r} is deleted, or closed.")
            return _connect(self.path)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        if self._closed:
            connection.close()
        else:
            self._idle.put(connection)
