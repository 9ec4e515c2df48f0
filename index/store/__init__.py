"""SQLite, the system of record of a collection: documents, versions, texts, passages, vectors, changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from index.errors import InvalidDocumentId, UnknownFormat
from index.filters import Filter
from index.records import (
    Counts,
    DocumentRecord,
    Event,
    NewDocument,
    PendingPassage,
    PlacedPassage,
    StoredPassage,
    Structure,
    VersionRecord,
)
from index.sentence_table import SentenceTable
from index.store import (
    attributes,
    documents,
    events,
    passages,
    reading,
    schema,
    totals,
    versions,
)
from index.store.connections import Connections
from index.store.memory import Memory
from index.store.past import PastStore
from index.types import Ids, IndexedPassage, Metadata, Sentences, Vectors


class Store:
    """The record store in one SQLite file. Every write is one transaction with one change number.

    Safe to use from several threads and processes: readers see a moment, writers take turns.
    Raises :class:`index.errors.StoreDamaged`, :class:`index.errors.CollectionBusy` and
    :class:`index.errors.UnknownFormat`.
    """

    def __init__(self, path: Path) -> None:
        self._connections = Connections(path)
        self._memory = Memory()
        with self._connections.write() as connection:
            found = schema.prepare(connection)
        if found != schema.FORMAT:
            self.close()
            raise UnknownFormat(
                f"{path} has format {found}, this program reads format {schema.FORMAT}. "
                "Use the program's version that wrote it, or ingest the documents into a new collection."
            )

    # Writing

    def put(self, new: Sequence[NewDocument]) -> list[DocumentRecord]:
        """Add documents or replace them, all or none. Raises :class:`index.errors.HashCollision`."""
        with self._change() as (connection, change):
            for document in new:
                documents.put(connection, document, change)
            return [documents.get(connection, document.id) for document in new]

    def rename(self, document_id: str, to: str) -> DocumentRecord:
        """Give a document another id, which no document has; what cites it by the old one still resolves.

        Raises :class:`index.errors.DocumentNotFound`, :class:`index.errors.InvalidDocumentId`,
        :class:`index.errors.HashCollision`.
        """
        with self._change() as (connection, change):
            record = documents.get(connection, document_id)
            if documents.find(connection, to):
                raise InvalidDocumentId(f"There is a document {to!r} already. Choose another id.")
            documents.rename(connection, record, to, change)
            return documents.get(connection, to)

    def describe(self, document_id: str, metadata: Metadata, *, source: str) -> DocumentRecord:
        """Replace what is known of a document beside its text; its passages stay as they are."""
        with self._change() as (connection, change):
            documents.describe(connection, documents.get(connection, document_id), metadata, source, change)
            return documents.get(connection, document_id)

    def delete(self, document_id: str) -> DocumentRecord:
        """Erase a document with all its versions; returns what it was."""
        with self._change() as (connection, change):
            record = documents.get(connection, document_id)
            documents.delete(connection, record, change)
        self.forget()
        return record

    def prune(self, keys: Sequence[int]) -> list[VersionRecord]:
        """Erase those of the versions (keys) that are still there and not the newest; returns them."""
        with self._change() as (connection, change):
            pruned = versions.prune(connection, keys, change)
        self.forget()
        return pruned

    def forget(self) -> None:
        """Keep no text in memory: something was erased, here or by another process."""
        # After the commit: until then others read what is being erased, and would put it back.
        self._memory.forget(self.change())

    def put_vectors(
        self, keys: Sequence[bytes], vectors: Vectors, sentences: Sequence[Sentences] = ()
    ) -> int:
        """Store vectors (unit rows) by the names of their texts; returns how many passages they serve.

        ``sentences`` are those of each text, or none at all.
        """
        with self._change() as (connection, change):
            return passages.put_vectors(connection, keys, vectors, sentences, change)

    # Reading

    def change(self) -> int:
        """Number of the last committed change."""
        with self._connections.read() as connection:
            return schema.change(connection)

    def counts(self) -> Counts:
        """How much there is."""
        with self._connections.read() as connection:
            held, total, waiting, characters = totals.read(connection)
            return Counts(held, total, total - waiting, characters, schema.change(connection))

    def document(self, document_id: str) -> DocumentRecord:
        """Raise :class:`index.errors.DocumentNotFound` when there is none of this id."""
        with self._connections.read() as connection:
            return documents.get(connection, document_id)

    def find_document(self, document_id: str) -> DocumentRecord | None:
        """Return the document of this id, or None."""
        with self._connections.read() as connection:
            return documents.find(connection, document_id)

    def documents(
        self, *, limit: int, after: str = "", prefix: str = "", where: Filter | None = None
    ) -> list[DocumentRecord]:
        """Documents in order of their ids, those after ``after`` that begin with ``prefix``."""
        with self._connections.read() as connection:
            return documents.listed(connection, limit=limit, after=after, prefix=prefix, where=where)

    def documents_of_source(self, sha256: bytes) -> list[DocumentRecord]:
        """The documents whose newest version was made of the bytes with this hash."""
        with self._connections.read() as connection:
            return documents.of_source(connection, sha256)

    def version(self, document_id: str, number: int | None = None) -> VersionRecord:
        """A version by its number, the newest without one.

        Raises :class:`index.errors.DocumentNotFound` or :class:`index.errors.VersionNotFound`.
        """
        with self._connections.read() as connection:
            return versions.of_number(connection, document_id, number)

    def version_by_text(self, document_id: str, sha256_prefix: str) -> VersionRecord | None:
        """The newest version whose text hash begins with these hex digits.

        Of the document of this id, or else of one that had the id before it was renamed.
        """
        with self._connections.read() as connection:
            return versions.of_text(connection, document_id, sha256_prefix)

    def version_at(self, document_id: str, change: int) -> VersionRecord | None:
        """The version that was a document's newest after a change; None if it is not kept, or was none."""
        with self._connections.read() as connection:
            return versions.at_change(connection, document_id, change)

    def stood(self, document_id: str, change: int) -> bool:
        """Whether there was a document of this id, now or before a renaming, after a change: kept or not."""
        with self._connections.read() as connection:
            return versions.stood(connection, document_id, change)

    def versions(self, document_id: str) -> list[VersionRecord]:
        """The versions kept of a document, newest first. Raises :class:`index.errors.DocumentNotFound`."""
        with self._connections.read() as connection:
            return versions.listed(connection, document_id)

    def replaced_versions(self) -> list[VersionRecord]:
        """All versions that are not the newest of their documents, by document, newest first."""
        with self._connections.read() as connection:
            return versions.replaced(connection)

    def structure(self, version: VersionRecord) -> Structure:
        """How the text of a version is divided. Raises :class:`index.errors.VersionNotFound`."""
        with self._connections.read() as connection:
            return versions.structure(connection, version.key)

    def text(self, sha256: bytes, start: int = 0, end: int | None = None) -> str:
        """``text[start:end]`` of a stored text, by code points; a whole text is checked against its hash."""
        with self._connections.read() as connection:
            return self._memory.text(connection, sha256, start, end)

    def whole_texts(self, sha256s: Iterable[bytes]) -> dict[bytes, str]:
        """Those of these texts that are stored, each checked against its hash."""
        with self._connections.read() as connection:
            return self._memory.whole_texts(connection, sha256s)

    def section_at(
        self, version: VersionRecord, start: int, end: int
    ) -> tuple[tuple[str, ...], tuple[int, int] | None]:
        """Section path and pages of a span of a version."""
        with self._connections.read() as connection:
            return versions.section_at(connection, version, start, end)

    def layout(self, version: VersionRecord) -> bytes | None:
        """Where the words of a version are on its pages (:class:`index.layout.Layout`), if that is known."""
        with self._connections.read() as connection:
            return versions.layout(connection, version.key)

    def passages(self, ids: Ids) -> list[StoredPassage]:
        """The live ones among these passages, with their words, in the order given."""
        with self._connections.read() as connection:
            return self._memory.passages(connection, schema.change(connection), ids)

    def places(self, ids: Ids) -> list[PlacedPassage]:
        """The live ones among these passages, without their words, in the order given."""
        with self._connections.read() as connection:
            return self._memory.places(connection, schema.change(connection), ids)

    def sentences(self, ids: Ids) -> tuple[Ids, SentenceTable]:
        """For each passage its document's key, 0 if it is not live, and its sentences, if it has some."""
        with self._connections.read() as connection:
            return self._memory.sentences(connection, schema.change(connection), ids)

    def select(self, where: Filter) -> Ids:
        """Keys of the documents that a filter admits, ascending."""
        with self._connections.read() as connection:
            return attributes.select(connection, where)

    # What changed

    def events(self, since: int, until: int, limit: int) -> list[Event]:
        """Events after change ``since``, up to ``until``: about ``limit``, but all of a change or none."""
        with self._connections.read() as connection:
            return events.listed(connection, since, until, limit)

    def erases(self, since: int) -> bool:
        """Whether a change after ``since`` erased anything."""
        with self._connections.read() as connection:
            return events.erases(connection, since)

    def at(self, change: int) -> PastStore:
        """The passages as they stood after a change.

        Raises :class:`index.errors.ChangeNotFound`, :class:`index.errors.ChangeNotKept`.
        """
        return PastStore(self._connections, change)

    def last_passage(self) -> int:
        """The id of the passage that was stored last; 0 if none ever was."""
        with self._connections.read() as connection:
            return passages.last(connection)

    def waiting(self, up_to: int) -> int:
        """How many live passages, up to this one, have no vector."""
        with self._connections.read() as connection:
            return passages.waiting(connection, up_to)

    # What the indexes catch up on

    def pending(self, limit: int, *, after: int = 0) -> list[PendingPassage]:
        """The oldest passages without a vector, one for each text to embed, with ids above ``after``."""
        with self._connections.read() as connection:
            return passages.pending(connection, limit, after)

    def added_texts(self, since: int, until: int) -> Iterator[IndexedPassage]:
        """Live passages that came after change ``since``, up to ``until``, in order of id."""
        with self._connections.read() as connection:
            yield from reading.added_texts(connection, since, until)

    def added_vectors(self, since: int, until: int, dimension: int) -> Iterator[tuple[Ids, Ids, Vectors]]:
        """Batches of (passage ids, document keys, unit vectors) that came in these changes."""
        with self._connections.read() as connection:
            yield from reading.added_vectors(connection, since, until, dimension)

    def removed(self, since: int, until: int) -> Ids:
        """Passages that left the indexes in these changes."""
        with self._connections.read() as connection:
            return passages.removed_ids(connection, since, until)

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()

    @contextmanager
    def _change(self) -> Iterator[tuple[sqlite3.Connection, int]]:
        with self._connections.write() as connection:
            change = schema.change(connection) + 1
            connection.execute("UPDATE meta SET value = ? WHERE key = 'change'", (change,))
            yield connection, change


__all__ = ["Store"]
