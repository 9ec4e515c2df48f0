"""SQLite database file: a pool of read connections, one write connection, translated errors."""

import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.disks import is_read_only
from index.errors import CollectionBusy, CollectionNotFound, LoccitError, StoreDamaged
from index.filters import is_named
from index.store.sqlite.database import residue, unwritable

_BUSY_SECONDS = 10.0
_PAUSE = 0.01
_CHECKPOINT_SECONDS = 0.5
"""How long a checkpoint waits for readers; writers wait for it meanwhile."""
_RETRY_SECONDS = 1.0
"""How long a connection is used that was opened while the disk was full or read-only."""
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
    is_makeshift = False
    """True if it was opened while the disk was full or read-only: it is replaced once that is over."""
    opened = 0.0

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        if self.reading is not None and self.reading.is_ended:
            raise sqlite3.OperationalError("interrupted")
        return super().execute(*arguments)

    def should_end(self) -> bool:
        return self.reading is not None and self.reading.is_ended


def _connect(path: Path, *, mode: str, views: str, is_mapped: bool) -> _Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        factory=_Connection,
    )
    try:
        if mode != unwritable.UNCHANGING:
            _write_ahead(connection)
        _configure(connection, views, is_mapped=is_mapped)
    except UnicodeDecodeError as error:  # a message of SQLite has a part of the schema that is damaged
        connection.close()
        raise sqlite3.DatabaseError("malformed database schema") from error
    except BaseException:
        connection.close()
        raise
    connection.opened = time.monotonic()
    return connection


def _configure(connection: _Connection, views: str, *, is_mapped: bool) -> None:
    # FULL: an acknowledged write survives a power cut, not only a killed process.
    connection.executescript("PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;")
    # Overwrite deleted data, whatever the default of the SQLite build is.
    connection.execute("PRAGMA secure_delete=ON")
    # The most that SQLite maps: a search reads from all parts of the file.
    connection.execute(f"PRAGMA mmap_size={2_147_418_112 if is_mapped else 0}")
    connection.execute("PRAGMA cache_size=-16384")
    connection.create_function("is_named", 2, is_named, deterministic=True)
    connection.executescript(views)
    # The first look at the file: whether it and its schema can be read.
    connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()


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
    if (of_disk := unwritable.disk_error(error, path)) is not None:
        return of_disk
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return CollectionBusy(
            f"{path.parent.name} is being written by another process. Try again in a moment."
        )
    if isinstance(error, sqlite3.OperationalError) and "interrupted" in str(error):
        return CollectionBusy(
            f"Documents of {path.parent.name} were erased while they were being read, and the reading took "
            "too long to wait for. Try again in a moment."
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
    is missing; a file that is lost later is not made again. ``views`` are statements that make temporary
    views in each connection. ``check`` is called at the beginning of each write, and raises an error if
    nothing may be written. ``is_mapped``: read the file by mapping it, which is faster for a large one; but
    whoever cuts a mapped file short ends the process that reads it.
    """

    def __init__(
        self,
        path: Path,
        *,
        create: bool = True,
        views: str = "",
        check: Callable[[sqlite3.Connection], None] = lambda _: None,
        is_mapped: bool = False,
    ) -> None:
        self.path = path
        self._is_mapped = is_mapped
        self._check = check
        self._views = views
        self._creates = create
        self._file: tuple[int, int] | None = None
        self._idle: queue.LifoQueue[_Connection] = queue.LifoQueue()
        self._readings: set[_Reading] = set()
        self._writing = threading.RLock()
        self._writer: _Connection | None = None
        self._closed = False
        self._copy: unwritable.Copy | None = None
        self._was_makeshift = False
        self._opening = threading.Lock()

    @contextmanager
    def read(self, *, lasting: bool = False) -> Iterator[sqlite3.Connection]:
        """Open a read transaction: all reads see one consistent state.

        Unless it is ``lasting``, :meth:`end_reads` may end it: then its statements raise
        :class:`index.errors.CollectionBusy`.
        """
        try:
            connection = self._idle_connection() or self._open_connection()
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

    @contextmanager
    def look(self) -> Iterator[sqlite3.Connection]:
        """Give a connection for one short query, which is a read transaction by itself."""
        try:
            connection = self._idle_connection() or self._open_connection()
            try:
                yield connection
            finally:
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
                connection = self._begin_writing()
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

    def _idle_connection(self) -> _Connection | None:
        """A connection that nobody uses. Of those of a disk that was full or read-only, none for long."""
        while True:
            try:
                connection = self._idle.get_nowait()
            except queue.Empty:
                return None
            if not connection.is_makeshift or time.monotonic() < connection.opened + _RETRY_SECONDS:
                return connection
            connection.close()

    def _close_all(self) -> None:
        """Close the connection that writes, and those that nobody uses."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        while True:
            try:
                self._idle.get_nowait().close()
            except queue.Empty:
                return

    def _begin_writing(self) -> _Connection:
        """Begin a transaction of the connection that writes.

        Where the disk was read-only until now, shared memory is read-only as long as any connection of this
        process has it open: those that nobody uses are closed, the others are soon.
        """
        deadline = time.monotonic() + _BUSY_SECONDS
        while True:
            if self._writer is not None and self._writer.is_makeshift:
                self._close_all()
            if self._writer is None:
                self._writer = self._open_connection(writing=True)
            try:
                self._writer.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                is_over = unwritable.is_over(error, self.path)
                self._writer.is_makeshift = self._writer.is_makeshift or is_over
                if not is_over or time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE)
            else:
                self._was_makeshift = False
                return self._writer

    def cleanse(self) -> bool:
        """Remove from the files what committed changes deleted; False while a reader or writer is in the way.

        What a reader of any process may still want is in the write-ahead log. The log is emptied once no
        reader wants it any more.
        """
        if self._was_makeshift:
            with self.write():
                pass  # it may go on by now, without the connections of a disk that was read-only
        with self.read() as connection:
            can_overwrite = residue.can_overwrite(connection)
        if can_overwrite:
            residue.overwrite(self.read, self.write)
            return self._checkpoint()
        return self._vacuum() and self._checkpoint()

    def _vacuum(self) -> bool:
        """Write the file anew, where SQLite was built without access to pages."""
        with closing(self._open_connection(writing=True)) as connection:
            connection.execute("PRAGMA temp_store=FILE")
            return _succeeds(connection, "VACUUM", self.path)

    def _checkpoint(self) -> bool:
        """Move the write-ahead log into the file, and cut it to nothing."""
        with closing(self._open_connection(writing=True)) as connection:
            connection.execute(f"PRAGMA busy_timeout={round(1000 * _CHECKPOINT_SECONDS)}")
            return _succeeds(connection, "PRAGMA wal_checkpoint(TRUNCATE)", self.path)

    def close(self) -> None:
        """Close all idle connections; a connection in use is closed when it is returned."""
        with self._opening:
            self._closed = True
        with self._writing:
            self._close_all()
        with self._opening:
            self._drop_copy()

    def _open_connection(self, *, writing: bool = False) -> _Connection:
        with self._opening:
            if self._closed:
                # The path may now belong to a new collection with the same name.
                raise CollectionNotFound(f"The collection {self.path.parent.name!r} is deleted, or closed.")
            try:
                connection = self._connection_to(self.path, "rwc" if self._creates else "rw")
                connection.is_makeshift = is_read_only(self.path.parent)
                self._drop_copy()
            except sqlite3.Error as error:
                if writing or unwritable.disk_error(error, self.path) is None:
                    raise
                connection = self._makeshift()
            self._creates = False
            self._was_makeshift = self._was_makeshift or connection.is_makeshift
            try:
                self.check_file()
            except BaseException:
                connection.close()
                raise
            connection.set_progress_handler(connection.should_end, _STEPS)
            return connection

    def _connection_to(self, path: Path, mode: str) -> _Connection:
        return _connect(path, mode=mode, views=self._views, is_mapped=self._is_mapped)

    def _makeshift(self) -> _Connection:
        """A connection that reads a file beside which nothing can be made."""
        if not unwritable.has_log(self.path):
            connection = self._connection_to(self.path, unwritable.UNCHANGING)
        else:
            self._copy = self._copy or unwritable.Copy(self.path)
            connection = self._connection_to(self._copy.path, "rw")
        connection.is_makeshift = True
        return connection

    def _drop_copy(self) -> None:
        if self._copy is not None:
            self._copy.close()
            self._copy = None

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
        is_over = connection.is_makeshift and not is_read_only(self.path.parent)
        if self._closed or is_over:
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
