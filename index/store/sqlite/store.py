"""Record store in one SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from index.errors import DiskFull, DiskReadOnly, InvalidDocumentId, StoreDamaged
from index.file_leases import FileLeases
from index.protocols import Lease
from index.records import (
    DocumentHistory,
    DocumentRecord,
    Erasure,
    NewDocument,
    Notice,
    PendingPassage,
    Problem,
    Put,
    RefusedMirror,
    VersionRecord,
)
from index.store.rows.cache import Memory
from index.store.rows.vectors import among
from index.store.sqlite import (
    attributes,
    changes,
    documents,
    events,
    migrations,
    originals,
    passages,
    retirement,
    upkeep,
    versions,
)
from index.store.sqlite.database import Database, check_journal, check_size
from index.store.sqlite.snapshots import SqliteSnapshot
from index.store.sqlite.state import State
from index.store.sqlite.upgrading import SqliteStaging
from index.store.sqlite.upkeep import erasures
from index.store.sqlite.upkeep.adoption import adopt
from index.store.sqlite.upkeep.row_copying import SqliteCopying
from index.types import Metadata, Sentences, Vectors


class SqliteStore:
    """Implements :class:`index.protocols.RecordStore`. Every write is one transaction with one change number.

    Leases are lock files beside the database, which the system releases when a process dies. Methods raise
    :class:`index.errors.StoreDamaged`, :class:`index.errors.CollectionBusy` and
    :class:`index.errors.UnknownFormat`.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        """``create``: make the file, or its tables, if there are none; otherwise that is damage."""
        check_journal(path)
        check_size(path)
        # Another process, of a newer version, may migrate the file while it is open here.
        self._database = Database(
            path, create=create, check=partial(migrations.require_known, path), is_mapped=True
        )
        self._leases = FileLeases(path.parent)
        self._memory = Memory()
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

    # Reading

    @contextmanager
    def snapshot(self, *, lasting: bool = False, standby: bool = False) -> Iterator[SqliteSnapshot]:
        """One consistent view of the record: a read transaction."""
        del standby  # there is none
        with self._database.read(lasting=lasting) as connection:
            yield SqliteSnapshot(connection, self._memory)

    def brief_snapshot(self) -> AbstractContextManager[SqliteSnapshot]:
        """The same as :meth:`snapshot`: it is cheap."""
        return self.snapshot()

    def notice(self, since: int) -> Notice:
        """Report what any process committed after change ``since``."""
        with self._database.look() as connection:
            return State.read(connection).notice(since)

    # Writing

    def put(self, new: Sequence[NewDocument]) -> list[Put]:
        """Add documents or replace them, all or none. Raises :class:`index.errors.HashCollision`."""
        with self._change() as (connection, change):
            return [documents.put(connection, document, change) for document in new]

    def adopt(self, history: DocumentHistory) -> DocumentRecord:
        """Add a document as another record has it; see :class:`index.protocols.RecordStore`."""
        with self._database.write() as connection:
            if documents.find(connection, history.id):
                raise InvalidDocumentId(f"There is a document {history.id!r} already. Choose another id.")
            return adopt(connection, history)

    def rename(self, document_id: str, to: str) -> DocumentRecord:
        """Give a document another, unused id; locators with the old id still resolve.

        Raises :class:`index.errors.DocumentNotFound`, :class:`index.errors.InvalidDocumentId`,
        :class:`index.errors.HashCollision`.
        """
        with self._change() as (connection, change):
            record = documents.get(connection, document_id)
            if other := documents.find(connection, to):
                raise InvalidDocumentId.in_use(to, retired=other.retired is not None)
            documents.rename(connection, record, to, change)
            return documents.get(connection, to)

    def describe(
        self, document_id: str, metadata: Metadata, *, source: str, groups: Sequence[str] | None = None
    ) -> DocumentRecord:
        """Replace a document's metadata, source and, if given, groups; its text stays as it is."""
        with self._change() as (connection, change):
            record = documents.get(connection, document_id)
            documents.describe(connection, record, metadata, source, change)
            if groups is not None:
                attributes.put_groups(connection, record.key, groups)
            return documents.get(connection, document_id)

    def retire(self, document_ids: Sequence[str]) -> list[DocumentRecord]:
        """Retire documents; see :class:`index.protocols.RecordStore`."""
        with self._change() as (connection, change):
            return [retirement.retire(connection, document_id, change) for document_id in document_ids]

    def set_refused_mirrors(self, refused: Sequence[RefusedMirror]) -> None:
        """Replace the refused mirrors, without a change number."""
        with self._database.write() as connection:
            retirement.set_refused_mirrors(connection, refused)

    def delete(self, document_id: str) -> DocumentRecord:
        """Erase a document with all its versions; returns its last record."""
        with self._change() as (connection, change):
            record = documents.get(connection, document_id, retired=True)
            documents.delete(connection, record, change)
        self.forget()
        return record

    def access_mark(self) -> str:
        """The mark of those who may read the record; see :class:`index.protocols.RecordStore`."""
        with self._database.read() as connection:
            return changes.access_mark(connection)

    def set_access_mark(self, mark: str) -> None:
        """Replace it, without a change number."""
        with self._database.write() as connection:
            changes.set_access_mark(connection, mark)

    def attach_original(self, sha256: bytes, size: int) -> None:
        """Note that bytes are kept, if a version was read from them. This is no change of the record."""
        with self._database.write() as connection:
            originals.attach(connection, sha256, size)

    def prune(self, keys: Sequence[int]) -> list[VersionRecord]:
        """Erase the versions (keys) that still exist and are not the newest; returns them."""
        with self._change() as (connection, change):
            pruned = versions.prune(connection, keys, change)
        self.forget()
        return pruned

    def forget(self) -> None:
        """Drop all cached texts, because this or another process erased something."""
        self._memory.forget(self.notice(0).change)

    def unpurged(self) -> Erasure | None:
        """The erasure that files may still contain, or None."""
        with self._database.read() as connection:
            return events.unpurged(connection)

    def last_erasure(self) -> int:
        """0: one machine has the record."""
        return 0

    def purge(self, erasure: Erasure) -> bool:
        """Remove what was erased from the files of the record; see :class:`index.protocols.RecordStore`."""
        if not self._database.cleanse():
            return False
        with self._database.write() as connection:
            events.note_purge(connection, erasure.change)
        return True

    def end_snapshots(self, *, older_than: float) -> None:
        """End the snapshots of this object that have lasted so many seconds, except lasting ones."""
        self._database.end_reads(older_than=older_than)

    def begin_epoch(self) -> None:
        """Invalidate all that was derived from this record; see :class:`index.protocols.RecordStore`."""
        with self._database.write() as connection:
            changes.begin_epoch(connection)

    # Erasures, for a ledger outside the record

    def tag(self) -> bytes:
        """Identify the record in a ledger of erasures."""
        with self._database.read() as connection:
            return erasures.store_tag(connection)

    def objects_name(self) -> str:
        """Name its folder in a place for originals; see :class:`index.protocols.Erasures`."""
        with self._database.read() as connection:
            return erasures.objects_name(connection)

    def erased_tags(self, after: int = 0) -> list[tuple[int, bytes]]:
        """List erased versions: position and tag; see :class:`index.protocols.Erasures`."""
        with self._database.look() as connection:
            return erasures.list_erased(connection, after)

    def erase_tagged(self, tags: Container[bytes]) -> tuple[int, int]:
        """Erase the versions that have these tags; see :class:`index.protocols.Erasures`."""
        with self._database.write() as connection:
            found = list(erasures.find_tagged(connection, tags))
            if not found:
                return 0, 0
            change = changes.begin(connection)
            gone = {document for _, document, is_newest in found if is_newest}
            versions.prune(connection, [key for key, document, _ in found if document not in gone], change)
            for document in gone:
                documents.delete(connection, documents.of_key(connection, document), change)
        self.forget()
        return len(gone), len(found)

    # Checking

    def problems(
        self, dimension: int, progress: Callable[[int, int], None] = lambda *_: None
    ) -> Iterator[Problem]:
        """Check every invariant; see :class:`index.protocols.RecordStore`."""
        try:
            with self._database.read(lasting=True) as connection:
                yield from upkeep.problems(connection, dimension, progress)
        except StoreDamaged as error:
            yield Problem("store_damaged", "store", error.message)

    def repair(self, dimension: int) -> None:
        """Make good what is repairable; see :class:`index.protocols.RecordStore`."""
        with self._database.write() as connection:
            upkeep.repair(connection, dimension)
        self.forget()

    def staging(self) -> SqliteStaging:
        """The staging area of an upgrade."""
        return SqliteStaging(self._database, self._database.path)

    def copying(self) -> SqliteCopying:
        """Copies the rows of the record; see :class:`index.protocols.RecordStore`."""
        return SqliteCopying(self._database)

    def bases(self) -> None:
        """None: one machine has the record."""

    # Embedding work

    def claim(self, limit: int, lease: Lease) -> list[PendingPassage]:
        """Claim passages without a vector; see :class:`index.protocols.EmbeddingWork`."""
        if limit < 1:
            return []
        with self._database.write() as connection:
            for holder in passages.claim_holders(connection):
                if holder != lease.name and not self._leases.is_held(holder):
                    passages.end_claims(connection, holder)
            return passages.claim(connection, limit, lease.name)

    def put_vectors(
        self,
        keys: Sequence[bytes],
        vectors: Vectors,
        sentences: Sequence[Sentences] = (),
        *,
        lease: Lease | None = None,
    ) -> int:
        """Store vectors and end the claims on them; see :class:`index.protocols.EmbeddingWork`."""
        with self._change() as (connection, change):
            if lease is not None:
                claimed = passages.claimed_keys(connection, lease.name)
                keys, vectors, sentences = among(claimed, keys, vectors, sentences)
            passages.end_claims_on(connection, keys)
            return passages.put_vectors(connection, keys, vectors, sentences, change)

    def drop_damaged_vectors(self, dimension: int) -> int:
        """Let passages wait for vectors again; see :class:`index.protocols.EmbeddingWork`."""
        with self._change() as (connection, _):
            return upkeep.drop_bad_vectors(connection, dimension)

    def waiting(self, up_to: int) -> int:
        """Count the live passages, up to this id, that have no vector."""
        with self._database.look() as connection:
            return passages.waiting(connection, up_to)

    def waiting_since(self) -> float | None:
        """The time at which the oldest version with passages without a vector was stored; None without."""
        with self._database.look() as connection:
            return passages.waiting_since(connection)

    def last_passage(self) -> int:
        """The highest passage id ever assigned; 0 if none was."""
        with self._database.look() as connection:
            return passages.last(connection)

    # Leases and closing

    @contextmanager
    def lease(self, name: str, *, seconds: float = 0.0) -> Iterator[Lease]:
        """Hold a lease; see :class:`index.protocols.RecordStore`."""
        with self._leases.hold(name, seconds) as lease:
            self._database.check_file()
            try:
                yield lease
            finally:
                if self._leases.is_worker(name):
                    with self._database.write() as connection:
                        passages.end_claims(connection, name)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    @contextmanager
    def _change(self) -> Iterator[tuple[sqlite3.Connection, int]]:
        with self._database.write() as connection:
            yield connection, changes.begin(connection)
