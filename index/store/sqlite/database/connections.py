"""SQLite database file: a pool of read connections, one write connection, translated errors."""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.errors import CollectionBusy, CollectionNotFound, DiskFull, LoccitError, StoreDamaged
from index.filters import is_named
from index.store.sqlite.database import residue

_BUSY_SECONDS = 10.0
_PAUSE = 0.01
_CHECKPOINT_SECONDS = 0.5
"""How long a checkpoint waits for readers; writers wait for it meanwhile."""
_STEPS = 10_000
"""Steps of a statement between two looks at whether its transaction was ended."""


@dataclass(slots=True, eq=False)
class _Reading:
    """A read transaction that is open: when it began, and whether it was ended from outside."""

    began: float
    is_lasting: bool
    is_ended: bool = False


class _Connection(sqlite3.Connection):
    """A connection whose read transaction can be ended by another thread."""

    reading: _Reading | None = None

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        if self.should_end():
            raise sqlite3.OperationalError("interrupted")
        return super().execute(*arguments)

    def should_end(self) -> bool:
        return self.reading is not None and self.reading.is_ended


def _connect(path: Path, *, create: bool, views: str) -> _Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        factory=_Connection,
    )
    _write_ahead(connection)
    # FULL: an acknowledged write survives a power cut, not only a killed process.
    connection.executescript("PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;")
    # Overwrite deleted data, whatever the default of the SQLite build is.
    connection.execute("PRAGMA secure_delete=ON")
    # The most that SQLite maps: a search reads from all parts of the file.
    connection.execute("PRAGMA mmap_size=2147418112")
    connection.execute("PRAGMA cache_size=-16384")
    connection.create_function("is_named", 2, is_named, deterministic=True)
    connection.executescript(views)
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch the file to write-ahead logging.

    If two processes open a new file at the same time, one gets "database is locked" at once: the busy timeout
    does not apply to this statement, so retry it here.
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


def translate_error(error: sqlite3.Error, path: Path) -> LoccitError:
    """Translate an SQLite error into one of the package."""
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return CollectionBusy(
            f"{path.parent.name} is being written by another process. Try again in a moment."
        )
    if isinstance(error, sqlite3.OperationalError) and "interrupted" in str(error):
        return CollectionBusy(
            f"Documents of {path.parent.name} were erased while they were being read, and the reading took "
            "too long to wait for. Try again in a moment."
        )
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return DiskFull(
            f"The disk is full: {path.parent.name} is as before. Free some of it, then try again."
        )
    if not path.exists():
        return StoreDamaged(f"{path} is missing. Put it back, or restore a backup.")
    return StoreDamaged(
        f"The record store {path} could not be read or written ({error}). Check that the disk is not full "
        "and that the file may be written; otherwise restore a backup."
    )


class Database:
    """Connections to one SQLite file, opened on demand and closed together. Thread-safe.

    All stores that keep data in SQLite use this class. ``create``: the first connection makes the file if it
    is missing; a file that is lost later is not made again. ``views``
    are statements that make temporary views in each connection. ``check`` is called at the beginning of each
    write, and raises an error if nothing may be written.
    """

    def __init__(
        self,
        path: Path,
        *,
        create: bool = True,
        views: str = "",
        check: Callable[[sqlite3.Connection], None] = lambda _: None,
    ) -> None:
        self.path = path
        self._check = check
        self._views = views
        self._creates = create
        self._file: tuple[int, int] | None = None
        self._idle: queue.LifoQueue[_Connection] = queue.LifoQueue()
        self._readings: set[_Reading] = set()
        self._writing = threading.RLock()
        self._writer: _Connection | None = None
        self._closed = False
        self._opening = threading.Lock()

    @contextmanager
    def read(self, *, lasting: bool = False) -> Iterator[sqlite3.Connection]:
        """Open a read transaction: all reads see one consistent state.

        Unless it is ``lasting``, :meth:`end_reads` may end it: then its statements raise
        :class:`index.errors.CollectionBusy`.
        """
        try:
            try:
                connection = self._idle.get_nowait()
            except queue.Empty:
                connection = self._open_connection()
            reading = _Reading(time.monotonic(), lasting)
            try:
                connection.execute("BEGIN")
                connection.reading = reading
                with self._opening:
                    self._readings.add(reading)
                yield connection
            finally:
                connection.reading = None
                with self._opening:
                    self._readings.discard(reading)
                connection.execute("COMMIT")
                self._give_back(connection)
        except sqlite3.Error as error:
            raise translate_error(error, self.path) from error

    def end_reads(self, *, older_than: float) -> None:
        """End the read transactions of this object that have lasted so many seconds, except lasting ones."""
        began = time.monotonic() - older_than
        with self._opening:
            for reading in self._readings:
                reading.is_ended = reading.is_ended or (reading.began <= began and not reading.is_lasting)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Open a write transaction: committed at the end, rolled back on any error."""
        with self._writing:
            try:
                if self._writer is None:
                    self._writer = self._open_connection()
                connection = self._writer
                connection.execute("BEGIN IMMEDIATE")
                try:
                    self.check_file()
                    self._check(connection)
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    # A full disk may have rolled it back already.
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise translate_error(error, self.path) from error

    def cleanse(self) -> bool:
        """Remove from the files what committed changes deleted; False while a reader or writer is in the way.

        What a reader of any process may still want is in the write-ahead log. The log is emptied once no
        reader wants it any more.
        """
        with self.read() as connection:
            can_overwrite = residue.can_overwrite(connection)
        if can_overwrite:
            residue.overwrite(self.read, self.write)
            return self._checkpoint()
        return self._vacuum() and self._checkpoint()

    def _vacuum(self) -> bool:
        """Write the file anew, where SQLite was built without access to pages."""
        with closing(self._open_connection()) as connection:
            connection.execute("PRAGMA temp_store=FILE")
            return _succeeds(connection, "VACUUM", self.path)

    def _checkpoint(self) -> bool:
        """Move the write-ahead log into the file, and cut it to nothing."""
        with closing(self._open_connection()) as connection:
            connection.execute(f"PRAGMA busy_timeout={round(1000 * _CHECKPOINT_SECONDS)}")
            return _succeeds(connection, "PRAGMA wal_checkpoint(TRUNCATE)", self.path)

    def close(self) -> None:
        """Close all idle connections; a connection in use is closed when it is returned."""
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

    def _open_connection(self) -> _Connection:
        with self._opening:
            if self._closed:
                # The path may now belong to a new collection with the same name.
                raise CollectionNotFound(f"The collection {self.path.parent.name!r} is deleted, or closed.")
            connection = _connect(self.path, create=self._creates, views=self._views)
            self._creates = False
            try:
                self.check_file()
            except BaseException:
                connection.close()
                raise
            connection.set_progress_handler(connection.should_end, _STEPS)
            return connection

    def check_file(self) -> None:
        """Raise :class:`index.errors.CollectionNotFound` unless the file is the one first opened.

        What was deleted while it was open can still be written, and all of that would be lost.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            if self.path.parent.exists():
                raise StoreDamaged(f"{self.path} is missing. Put it back, or restore a backup.") from None
            raise self._gone() from None
        if self._file is None:
            # The inode number is unique while the file is open, even after it was deleted.
            self._file = found.st_dev, found.st_ino
        if self._file != (found.st_dev, found.st_ino):
            raise self._gone()

    def _gone(self) -> CollectionNotFound:
        return CollectionNotFound(
            f"The collection {self.path.parent.name!r} was deleted or replaced while it was open. Try again."
        )

    def _give_back(self, connection: _Connection) -> None:
        if self._closed:
            connection.close()
        else:
            self._idle.put(connection)


def _succeeds(connection: sqlite3.Connection, statement: str, path: Path) -> bool:
    """Run a statement that needs the file for itself; False while others use it."""
    try:
        rows = connection.execute(statement).fetchall()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return False
        raise translate_error(error, path) from error
    return not rows or rows[0][0] == 0
