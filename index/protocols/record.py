"""The record: documents, versions, texts, passages and vectors, under one change number.

Writes are transactions: when a method returns, its write is durable.
"""

from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from index.objects import OwnedFolder
from index.protocols.bases import Bases
from index.protocols.copying import RowCopying
from index.protocols.originals import Originals
from index.protocols.snapshots import Snapshot
from index.protocols.staging import Staging
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
from index.types import Metadata, Sentences, Vectors


class Lease(Protocol):
    """The right to do something alone. It ends with its ``with`` block, or with its holder's process."""

    @property
    def name(self) -> str: ...

    def check(self) -> None:
        """Raise :class:`index.errors.CollectionBusy` if it has been lost: another process may hold it now.

        Writes to the record check it themselves; what is done elsewhere under a lease does so here.
        """


class EmbeddingWork(Protocol):
    """Passages without a vector: the queue of embedding work, shared by any number of workers."""

    def claim(self, limit: int, lease: Lease) -> list[PendingPassage]:
        """Claim the oldest unclaimed passages without a vector, at most ``limit``, one for each text.

        A claim lasts until its vectors are stored or its lease ends, and where workers may hang without
        ending, for a limited time: then others may claim the passage. Workers that claim at the same time
        do not wait for each other, and get different passages.
        """

    def put_vectors(
        self,
        keys: Sequence[bytes],
        vectors: Vectors,
        sentences: Sequence[Sentences] = (),
        *,
        lease: Lease | None = None,
    ) -> int:
        """Store vectors (unit rows) by the keys of their texts, and end the claims on them.

        ``sentences`` are those of each text, or none at all. With ``lease`` only texts that it has claimed
        still are stored: not those that another worker has claimed, or embedded, since. Returns how many
        passages have a vector now that had none.
        """

    def drop_damaged_vectors(self, dimension: int) -> int:
        """Let passages wait again whose stored vectors or sentences are damaged; returns how many vectors.

        Reads all vectors.
        """

    def waiting(self, up_to: int) -> int:
        """Count the live passages, up to this id, that have no vector."""

    def waiting_since(self) -> float | None:
        """The Unix time at which the oldest version with such passages was stored; None without."""

    def last_passage(self) -> int:
        """The highest passage id ever assigned; 0 if none was."""


class Erasures(Protocol):
    """Exchange with a ledger of erasures, by which a record from a backup erases again what it had erased.

    A tag is a hash of 16 bytes that identifies one version in the history of one record, whatever its id and
    text. Nothing can be learnt from it without the record, and a version that is put again has another one.
    """

    def tag(self) -> bytes:
        """The tag of the whole record."""

    def objects_name(self) -> str:
        """Hex digits that name its folder in a place for the originals and bases of several machines.

        They stand for the tag, except in a copy of another record: each has files of its own.
        """

    def erased_tags(self, after: int = 0) -> list[tuple[int, bytes]]:
        """All versions erased after a position of the log, in order: position, from 1, and tag."""

    def erase_tagged(self, tags: Container[bytes]) -> tuple[int, int]:
        """Erase the versions that have these tags; a document whose newest version has one goes as a whole.

        Returns how many documents were erased, and how many of the versions were found.
        """


class SharedLedger(Protocol):
    """A ledger of erasures in parts, in a place that outlives the database.

    The database knows the parts that it has done. Methods raise OSError,
    :class:`index.errors.ObjectsUnavailable` and :class:`index.errors.StoreUnavailable`.
    """

    @property
    def name(self) -> str:
        """Its name in the place; that of a copy of the database is the same until it is adopted."""

    @property
    def owned(self) -> OwnedFolder:
        """The mark of who owns it: no other database enters anything."""

    def claim(self) -> bool:
        """True if entering is up to this database; a ledger that nobody has is its own, from then on."""

    def put(self, lines: bytes, *, part: str = "", is_done: bool = True) -> None:
        """Enter lines as a part, durably; ``is_done`` unless the database is to do what they say yet."""

    def parts(self) -> set[str]:
        """The names of all parts, by a listing."""

    def undone(self, parts: Iterable[str]) -> list[str]:
        """Those of these parts that the database does not know, or has forgotten, in order."""

    def read(self, part: str) -> bytes:
        """The lines of a part."""

    def note(self, parts: Iterable[str]) -> None:
        """Let the database know that it has done what parts say."""

    def was_taken_over(self) -> bool:
        """Whether a standby has taken over since the last call; True at the first one."""

    def rename(self, name: str) -> None:
        """Let this database have a ledger of this name from now on."""


class RecordStore(EmbeddingWork, Erasures, Protocol):
    """The system of record of one collection. Safe to use from several threads and processes."""

    def snapshot(self, *, lasting: bool = False, standby: bool = False) -> AbstractContextManager[Snapshot]:
        """One consistent view of the record. :meth:`end_snapshots` does not end a ``lasting`` one.

        ``standby``: where only a copy of the record can be reached, it may be of that, and so of an earlier
        change, yet never lacks an erasure that is known here. Not for what decides on a write.
        """

    def brief_snapshot(self) -> AbstractContextManager[Snapshot]:
        """The same for the few reads of a question, faster where a snapshot takes time.

        It may begin with its first read, and be of a copy. Reads may raise :class:`RecordChanged`: then all
        that was read is to be read again, in a snapshot.
        """

    def put(self, new: Sequence[NewDocument]) -> list[Put]:
        """Add documents, or replace them by new versions, in this order, all or none.

        A document that is stored already with the same bytes, reader and caller's fields is unchanged. A
        retired one is restored, by a new version, also of the same text.
        Version numbers are never used again for an id. Raises :class:`index.errors.HashCollision` for a
        text whose hash begins like that of another text that the id has, or had.
        """

    def adopt(self, history: DocumentHistory) -> DocumentRecord:
        """Add a document as another record has it, so that the locators of that one resolve here.

        Its id must not be in use. Each version is a change. Raises :class:`index.errors.InvalidDocumentId`,
        :class:`index.errors.HashCollision`.
        """

    def rename(self, document_id: str, to: str, *, origin: str | None = None) -> DocumentRecord:
        """Give a document another, unused id, and another origin if given; locators still resolve.

        Raises :class:`index.errors.DocumentNotFound`, :class:`index.errors.InvalidDocumentId`,
        :class:`index.errors.HashCollision`.
        """

    def describe(
        self, document_id: str, metadata: Metadata, *, source: str, groups: Sequence[str] | None = None
    ) -> DocumentRecord:
        """Replace a document's metadata, source and, if given, groups; its text stays as it is."""

    def retire(self, document_ids: Sequence[str], *, closing: bool = False) -> list[DocumentRecord]:
        """Retire documents, all or none: questions no longer find them, citations still resolve.

        Returns their last records. Raises :class:`index.errors.DocumentNotFound`, and
        :class:`index.errors.DocumentRetired` for one that is retired already. With ``closing`` no group may
        read them any more, and those that are retired already are closed, too.
        """

    def delete(self, document_id: str) -> DocumentRecord:
        """Erase a document, retired or not, with all its versions; returns its last record."""

    def set_refused_mirrors(self, refused: Sequence[RefusedMirror]) -> None:
        """Replace the list of :meth:`Snapshot.refused_mirrors`. This is no change of the record."""

    def set_connections(self, connections: Mapping[str, Any]) -> None:
        """Replace :meth:`Snapshot.connections`. This is no change of the record."""

    def access_mark(self) -> str:
        """The mark of those who may read the record: a word that only its service understands.

        Empty at first. Each copy of the record has it and knows, too, that not everybody may read it.
        """

    def set_access_mark(self, mark: str) -> None:
        """Replace it. This is no change of the record."""

    def attach_original(self, sha256: bytes, size: int) -> None:
        """Note that so many bytes with this SHA-256 are kept, if a version was read from them.

        This is no change of the record. :meth:`put` notes it for documents with ``original_bytes``.
        """

    def discarded_originals(self, up_to: int) -> set[bytes] | None:
        """The originals that no version needs any more and whose files were not removed, by their SHA-256.

        None if those of the erasures up to a change are not all known: then files are to be listed.
        """

    def forget_discarded(self, sha256s: Iterable[bytes]) -> None:
        """Note that the files of these discarded originals are removed. This is no change of the record.

        Hold the ``write`` lease under which they were removed.
        """

    def forget_all_discarded(self, up_to: int) -> None:
        """Note that the files of all are removed that were discarded by erasures up to a change."""

    def last_sweep(self) -> float:
        """The Unix time of the last sweep for files that the record does not name; 0 if there was none."""

    def note_sweep(self, time: float) -> None:
        """Note the time of a sweep. This is no change of the record."""

    def prune(self, keys: Sequence[int]) -> list[VersionRecord]:
        """Erase the versions (keys) that still exist and are not the newest; returns them."""

    def unpurged(self) -> Erasure | None:
        """The erasure that files may still contain, or None."""

    def last_erasure(self) -> int:
        """The last change that erased something, which each machine removes from its own files.

        0 where one machine has the record: it does that when it purges.
        """

    def purge(self, erasure: Erasure) -> bool:
        """Remove erased bytes from the files of the record, and record that no file contains them any more.

        Call it last, when the derived files contain none. False while others use the
        files: try again later.
        """

    def end_snapshots(self, *, older_than: float) -> None:
        """End the snapshots of this object that have lasted so many seconds, except lasting ones.

        A snapshot keeps what was erased since it began. One that was ended raises
        :class:`index.errors.CollectionBusy` when it is used.
        """

    def begin_epoch(self) -> None:
        """Invalidate everything that was derived from this record, so that it is made anew.

        For a copy of a record, such as a restored backup, that takes another course from here on.
        """

    def problems(
        self, dimension: int, progress: Callable[[int, int], None] = lambda *_: None
    ) -> Iterator[Problem]:
        """Check every invariant of the record in one snapshot: hashes, spans, counts, relations, vectors.

        ``dimension`` is the length of a vector. ``progress`` is called with (items checked, items in all).
        """

    def repair(self, dimension: int) -> None:
        """Recompute derived rows from documents, versions, texts and passages, which stay as they are.

        Begins an epoch, so that the indexes are made anew, too.
        """

    def staging(self) -> Staging:
        """The staging area of an upgrade. Raises :class:`index.errors.NotSupported`."""

    def copying(self) -> RowCopying:
        """Copies the rows of the record. Raises :class:`index.errors.NotSupported`."""

    def bases(self) -> Bases | None:
        """Bases of vectors that machines share; None where they share no record or no place for files."""

    def lease(self, name: str, *, seconds: float = 0.0) -> AbstractContextManager[Lease]:
        """Hold a lease, waiting at most so many seconds for another holder to end it.

        One thread may hold a lease more than once. Raises :class:`index.errors.CollectionBusy`.
        """

    def notice(self, since: int) -> Notice:
        """The changes that any process committed after ``since``. Cheap without any."""

    def forget(self) -> None:
        """Drop all cached texts, because something was erased."""

    def close(self) -> None: ...


Guard = Callable[[str, str], str]
"""Decides whether a collection may be opened, by its name and its access mark.

It returns the mark that the collection is to have, or raises an error of its own.
"""


class Catalogue(Protocol):
    """The existing collections, each with its description and its record store."""

    guard: Guard | None
    """Asked whenever the record of a collection is opened, if there is one."""

    @property
    def stores_know_deletions(self) -> bool:
        """Whether snapshots raise :class:`index.errors.CollectionNotFound` once others delete a collection.

        Then :meth:`identity` need not be asked for before each read.
        """

    def require_answers(self) -> None:
        """Raise :class:`index.errors.StoreUnavailable` if records cannot be read now; does not wait."""

    def names(self) -> list[str]:
        """All collections, in order of their names."""

    def identity(self, name: str) -> Hashable | None:
        """Identity of a collection; changes when it is made anew. None without a collection."""

    def describe(self, name: str, description: Mapping[str, Any]) -> Mapping[str, Any]:
        """Create a collection with this description; where it exists, return the one it has.

        Raises :class:`index.errors.StoreDamaged` for a description that cannot be read.
        """

    def description(self, name: str) -> Mapping[str, Any] | None:
        """The description of a collection; None if it has none. Raises :class:`StoreDamaged`."""

    def folder(self, name: str) -> Path:
        """The folder of files derived from a collection on this machine."""

    def open(self, name: str) -> RecordStore:
        """Open the record store of a collection that :meth:`describe` made.

        Raises what :attr:`guard` raises.
        """

    def pin(self, names: Sequence[str]) -> AbstractContextManager[Mapping[str, Callable[[Path], None]]]:
        """Pin the state of collections, while others write them, until the ``with`` block ends.

        Gives, for each that exists, a function that writes this state into a new folder, without what is
        derived from it. Both raise :class:`index.errors.StoreDamaged`.
        """

    def publish(self, name: str) -> None:
        """Give a collection that was made under its hidden name its own; nothing here may have it open.

        :func:`index.naming.hidden_name` is that name, which :meth:`names` leaves out. Raises
        :class:`index.errors.CollectionBusy` where another collection has the name.
        """

    def conceal(self, name: str) -> None:
        """Give a collection its hidden name, so that it is invisible until it is published again."""

    def originals(self, name: str) -> Originals:
        """The bytes of a collection's documents."""

    def ledger(self) -> SharedLedger | None:
        """The ledger of erasures of all machines; None where each has one of its own."""

    def delete(self, name: str) -> None:
        """Erase a collection with all that is derived from it."""

    def attending(self, woken: Callable[[], object]) -> AbstractContextManager[None]:
        """Count this process among those that embed, until the ``with`` block ends.

        ``woken`` is called, in another thread, when any process has stored passages that wait for a vector.
        Calls may be lost with a connection: look from time to time, too.
        """

    @property
    def is_announced(self) -> bool:
        """Whether :meth:`following` announces changes, so that rare polls are enough."""

    def following(self, on_change: Callable[[Hashable | None], object]) -> AbstractContextManager[None]:
        """Call ``on_change`` when any process has changed a collection or the list of collections.

        Until the ``with`` block ends, and in another thread. It gets the :meth:`identity` of the collection,
        or None when any may have changed: at first, and after a connection broke, with which calls may be
        lost. Where the store announces no changes, it is never called.
        """

    def attendants(self) -> int | None:
        """Count the processes that embed, on all machines; None if all are on this machine."""
