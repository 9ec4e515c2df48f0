"""Record store in an SQL database, whichever it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Generic, TypeVar

from index.errors import InvalidDocumentId
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
from index.store.rows.tags import objects_name, store_tag, version_tag
from index.store.rows.vectors import among
from index.store.sql import (
    documents,
    events,
    marks,
    originals,
    passages,
    retirement,
    state,
    upkeep,
    versions,
)
from index.store.sql.connections import put as put_connections
from index.store.sql.copying import SqlSource, SqlTarget
from index.store.sql.groups import put as put_groups
from index.store.sql.statements import Statements
from index.types import Metadata, Sentences, Vectors

Opener = Callable[[], AbstractContextManager[Statements]]
"""Opens a transaction."""
Own = TypeVar("Own", bound=Statements)
"""The statements of the database."""


class SqlStore(ABC, Generic[Own]):
    """Implements the part of :class:`index.protocols.RecordStore` that is the same for all databases.

    Every write is one transaction with one change number. What differs are transactions and leases, how
    work is claimed, how what was erased leaves the files, and the staging area of upgrades.
    """

    def __init__(self) -> None:
        self._memory = Memory()

    @abstractmethod
    def _read(self, *, lasting: bool = False) -> AbstractContextManager[Own]:
        """Open a transaction that reads; a ``lasting`` one is not ended from outside."""

    @abstractmethod
    def _look(self) -> AbstractContextManager[Own]:
        """Open what one short query needs."""

    @abstractmethod
    def _write(self) -> AbstractContextManager[Own]:
        """Open a transaction that writes, after the one before."""

    @abstractmethod
    def _announce(self, statements: Own) -> None:
        """Wake those who embed, of any process, when the transaction commits."""

    @abstractmethod
    def notice(self, since: int) -> Notice:
        """Report what any process committed after change ``since``."""

    @abstractmethod
    def _cleanse(self) -> bool:
        """Remove from the files what committed changes deleted; False while others are in the way."""

    @contextmanager
    def _change(self) -> Iterator[tuple[Own, int]]:
        with self._write() as statements:
            yield statements, statements.begin_change()

    # Writing

    def put(self, new: Sequence[NewDocument]) -> list[Put]:
        """Add documents or replace them, all or none. Raises :class:`index.errors.HashCollision`."""
        with self._change() as (statements, change):
            self._announce(statements)
            return [documents.put(statements, document, change) for document in new]

    def adopt(self, history: DocumentHistory) -> DocumentRecord:
        """Add a document as another record has it; see :class:`index.protocols.RecordStore`."""
        with self._write() as statements:
            if documents.find(statements, history.id):
                raise InvalidDocumentId(f"There is a document {history.id!r} already. Choose another id.")
            self._announce(statements)
            return upkeep.adopt(statements, history)

    def rename(self, document_id: str, to: str, *, origin: str | None = None) -> DocumentRecord:
        """Give a document another, unused id, and another origin if given; locators still resolve.

        Raises :class:`index.errors.DocumentNotFound`, :class:`index.errors.InvalidDocumentId`,
        :class:`index.errors.HashCollision`.
        """
        with self._change() as (statements, change):
            record = documents.get(statements, document_id)
            if other := documents.find(statements, to):
                raise InvalidDocumentId.in_use(to, retired=other.retired is not None)
            documents.rename(statements, record, to, change)
            if origin is not None:
                documents.set_origin(statements, record, origin)
            return documents.get(statements, to)

    def describe(
        self, document_id: str, metadata: Metadata, *, source: str, groups: Sequence[str] | None = None
    ) -> DocumentRecord:
        """Replace a document's metadata, source and, if given, groups; its text stays as it is."""
        with self._change() as (statements, change):
            record = documents.get(statements, document_id)
            documents.describe(statements, record, metadata, source, change)
            if groups is not None:
                put_groups(statements, record.key, groups)
            return documents.get(statements, document_id)

    def retire(self, document_ids: Sequence[str], *, closing: bool = False) -> list[DocumentRecord]:
        """Retire documents; see :class:`index.protocols.RecordStore`."""
        one = retirement.close if closing else retirement.retire
        with self._change() as (statements, change):
            return [one(statements, document_id, change) for document_id in document_ids]

    def set_refused_mirrors(self, refused: Sequence[RefusedMirror]) -> None:
        """Replace the refused mirrors, without a change number."""
        with self._write() as statements:
            retirement.set_refused_mirrors(statements, refused)

    def set_connections(self, connections: Mapping[str, Any]) -> None:
        """Replace the connections, without a change number."""
        with self._write() as statements:
            put_connections(statements, connections)

    def delete(self, document_id: str) -> DocumentRecord:
        """Erase a document with all its versions; returns its last record."""
        with self._change() as (statements, change):
            record = documents.get(statements, document_id, retired=True)
            documents.delete(statements, record, change)
        self.forget()
        return record

    def access_mark(self) -> str:
        """The mark of those who may read the record; see :class:`index.protocols.RecordStore`."""
        with self._look() as statements:
            return str(statements.value(state.ACCESS) or "")

    def set_access_mark(self, mark: str) -> None:
        """Replace it, without a change number."""
        with self._write() as statements:
            statements.put_value(state.ACCESS, mark)

    def attach_original(self, sha256: bytes, size: int) -> None:
        """Note that bytes are kept, if a version was read from them. This is no change of the record."""
        with self._write() as statements:
            originals.attach(statements, sha256, size)

    def discarded_originals(self, up_to: int) -> set[bytes] | None:
        """The originals to be removed by name; see :class:`index.protocols.RecordStore`."""
        with self._look() as statements:
            return originals.discarded(statements, up_to)

    def forget_discarded(self, sha256s: Iterable[bytes]) -> None:
        """Note that files of discarded originals are gone; see :class:`index.protocols.RecordStore`."""
        with self._write() as statements:
            originals.forget_discarded(statements, sha256s)

    def forget_all_discarded(self, up_to: int) -> None:
        """Note that all are gone; see :class:`index.protocols.RecordStore`."""
        with self._write() as statements:
            originals.forget_all_discarded(statements, up_to)

    def last_sweep(self) -> float:
        """The Unix time of the last sweep of originals; 0 if there was none."""
        with self._look() as statements:
            return originals.last_sweep(statements)

    def note_sweep(self, time: float) -> None:
        """Note the time of a sweep. This is no change of the record."""
        with self._write() as statements:
            originals.note_sweep(statements, time)

    def prune(self, keys: Sequence[int]) -> list[VersionRecord]:
        """Erase the versions (keys) that still exist and are not the newest; returns them."""
        with self._change() as (statements, change):
            pruned = versions.prune(statements, keys, change)
        self.forget()
        return pruned

    def forget(self) -> None:
        """Drop all cached texts, because this or another process erased something."""
        self._memory.forget(self.notice(0).change)

    def unpurged(self) -> Erasure | None:
        """The erasure that files may still contain, or None."""
        with self._read() as statements:
            return events.unpurged(statements)

    def purge(self, erasure: Erasure) -> bool:
        """Remove what was erased from the files of the record; see :class:`index.protocols.RecordStore`."""
        if not self._cleanse():
            return False
        with self._write() as statements:
            events.note_purge(statements, erasure.change)
        return True

    def begin_epoch(self) -> None:
        """Invalidate all that was derived from this record; see :class:`index.protocols.RecordStore`."""
        with self._write() as statements:
            marks.begin_epoch(statements)

    # Erasures, for a ledger outside the record

    def tag(self) -> bytes:
        """Identify the record in a ledger of erasures."""
        with self._read() as statements:
            return store_tag(statements.read_state().store)

    def objects_name(self) -> str:
        """Name its folder in a place for originals; see :class:`index.protocols.Erasures`."""
        with self._read() as statements:
            return objects_name(statements.read_state().store, statements.value(state.OBJECTS))

    def erased_tags(self, after: int = 0) -> list[tuple[int, bytes]]:
        """List erased versions: position and tag; see :class:`index.protocols.Erasures`."""
        with self._look() as statements:
            return list_erased(statements, after)

    def erase_tagged(self, tags: Container[bytes]) -> tuple[int, int]:
        """Erase the versions that have these tags; see :class:`index.protocols.Erasures`."""
        with self._write() as statements:
            found = list(find_tagged(statements, statements.read_state().store, tags))
            if not found:
                return 0, 0
            change = statements.begin_change()
            gone = {document for _, document, is_newest in found if is_newest}
            versions.prune(statements, [key for key, document, _ in found if document not in gone], change)
            for document in gone:
                documents.delete(statements, documents.of_key(statements, document), change)
        self.forget()
        return len(gone), len(found)

    # Checking and copying

    def problems(
        self, dimension: int, progress: Callable[[int, int], None] = lambda *_: None
    ) -> Iterator[Problem]:
        """Check every invariant; see :class:`index.protocols.RecordStore`."""
        with self._read(lasting=True) as statements:
            yield from self._damage(statements) or upkeep.problems(statements, dimension, progress)

    def _damage(self, statements: Own) -> list[Problem]:
        """Find the damage with which no query can be trusted; none where the database has tools for that."""
        return []

    def _make_indexes_anew(self, statements: Own) -> None:
        """Make the indexes anew that the check may call damaged."""

    def repair(self, dimension: int) -> None:
        """Make good what is repairable; see :class:`index.protocols.RecordStore`."""
        with self._write() as statements:
            self._make_indexes_anew(statements)
            upkeep.repair(statements, dimension)
        self.forget()

    def copying(self) -> SqlCopying:
        """Copies the rows of the record; see :class:`index.protocols.RecordStore`."""
        return SqlCopying(lambda: self._read(lasting=True), self._write)

    # Embedding work

    def put_vectors(
        self,
        keys: Sequence[bytes],
        vectors: Vectors,
        sentences: Sequence[Sentences] = (),
        *,
        lease: Lease | None = None,
    ) -> int:
        """Store vectors and end the claims on them; see :class:`index.protocols.EmbeddingWork`."""
        with self._change() as (statements, change):
            if lease is not None:
                claimed = self._claimed_keys(statements, keys, lease.name)
                keys, vectors, sentences = among(claimed, keys, vectors, sentences)
            served = passages.put_vectors(statements, keys, vectors, sentences, change)
            passages.end_claims_on(statements, keys)
            return served

    @abstractmethod
    def _claimed_keys(self, statements: Own, keys: Sequence[bytes], lease: str) -> set[bytes]:
        """Those of the texts that a lease has claimed; until the transaction ends nobody else can."""

    @abstractmethod
    def claim(self, limit: int, lease: Lease) -> list[PendingPassage]:
        """Claim passages without a vector; see :class:`index.protocols.EmbeddingWork`."""

    def drop_damaged_vectors(self, dimension: int) -> int:
        """Let passages wait for vectors again; see :class:`index.protocols.EmbeddingWork`."""
        with self._change() as (statements, _):
            self._announce(statements)
            return passages.drop_bad_vectors(statements, dimension)

    def waiting(self, up_to: int) -> int:
        """Count the live passages, up to this id, that have no vector."""
        with self._look() as statements:
            return passages.waiting(statements, up_to)

    def waiting_since(self) -> float | None:
        """The time at which the oldest version with passages without a vector was stored; None without."""
        with self._look() as statements:
            return passages.waiting_since(statements)

    def last_passage(self) -> int:
        """The highest passage id ever assigned; 0 if none was."""
        with self._look() as statements:
            return statements.last_passage()


class SqlCopying:
    """Implements :class:`index.protocols.copying.RowCopying` by transactions of a record."""

    def __init__(self, read: Opener, write: Opener) -> None:
        self._read = read
        self._write = write

    @contextmanager
    def reading(self) -> Iterator[SqlSource]:
        with self._read() as statements:
            yield SqlSource(statements)

    @contextmanager
    def writing(self) -> Iterator[SqlTarget]:
        with self._write() as statements:
            yield SqlTarget(statements)


# Find versions by their tags, by which a ledger outside the record knows them.


def list_erased(statements: Statements, after: int) -> list[tuple[int, bytes]]:
    """Return the erased versions after a position: the position and the tag of each, in order."""
    place = statements.position
    rows = statements.rows(
        f"SELECT e.{place}, {statements.value_of('store')} AS store, e.document, e.version, e.added, c.token"
        f" FROM erased e LEFT JOIN changes c ON c.number = e.added WHERE e.{place} > ? ORDER BY e.{place}",
        (after,),
    )
    return [(position, version_tag(str(store), *version)) for position, store, *version in rows]


def find_tagged(
    statements: Statements, store: str, wanted: Container[bytes]
) -> Iterator[tuple[int, int, bool]]:
    """Yield the stored versions that have one of the tags: their keys, documents (keys), whether newest."""
    rows = statements.rows(
        "SELECT v.key, d.version = v.key, v.document, v.number, v.added, c.token FROM versions v"
        " JOIN documents d ON d.key = v.document LEFT JOIN changes c ON c.number = v.added ORDER BY v.key"
    )
    for key, is_newest, document, number, added, token in rows:
        if version_tag(store, document, number, added, token) in wanted:
            yield key, document, bool(is_newest)
