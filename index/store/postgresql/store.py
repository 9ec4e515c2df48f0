"""Record store in a schema of a PostgreSQL database."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from index.errors import StoreDamaged
from index.postgresql import Server, Transaction, definition_problems, migrate, restore_indexes, vacuum
from index.protocols import Lease
from index.records import Notice, PendingPassage, Problem
from index.store.originals import SharedOriginals
from index.store.postgresql import claims, schema
from index.store.postgresql.access import WRITE, Access
from index.store.postgresql.bases import PostgresqlBases
from index.store.postgresql.brief import BriefSnapshot, brief_snapshot, require_erasures
from index.store.postgresql.statements import PostgresqlStatements
from index.store.postgresql.upgrading import PostgresqlStaging
from index.store.sql.snapshots import SqlSnapshot
from index.store.sql.staging import EXCHANGED
from index.store.sql.store import SqlStore

_HELD = f"LOCK TABLE {', '.join(EXCHANGED)} IN ACCESS SHARE MODE; "
"""The tables of an upgrade replace others: not between two queries of a snapshot."""
_SEEN = (
    "SELECT 1 FROM pg_stat_activity, {}.state WHERE erased_by IS NOT NULL AND backend_xmin IS NOT NULL"
    " AND pid <> pg_backend_pid() AND datname = current_database()"
    " AND age(backend_xmin) >= age(erased_by::xid) LIMIT 1"
)
"""A transaction of any process that sees what the last erasure deleted."""
_WORKER = "/"
"""In the name of a lease that belongs to one worker, which may hold claims."""


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """A snapshot that is open, since a time (seconds, monotonic)."""

    transaction: Transaction
    began: float
    is_lasting: bool


class PostgresqlStore(SqlStore[PostgresqlStatements]):
    """Implements :class:`index.protocols.RecordStore`. Every write is one transaction with one change number.

    Writes of a collection follow each other, so their numbers are committed in order. Leases are advisory
    locks, which the server releases when their holder's connection ends. Methods raise
    :class:`index.errors.StoreUnavailable`, :class:`index.errors.StoreDamaged`,
    :class:`index.errors.CollectionBusy`, and :class:`index.errors.CollectionNotFound` once the collection is
    deleted.

    A purge frees the rows of all tables and their entries in indexes; it is refused while a transaction of
    any process still sees them. PostgreSQL does not overwrite what it frees: the bytes can be found in the
    files of the database until other rows take their place, and in its write-ahead log, in archives of that
    and in backups for as long as the server keeps them.
    """

    def __init__(self, server: Server, number: int, name: str, shared: SharedOriginals | None = None) -> None:
        """Use :meth:`index.store.postgresql.PostgresqlCatalogue.open`. ``number`` is that of the catalogue.

        ``shared`` is the place that machines share for bytes.

        Raises :class:`index.errors.UnknownFormat`.
        """
        super().__init__()
        self._server = server
        self._number = number
        self._access = Access(server, number, name)
        self._shared = shared or SharedOriginals(None)
        self._readings: set[_Reading] = set()
        with self._access.translating_missing_table():
            migrate(server, self._access.schema, "record", schema.COLLECTION, create=False)

    # Transactions

    def _read(self, *, lasting: bool = False) -> AbstractContextManager[PostgresqlStatements]:
        return self._access.begin_reading(_HELD if lasting else "")

    def _look(self) -> AbstractContextManager[PostgresqlStatements]:
        return self._read()

    def _write(self) -> AbstractContextManager[PostgresqlStatements]:
        return self._access.begin_writing()

    def _announce(self, statements: PostgresqlStatements) -> None:
        claims.announce(statements)

    # Reading

    @contextmanager
    def snapshot(self, *, lasting: bool = False, standby: bool = False) -> Iterator[SqlSnapshot]:
        """One consistent view of the record: a read transaction."""
        with self._access.begin_reading(_HELD, standby=standby) as statements:
            now = statements.read_state()
            require_erasures(self._memory, now.erased, is_standby=now.is_standby)
            reading = _Reading(statements.transaction, time.monotonic(), lasting)
            self._readings.add(reading)
            try:
                self._memory.follow(now.erased, now.change)
                yield SqlSnapshot(statements, self._memory)
            finally:
                self._readings.discard(reading)

    def brief_snapshot(self) -> AbstractContextManager[BriefSnapshot]:
        """A view for a question, by single statements; see :class:`index.protocols.RecordStore`."""
        return brief_snapshot(self._server, self._access, self._memory)

    def notice(self, since: int) -> Notice:
        """Report what any process committed after change ``since``."""
        row = self._access.look(
            "SELECT change, erased > {}, generation, erased FROM state WHERE is_only", since
        )
        if row is None:
            raise StoreDamaged(f"The state of {self._access.what} is missing. Restore a backup.")
        change, erases, generation, erased = row
        self._memory.reach(change)
        self._memory.follow(erased, change)
        return Notice(change, erases, generation)

    def access_mark(self) -> str:
        """The mark of those who may read the record; see :class:`index.protocols.RecordStore`."""
        row = self._access.look("SELECT access FROM state WHERE is_only", standby=True)
        return str(row[0]) if row else ""

    def last_erasure(self) -> int:
        """The last change that erased something; see :class:`index.protocols.RecordStore`."""
        row = self._access.look("SELECT erased FROM state")
        return int(row[0]) if row else 0

    def erased_tags(self, after: int = 0) -> list[tuple[int, bytes]]:
        """List erased versions: position and tag; see :class:`index.protocols.Erasures`."""
        if self._access.look("SELECT 1 FROM erased WHERE position > {} LIMIT 1", after) is None:
            return []  # as after most commits, and faster than a transaction
        return super().erased_tags(after)

    def problems(
        self, dimension: int, progress: Callable[[int, int], None] = lambda *_: None
    ) -> Iterator[Problem]:
        """Check its tables and indexes, and every invariant; see :class:`index.protocols.RecordStore`."""
        yield from definition_problems(self._server, self._access.schema, "record", schema.COLLECTION)
        yield from super().problems(dimension, progress)

    def repair(self, dimension: int) -> None:
        """Make good what is repairable; see :class:`index.protocols.RecordStore`."""
        restore_indexes(self._server, self._access.schema, "record", schema.COLLECTION)
        super().repair(dimension)

    def _cleanse(self) -> bool:
        with self._access.translating_missing_table():
            return vacuum(self._server, self._access.schema, what=self._access.what, seen=_SEEN)

    def end_snapshots(self, *, older_than: float) -> None:
        """End the snapshots of this object that have lasted so many seconds, except lasting ones."""
        began = time.monotonic() - older_than
        for reading in self._readings.copy():
            if reading.began <= began and not reading.is_lasting:
                reading.transaction.end()

    # Upgrading, and what machines share

    def staging(self) -> PostgresqlStaging:
        """The staging area of an upgrade; see :class:`index.protocols.RecordStore`."""
        return PostgresqlStaging(self._server, self._access, self._number)

    def bases(self) -> PostgresqlBases | None:
        """Bases of vectors that machines share; see :class:`index.protocols.RecordStore`."""
        files = self._shared.bases(self.objects_name())
        return None if files is None else PostgresqlBases(files, self._read, self._write, self.lease)

    # Embedding work

    def claim(self, limit: int, lease: Lease) -> list[PendingPassage]:
        """Claim passages without a vector; see :class:`index.protocols.EmbeddingWork`."""
        if limit < 1:
            return []
        with self._access.begin_writing(in_turn=False) as statements:
            return claims.claim(statements, limit, lease.name, self._access.leases)

    def _claimed_keys(
        self, statements: PostgresqlStatements, keys: Sequence[bytes], lease: str
    ) -> set[bytes]:
        return claims.lock_claimed(statements, keys, lease)

    @contextmanager
    def lease(self, name: str, *, seconds: float = 0.0) -> Iterator[Lease]:
        """Hold a lease; see :class:`index.protocols.RecordStore`."""
        is_new = self._access.leases.own(name) is None
        with self._access.leases.hold(name, seconds) as lease:
            self._access.require_open()
            if name == WRITE and is_new:
                # A holder that has lost the lease may be in a transaction still: it ends before this one.
                with self._write():
                    pass
            try:
                yield lease
            finally:
                if _WORKER in name:
                    with self._access.begin_writing(in_turn=False) as statements:
                        claims.end(statements, name)

    def close(self) -> None:
        """Refuse further calls. The connections are those of the server object."""
        self._access.is_closed = True
        self._server.close_tables(self._access.schema)
