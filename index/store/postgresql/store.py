"""Record store in a schema of a PostgreSQL database."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from index.errors import InvalidDocumentId, StoreDamaged
from index.postgresql import Server, Transaction, migrate
from index.records import (
    DocumentHistory,
    DocumentRecord,
    Erasure,
    NewDocument,
    Notice,
    Problem,
    Put,
    RefusedMirror,
    VersionRecord,
)
from index.store.originals import SharedOriginals
from index.store.postgresql import (
    attributes,
    claims,
    documents,
    events,
    originals,
    retirement,
    schema,
    state,
    upkeep,
    versions,
)
from index.store.postgresql.bases import PostgresqlBases
from index.store.postgresql.embedding_work import PostgresqlEmbeddingWork
from index.store.postgresql.snapshots.brief import BriefSnapshot, require_erasures
from index.store.postgresql.snapshots.snapshot import PostgresqlSnapshot
from index.store.postgresql.staged.tables import EXCHANGED
from index.store.postgresql.upgrading import PostgresqlStaging
from index.store.postgresql.upkeep import erasures
from index.store.postgresql.upkeep.row_copying import PostgresqlCopying
from index.store.rows.cache import Memory
from index.store.rows.tags import objects_name, store_tag
from index.types import Metadata

_HELD = f"LOCK TABLE {', '.join(EXCHANGED)} IN ACCESS SHARE MODE; "


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """A snapshot that is open, since a time (seconds, monotonic)."""

    transaction: Transaction
    began: float
    is_lasting: bool


class PostgresqlStore(PostgresqlEmbeddingWork):
    """Implements :class:`index.protocols.RecordStore`. Every write is one transaction with one change number.

    Writes of a collection follow each other, so their numbers are committed in order. Leases are advisory
    locks, which the server releases when their holder's connection ends. Methods raise
    :class:`index.errors.StoreUnavailable`, :class:`index.errors.StoreDamaged`,
    :class:`index.errors.CollectionBusy`, and :class:`index.errors.CollectionNotFound` once the collection is
    deleted.
    """

    def __init__(self, server: Server, number: int, name: str, shared: SharedOriginals | None = None) -> None:
        """Use :meth:`index.store.postgresql.PostgresqlCatalogue.open`. ``number`` is that of the catalogue.

        ``shared`` is the place that machines share for bytes.

        Raises :class:`index.errors.UnknownFormat`.
        """
        super().__init__(server, number, name)
        self._memory = Memory()
        self._shared = shared or SharedOriginals(None)
        self._readings: set[_Reading] = set()
        with self._translate_missing_table():
            migrate(server, self._schema, "record", schema.COLLECTION, create=False)

    # Reading

    @contextmanager
    def snapshot(self, *, lasting: bool = False, standby: bool = False) -> Iterator[PostgresqlSnapshot]:
        """One consistent view of the record: a read transaction."""
        # The tables of an upgrade replace others: not between two queries of a snapshot.
        with self._read(_HELD, standby=standby) as (transaction, now):
            require_erasures(self._memory, now.erased, is_standby=now.is_standby)
            reading = _Reading(transaction, time.monotonic(), lasting)
            self._readings.add(reading)
            try:
                self._memory.follow(now.erased, now.change)
                yield PostgresqlSnapshot(transaction, now, self._memory)
            finally:
                self._readings.discard(reading)

    @contextmanager
    def brief_snapshot(self) -> Iterator[BriefSnapshot]:
        """A view for a question, by single statements; see :class:`index.protocols.RecordStore`."""
        with self._brief(self._memory) as moment:
            yield moment

    def notice(self, since: int) -> Notice:
        """Report what any process committed after change ``since``."""
        with self._translate_missing_table():
            row = self._server.look(
                self._schema,
                "SELECT change, erased > {}, generation, erased FROM state WHERE is_only",
                since,
                what=self._what,
            )
        if row is None:
            raise StoreDamaged(f"The state of {self._what} is missing. Restore a backup.")
        change, erases, generation, erased = row
        self._memory.reach(change)
        self._memory.follow(erased, change)
        return Notice(change, erases, generation)

    # Writing

    def put(self, new: Sequence[NewDocument]) -> list[Put]:
        """Add documents or replace them, all or none. Raises :class:`index.errors.HashCollision`."""
        with self._change() as (transaction, change):
            claims.announce(transaction)
            return [documents.put(transaction, document, change) for document in new]

    def adopt(self, history: DocumentHistory) -> DocumentRecord:
        """Add a document as another record has it; see :class:`index.protocols.RecordStore`."""
        with self._write() as (transaction, _):
            if documents.find(transaction, history.id):
                raise InvalidDocumentId(f"There is a document {history.id!r} already. Choose another id.")
            claims.announce(transaction)
            return upkeep.adopt(transaction, history)

    def rename(self, document_id: str, to: str) -> DocumentRecord:
        """Give a document another, unused id; locators with the old id still resolve.

        Raises :class:`index.errors.DocumentNotFound`, :class:`index.errors.InvalidDocumentId`,
        :class:`index.errors.HashCollision`.
        """
        with self._change() as (transaction, change):
            record = documents.get(transaction, document_id)
            if other := documents.find(transaction, to):
                raise InvalidDocumentId.in_use(to, retired=other.retired is not None)
            documents.rename(transaction, record, to, change)
            return documents.get(transaction, to)

    def describe(
        self, document_id: str, metadata: Metadata, *, source: str, groups: Sequence[str] | None = None
    ) -> DocumentRecord:
        """Replace a document's metadata, source and, if given, groups; its text stays as it is."""
        with self._change() as (transaction, change):
            record = documents.get(transaction, document_id)
            documents.describe(transaction, record, metadata, source, change)
            if groups is not None:
                attributes.put_groups(transaction, record.key, groups)
            return documents.get(transaction, document_id)

    def retire(self, document_ids: Sequence[str]) -> list[DocumentRecord]:
        """Retire documents; see :class:`index.protocols.RecordStore`."""
        with self._change() as (transaction, change):
            return [retirement.retire(transaction, document_id, change) for document_id in document_ids]

    def set_refused_mirrors(self, refused: Sequence[RefusedMirror]) -> None:
        """Replace the refused mirrors, without a change number."""
        with self._write() as (transaction, _):
            retirement.set_refused_mirrors(transaction, refused)

    def delete(self, document_id: str) -> DocumentRecord:
        """Erase a document with all its versions; returns its last record."""
        with self._change() as (transaction, change):
            record = documents.get(transaction, document_id, retired=True)
            documents.delete(transaction, record, change)
        self.forget()
        return record

    def access_mark(self) -> str:
        """The mark of those who may read the record; see :class:`index.protocols.RecordStore`."""
        with self._translate_missing_table():
            row = self._server.look(
                self._schema, "SELECT access FROM state WHERE is_only", what=self._what, standby=True
            )
        return str(row[0]) if row else ""

    def set_access_mark(self, mark: str) -> None:
        """Replace it, without a change number."""
        with self._write() as (transaction, _):
            transaction.execute("UPDATE state SET access = %s", (mark,))

    def attach_original(self, sha256: bytes, size: int) -> None:
        """Note that bytes are kept, if a version was read from them. This is no change of the record."""
        with self._write() as (transaction, _):
            originals.attach(transaction, sha256, size)

    def prune(self, keys: Sequence[int]) -> list[VersionRecord]:
        """Erase the versions (keys) that still exist and are not the newest; returns them."""
        with self._change() as (transaction, change):
            pruned = versions.prune(transaction, keys, change)
        self.forget()
        return pruned

    def forget(self) -> None:
        """Drop all cached texts, because this or another process erased something."""
        self._memory.forget(self.notice(0).change)

    def unpurged(self) -> Erasure | None:
        """The erasure that files may still contain, or None."""
        with self._read() as (transaction, _):
            return events.unpurged(transaction)

    def last_erasure(self) -> int:
        """The last change that erased something; see :class:`index.protocols.RecordStore`."""
        with self._translate_missing_table():
            row = self._server.look(self._schema, "SELECT erased FROM state", what=self._what)
        return int(row[0]) if row else 0

    def purge(self, erasure: Erasure) -> bool:
        """Remove what was erased from the tables; see :class:`index.protocols.RecordStore`.

        VACUUM frees the rows of all tables and their entries in indexes; False while a transaction of any
        process still sees them. PostgreSQL does not overwrite what it frees: the bytes can be found in the
        files of the database until other rows take their place, and in its write-ahead log, in archives of
        that and in backups for as long as the server keeps them.
        """
        with self._translate_missing_table():
            if not upkeep.vacuum(self._server, self._schema, what=self._what):
                return False
        with self._write() as (transaction, _):
            events.note_purge(transaction, erasure.change)
        return True

    def end_snapshots(self, *, older_than: float) -> None:
        """End the snapshots of this object that have lasted so many seconds, except lasting ones."""
        began = time.monotonic() - older_than
        for reading in self._readings.copy():
            if reading.began <= began and not reading.is_lasting:
                reading.transaction.end()

    def begin_epoch(self) -> None:
        """Invalidate all that was derived from this record; see :class:`index.protocols.RecordStore`."""
        with self._write() as (transaction, _):
            state.begin_epoch(transaction)

    # Erasures, for a ledger outside the record

    def tag(self) -> bytes:
        """Identify the record in a ledger of erasures."""
        with self._read() as (_, now):
            return store_tag(now.store)

    def objects_name(self) -> str:
        """Name its folder in a place for originals; see :class:`index.protocols.Erasures`."""
        with self._read() as (transaction, now):
            row = transaction.row("SELECT objects FROM state")
            return objects_name(now.store, row[0] if row else None)

    def erased_tags(self, after: int = 0) -> list[tuple[int, bytes]]:
        """List erased versions: position and tag; see :class:`index.protocols.Erasures`."""
        with self._translate_missing_table():
            query = "SELECT 1 FROM erased WHERE position > {} LIMIT 1"
            if self._server.look(self._schema, query, after, what=self._what) is None:
                return []  # as after most commits, and faster than a transaction
        with self._read() as (transaction, now):
            return erasures.list_erased(transaction, now.store, after)

    def erase_tagged(self, tags: Container[bytes]) -> tuple[int, int]:
        """Erase the versions that have these tags; see :class:`index.protocols.Erasures`."""
        with self._write() as (transaction, now):
            found = list(erasures.find_tagged(transaction, now.store, tags))
            if not found:
                return 0, 0
            change = state.begin_change(transaction)
            gone = {document for _, document, is_newest in found if is_newest}
            kept = [key for key, document, _ in found if document not in gone]
            versions.prune(transaction, kept, change)
            for document in gone:
                documents.delete(transaction, documents.of_key(transaction, document), change)
        self.forget()
        return len(gone), len(found)

    # Checking

    def problems(
        self, dimension: int, progress: Callable[[int, int], None] = lambda *_: None
    ) -> Iterator[Problem]:
        """Check every invariant; see :class:`index.protocols.RecordStore`."""
        with self._read() as (transaction, _):
            yield from upkeep.problems(transaction, dimension, progress)

    def repair(self, dimension: int) -> None:
        """Make good what is repairable; see :class:`index.protocols.RecordStore`."""
        with self._write() as (transaction, _):
            upkeep.repair(transaction, dimension)
        self.forget()

    def staging(self) -> PostgresqlStaging:
        """The staging area of an upgrade; see :class:`index.protocols.RecordStore`."""
        return PostgresqlStaging(self._server, self._number, self._what, self._read, self._write)

    def copying(self) -> PostgresqlCopying:
        """Copies the rows of the record; see :class:`index.protocols.RecordStore`."""
        return PostgresqlCopying(lambda: self._read(_HELD), self._write)

    def bases(self) -> PostgresqlBases | None:
        """Bases of vectors that machines share; see :class:`index.protocols.RecordStore`."""
        files = self._shared.bases(self.objects_name())
        return None if files is None else PostgresqlBases(files, self._read, self._write, self.lease)

    def close(self) -> None:
        """Refuse further calls. The connections are those of the server object."""
        self._is_closed = True
        self._server.close_tables(self._schema)
