"""Record store in one SQLite file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from index.errors import DiskFull, DiskReadOnly, StoreDamaged
from index.file_leases import FileLeases
from index.protocols import Lease
from index.records import Notice, PendingPassage, Problem
from index.store.sql.passages import PENDING, end_claims, pending
from index.store.sql.snapshots import SqlSnapshot
from index.store.sql.store import SqlStore
from index.store.sqlite import checking, migrations
from index.store.sqlite.database import Database, check_journal, check_size
from index.store.sqlite.statements import SqliteStatements
from index.store.sqlite.upgrading import SqliteStaging

_FREE = (
    f"{PENDING.format(prefix='')} WHERE p.embedded IS NULL AND p.removed IS NULL"
    " AND p.embedding_key NOT IN (SELECT key FROM claims) ORDER BY p.id LIMIT ?"
)


class SqliteStore(SqlStore[SqliteStatements]):
    """Implements :class:`index.protocols.RecordStore`. Every write is one transaction with one change number.

    Leases are lock files beside the database, which the system releases when a process dies. Methods raise
    :class:`index.errors.StoreDamaged`, :class:`index.errors.CollectionBusy` and
    :class:`index.errors.UnknownFormat`.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        """``create``: make the file, or its tables, if there are none; otherwise that is damage."""
        super().__init__()
        check_journal(path)
        check_size(path)
        # Another process, of a newer version, may migrate the file while it is open here.
        self._database = Database(
            path, create=create, check=partial(migrations.require_known, path), is_mapped=True
        )
        self._leases = FileLeases(path.parent)
        try:
            self._migrate(path, create=create)
        except BaseException:
            self.close()
            raise

    def _migrate(self, path: Path, *, create: bool) -> None:
        try:
            with self._database.write() as connection:
                migrations.migrate(connection, path, create=create)
        except (DiskFull, DiskReadOnly):
            with self._database.read() as connection:
                if not migrations.is_newest(connection):
                    raise

    # Transactions

    @contextmanager
    def _read(self, *, lasting: bool = False) -> Iterator[SqliteStatements]:
        with self._database.read(lasting=lasting) as connection:
            yield SqliteStatements(connection)

    @contextmanager
    def _look(self) -> Iterator[SqliteStatements]:
        with self._database.look() as connection:
            yield SqliteStatements(connection)

    @contextmanager
    def _write(self) -> Iterator[SqliteStatements]:
        with self._database.write() as connection:
            yield SqliteStatements(connection)

    def _announce(self, statements: SqliteStatements) -> None:
        """Do nothing: whoever stores passages in a data folder embeds them, too."""

    # Reading

    @contextmanager
    def snapshot(self, *, lasting: bool = False, standby: bool = False) -> Iterator[SqlSnapshot]:
        """One consistent view of the record: a read transaction."""
        del standby  # there is none
        with self._read(lasting=lasting) as statements:
            yield SqlSnapshot(statements, self._memory)

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
        return self._database.cleanse()

    def end_snapshots(self, *, older_than: float) -> None:
        """End the snapshots of this object that have lasted so many seconds, except lasting ones."""
        self._database.end_reads(older_than=older_than)

    # Checking and upgrading

    def problems(
        self, dimension: int, progress: Callable[[int, int], None] = lambda *_: None
    ) -> Iterator[Problem]:
        """Check the file and every invariant; see :class:`index.protocols.RecordStore`."""
        try:
            yield from super().problems(dimension, progress)
        except StoreDamaged as error:
            yield Problem("store_damaged", "store", error.message)

    def _damage(self, statements: SqliteStatements) -> list[Problem]:
        return checking.damage(statements.connection)

    def _make_indexes_anew(self, statements: SqliteStatements) -> None:
        checking.make_indexes_anew(statements.connection)

    def staging(self) -> SqliteStaging:
        """The staging area of an upgrade."""
        return SqliteStaging(self._database, self._database.path)

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
            self._database.check_file()
            try:
                yield lease
            finally:
                if self._leases.is_worker(name):
                    with self._write() as statements:
                        end_claims(statements, name)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()
