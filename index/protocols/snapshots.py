"""Reading the record: through a snapshot, so that everything one request reads is of one change."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from index.filters import Filter, ReadableBy
from index.page_labels import PageRange
from index.records import (
    Counts,
    DocumentRecord,
    Event,
    Mark,
    Notice,
    PlacedPassage,
    RefusedMirror,
    StoredPassage,
    Structure,
    VersionRecord,
)
from index.sentence_table import SentenceTable
from index.types import Block, Ids, IndexedPassage, Vectors


class RecordChanged(Exception):
    """Something was committed between two reads that have to be of one change."""


class Documents(Protocol):
    """Documents, each with its newest version."""

    def document(self, document_id: str) -> DocumentRecord:
        """The document with this id.

        Raises :class:`index.errors.DocumentNotFound`, :class:`index.errors.DocumentRetired`.
        """

    def find_document(self, document_id: str, *, retired: bool = False) -> DocumentRecord | None:
        """The document with this id, or None. A retired one only with ``retired``."""

    def renamed_to(self, document_id: str) -> str | None:
        """The id today of the document that had this id last; None if no document had it."""

    def documents(
        self,
        *,
        limit: int,
        after: str = "",
        prefix: str = "",
        where: Filter | None = None,
        retired: bool = False,
    ) -> list[DocumentRecord]:
        """Documents in order of their ids, those after ``after`` that begin with ``prefix``.

        Retired ones only with ``retired``.
        """

    def retired_before(self, time: float) -> list[DocumentRecord]:
        """The documents that were retired before a time (seconds since the epoch), the oldest first."""

    def aliases(self, document: DocumentRecord) -> list[str]:
        """The ids that a document had before it was renamed."""

    def documents_of_source(self, sha256: bytes) -> list[DocumentRecord]:
        """The documents, not retired, whose newest version was read from the bytes with this hash."""


class Texts(Protocol):
    """Stored texts, by the SHA-256 of their UTF-8 bytes."""

    def text(self, sha256: bytes, start: int = 0, end: int | None = None) -> str:
        """``text[start:end]`` by code points; a whole text is checked against its hash.

        Raises :class:`index.errors.VersionNotFound` for a whole text that is erased (a slice of one is
        empty), and :class:`index.errors.StoreDamaged`.
        """

    def whole_texts(self, sha256s: Iterable[bytes]) -> dict[bytes, str]:
        """These texts of versions that the snapshot has, each checked against its hash; without others."""


class History(Protocol):
    """Versions of documents, and the log of changes."""

    def version(self, document_id: str, number: int | None = None) -> VersionRecord:
        """A version by its number, without one the newest, also of a retired document.

        Raises :class:`index.errors.DocumentNotFound`, :class:`index.errors.VersionNotFound`.
        """

    def version_by_text(self, document_id: str, sha256_prefix: str) -> VersionRecord | None:
        """The newest version whose text hash begins with these hex digits.

        Of the document with this id, or else of one that had the id before it was renamed.
        """

    def version_at(self, document_id: str, change: int) -> VersionRecord | None:
        """The version that was a document's newest after a change; None without one, or if it is erased."""

    def existed(self, document_id: str, change: int) -> bool:
        """Whether a document had this id, then or before a renaming, after a change; erased ones count.

        A document that was retired then does not count.
        """

    def retired_at(self, document_id: str, change: int) -> float | None:
        """The time at which a document was retired that is retired after a change; None if it is not."""

    def versions(self, document_id: str) -> list[VersionRecord]:
        """The versions kept of a document, newest first; else :class:`index.errors.DocumentNotFound`."""

    def replaced_versions(self) -> list[VersionRecord]:
        """All versions that are not the newest of their documents, by document, newest first."""

    def structure(self, version: VersionRecord) -> Structure:
        """The structure of the text of a version. Raises :class:`index.errors.VersionNotFound`."""

    def section_at(
        self, version: VersionRecord, start: int, end: int
    ) -> tuple[tuple[str, ...], tuple[int, int] | None]:
        """Section path and pages of a span of a version."""

    def tables_at(self, version: VersionRecord, start: int, end: int) -> tuple[Block, ...]:
        """The tables that a span of a version overlaps, in order; none if a reader did not find them."""

    def layout(self, version: VersionRecord) -> bytes | None:
        """Word boxes of a version's pages, as :class:`index.text.layout.Layout` packs them; None without."""

    def originals(self, sha256s: Iterable[bytes]) -> dict[bytes, int]:
        """The sizes of originals that are kept among these, by their SHA-256."""

    def all_originals(self) -> set[bytes]:
        """The SHA-256 of all bytes that are kept for versions."""

    def events(
        self, since: int, until: int, limit: int, *, readable: ReadableBy | None = None
    ) -> list[Event]:
        """Events after change ``since``, up to ``until``: about ``limit``, but all of a change or none.

        With ``readable`` only those of documents that it admits, or admitted when they were deleted.
        """


class Passages(Texts, Protocol):
    """The reads of a search: of the live passages of today, or those of an earlier change."""

    def passages(self, ids: Ids) -> list[StoredPassage]:
        """The live ones among these passages, with their words, in the order given."""

    def places(self, ids: Ids) -> list[PlacedPassage]:
        """The live ones among these passages, without their words, in the order given."""

    def sentences(self, ids: Ids) -> tuple[Ids, SentenceTable]:
        """For each passage its document's key (0 if it is not live) and its sentences, where stored."""

    def select(self, where: Filter) -> Ids:
        """Keys of the documents that a filter admits, ascending."""

    def on_pages(self, ranges: Sequence[PageRange], where: Filter | None) -> Ids:
        """The live passages on pages that bear a number in these ranges, ascending.

        ``where`` asks of their documents alone.
        """


class PastPassages(Passages, Protocol):
    """The passages that were live after an earlier change, and the input of an index over them."""

    @property
    def change(self) -> int:
        """The earlier change."""

    @property
    def reached(self) -> int:
        """The last change up to it that altered what a search can find."""

    def counts(self) -> tuple[int, int]:
        """The number of live passages, and of those with a vector."""

    def texts(self) -> Iterator[IndexedPassage]:
        """All of them, in order of id."""

    def vectors(self, dimension: int) -> Iterator[tuple[Ids, Ids, Vectors]]:
        """Batches of (passage ids, document keys, unit vectors) of all that had one."""


class IndexFeed(Protocol):
    """The differences that a derived index applies to go from one change to a later one."""

    def added_texts(self, since: int, until: int) -> Iterator[IndexedPassage]:
        """Live passages that came after change ``since``, up to ``until``, in order of id."""

    def added_vectors(self, since: int, until: int, dimension: int) -> Iterator[tuple[Ids, Ids, Vectors]]:
        """Batches of (passage ids, document keys, unit vectors) that came in these changes."""

    def removed(self, since: int, until: int) -> Ids:
        """Passages that left the indexes in these changes."""

    def documents_since(self, change: int) -> int:
        """Count the documents with live passages that were added, or got their vectors, after a change."""


class Snapshot(Documents, History, Passages, IndexFeed, Protocol):
    """The record as it stands after one change; for one thread, until its ``with`` block ends."""

    @property
    def change(self) -> int:
        """Number of the last change it sees."""

    @property
    def mark(self) -> Mark:
        """Identifies the last change it sees."""

    @property
    def generation(self) -> int:
        """The number of times that an upgrade has exchanged all passages and vectors."""

    def notice(self, since: int) -> Notice:
        """The changes that any process committed after ``since``, up to the last one it sees."""

    def includes(self, mark: Mark) -> bool:
        """Whether the change that a mark identifies is in the history of this record.

        If not, what was derived up to that change belongs to another history, and must be made anew.
        """

    def counts(self, *, readable: ReadableBy | None = None) -> Counts:
        """The size of the record without retired documents, of those that ``readable`` admits."""

    def hides(self, readable: ReadableBy) -> bool:
        """Whether there is a document that is not admitted. Cheap: without any, no filter is needed."""

    def admits(self, readable: ReadableBy, document_id: str) -> bool:
        """Whether the document with this id is admitted, or does not exist.

        Where no document has the id, those count that had it before they were renamed or deleted.
        """

    def refused_mirrors(self) -> list[RefusedMirror]:
        """The folders whose last mirror was refused, by their names."""

    def connections(self) -> dict[str, Any]:
        """The connections of the collection with other programs, as JSON values; empty at first."""

    def at(self, change: int) -> PastPassages:
        """The passages as they stood after an earlier change.

        Raises :class:`index.errors.ChangeNotFound`, :class:`index.errors.ChangeNotKept`.
        """
