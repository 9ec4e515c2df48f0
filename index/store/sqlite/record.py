"""A record in the tables of SQLite, in a file or in memory."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from sqlite3 import Connection
from typing import Protocol

from index.protocols import Lease
from index.records import Notice, PendingPassage
from index.store.sql.passages import PENDING, end_claims, pending
from index.store.sql.snapshots import SqlSnapshot
from index.store.sql.store import SqlStore
from index.store.sqlite.statements import SqliteStatements

_FREE = (
    f"{PENDING.format(prefix='')} WHERE p.embedded IS NULL AND p.removed IS NULL"
    " AND p.embedding_key NOT IN (SELECT key FROM claims) ORDER BY p.id LIMIT ?"
)
_WORKER = "/"
"""In the name of a lease that belongs to one worker, which may hold claims."""


class Transactions(Protocol):
    """Opens transactions; see :class:`index.store.sqlite.database.Database`."""

    def read(self, *, lasting: bool = False) -> AbstractContextManager[Connection]: ...

    def look(self) -> AbstractContextManager[Connection]: ...

    def write(self) -> AbstractContextManager[Connection]: ...

    def check_file(self) -> None: ...

    def end_reads(self, *, older_than: float) -> None: ...

    def cleanse(self) -> bool: ...

    def close(self) -> None: ...


class Leases(Protocol):
    """Holds leases; see :class:`index.file_leases.FileLeases`."""

    def hold(self, name: str, seconds: float) -> AbstractContextManager[Lease]: ...

    def is_held(self, name: str) -> bool: ...


class SqliteRecord(SqlStore[SqliteStatements]):
    """Implements :class:`index.protocols.RecordStore` but for the staging area of upgrades."""

    def __init__(self, database: Transactions, leases: Leases) -> None:
        super().__init__()
        self._transactions = database
        self._leases = leases

    # Transactions

    @contextmanager
    def _read(self, *, lasting: bool = False) -> Iterator[SqliteStatements]:
        with self._transactions.read(lasting=lasting) as connection:
            yield SqliteStatements(connection)

    @contextmanager
    def _look(self) -> Iterator[SqliteStatements]:
        with self._transactions.look() as connection:
            yield SqliteStatements(connection)

    @contextmanager
    def _write(self) -> Iterator[SqliteStatements]:
        with self._transactions.write() as connection:
            yield SqliteStatements(connection)

    def _announce(self, statements: SqliteStatements) -> None:
        """Do nothing: whoever stores passages in a data folder embeds them, too."""

    # Reading

    @contextmanager
    def snapshot(self, *, lasting: bool = False, standby: bool = False) -> Iterator[SqlSnapshot]:
        """One consistent view of the record: a read transaction."""
        del standby  # there is none
        with self._transactions.read(lasting=lasting) as connection:
            yield SqlSnapshot(SqliteStatements(connection), self._memory)

    def brief_snapshot(self) -> AbstractContextManager[SqlSnapshot]:
        """The same as :meth:`snapshot`: it is cheap."""
        return self.snapshot()

    def notice(self, since: int) -> Notice:
        """Report what any process committed after change ``since``."""
        with self._look() as statements:
            return statements.read_state().notice(since)

    def last_erasure(self) -> int:
        """0: one machine has the record."""
        return 0

    def _cleanse(self) -> bool:
        return self._transactions.cleanse()

    def end_snapshots(self, *, older_than: float) -> None:
        """End the snapshots of this object that have lasted so many seconds, except lasting ones."""
        self._transactions.end_reads(older_than=older_than)

    def bases(self) -> None:
        """None: one machine has the record."""

    # Embedding work

    def claim(self, limit: int, lease: Lease) -> list[PendingPassage]:
        """Claim passages without a vector; see :class:`index.protocols.EmbeddingWork`."""
        if limit < 1:
            return []
        with self._write() as statements:
            for (holder,) in statements.rows("SELECT DISTINCT lease FROM claims"):
                if holder != lease.name and not self._leases.is_held(holder):
                    end_claims(statements, holder)
            found = pending(statements, statements.rows(_FREE, (limit,)))
            statements.many("INSERT INTO claims VALUES (?, ?)", [(one.key, lease.name) for one in found])
            return found

    def _claimed_keys(self, statements: SqliteStatements, keys: Sequence[bytes], lease: str) -> set[bytes]:
        return {key for (key,) in statements.rows("SELECT key FROM claims WHERE lease = ?", (lease,))}

    @contextmanager
    def lease(self, name: str, *, seconds: float = 0.0) -> Iterator[Lease]:
        """Hold a lease; see :class:`index.protocols.RecordStore`."""
        with self._leases.hold(name, seconds) as lease:
            self._transactions.check_file()
            try:
                yield lease
            finally:
                if _WORKER in name:
                    with self._write() as statements:
                        end_claims(statements, name)

    def close(self) -> None:
        """Close all connections."""
        self._transactions.close()
