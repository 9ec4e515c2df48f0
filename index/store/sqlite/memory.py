"""A record in memory, for documents that are searched once."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from index.errors import CollectionBusy, CollectionNotFound, NotSupported
from index.file_leases import FileLease
from index.filters import is_named
from index.protocols import Staging
from index.store.sqlite.migrations import migrate
from index.store.sqlite.record import SqliteRecord


class MemoryStore(SqliteRecord):
    """Implements :class:`index.protocols.RecordStore` by a database of SQLite in memory.

    It has one connection, which one thread uses at a time: a snapshot keeps others waiting.
    """

    def __init__(self) -> None:
        super().__init__(_Transactions(), _Leases())

    def staging(self) -> Staging:
        """Raise :class:`index.errors.NotSupported`."""
        raise NotSupported("A record in memory is not upgraded.")


def _connect() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.create_function("is_named", 2, is_named, deterministic=True)
    return connection


@cache
def _empty() -> sqlite3.Connection:
    """An empty record: to copy it is faster than to make its tables."""
    connection = _connect()
    migrate(connection, Path("store.sqlite"), create=True)
    return connection


_COPYING = threading.Lock()


class _Transactions:
    """Implements :class:`index.store.sqlite.record.Transactions` by one connection."""

    def __init__(self) -> None:
        self._connection = _connect()
        with _COPYING:
            _empty().backup(self._connection)
        self._turn = threading.RLock()
        self._is_closed = False

    @contextmanager
    def read(self, *, lasting: bool = False) -> Iterator[sqlite3.Connection]:
        with self._turn:
            self.check_file()
            yield self._connection

    look = read

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        with self._turn:
            self.check_file()
            with self._connection:
                self._connection.execute("BEGIN")
                yield self._connection

    def check_file(self) -> None:
        if self._is_closed:
            raise CollectionNotFound("The collection is deleted, or closed.")

    def end_reads(self, *, older_than: float) -> None:
        """Do nothing: nothing is purged."""

    def cleanse(self) -> bool:
        return True

    def close(self) -> None:
        with self._turn:
            self._is_closed = True
            self._connection.close()


class _Leases:
    """Implements :class:`index.store.sqlite.record.Leases` among threads."""

    def __init__(self) -> None:
        self._opening = threading.Lock()
        self._turns: dict[str, threading.RLock] = {}
        self._held: list[str] = []

    @contextmanager
    def hold(self, name: str, seconds: float) -> Iterator[FileLease]:
        with self._opening:
            turn = self._turns.setdefault(name, threading.RLock())
        if not turn.acquire(timeout=seconds):
            raise CollectionBusy(f"Another thread holds the {name!r} lease. Try again in a moment.")
        self._held.append(name)
        try:
            yield FileLease(name)
        finally:
            self._held.remove(name)
            turn.release()

    def is_held(self, name: str) -> bool:
        return name in self._held
