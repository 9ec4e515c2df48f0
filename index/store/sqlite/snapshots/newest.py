"""Snapshot of the record: all reads happen in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from index.filters import Filter, ReadableBy
from index.records import (
    Counts,
    DocumentRecord,
    Event,
    Mark,
    Notice,
    RefusedMirror,
    Structure,
    VersionRecord,
)
from index.store.rows.cache import Memory
from index.store.rows.snapshots import RememberedPassages, without_hidden
from index.store.sqlite import (
    attributes,
    changes,
    documents,
    events,
    originals,
    passage_reads,
    passages,
    retirement,
    totals,
    versions,
)
from index.store.sqlite.snapshots.past import SqlitePast
from index.store.sqlite.state import State
from index.types import Block, Ids, IndexedPassage, Vectors


class SqliteSnapshot(RememberedPassages):
    """Implements :class:`index.protocols.Snapshot`, whose docstrings describe the methods."""

    def __init__(self, connection: sqlite3.Connection, memory: Memory) -> None:
        """Use :meth:`index.store.sqlite.SqliteStore.snapshot`."""
        self._connection = connection
        self._memory = memory
        self._state = state = State.read(connection)
        self._marks = changes.Marks(connection, state)
        self._removed: dict[tuple[int, int], Ids] = {}
        self.change = state.change
        self._reads = passage_reads.SqliteReads(connection, self.change)

    @property
    def generation(self) -> int:
        return self._state.generation

    def notice(self, since: int) -> Notice:
        return self._state.notice(since)

    def counts(self, *, readable: ReadableBy | None = None) -> Counts:
        stored, total, waiting, characters = totals.read(self._connection)
        kept = self._state.original_bytes
        counts = Counts(stored, total, total - waiting, characters, self.change, kept)
        if readable is None or not self.hides(readable):
            return counts
        parameter = attributes.hidden_from(readable)
        return without_hidden(counts, totals.count_hidden(self._connection, attributes.HIDDEN, parameter))

    def hides(self, readable: ReadableBy) -> bool:
        parameter = attributes.hidden_from(readable)
        return self._connection.execute(f"{attributes.HIDDEN} LIMIT 1", (parameter,)).fetchone() is not None

    def admits(self, readable: ReadableBy, document_id: str) -> bool:
        return documents.admits(self._connection, readable, document_id)

    @property
    def mark(self) -> Mark:
        return self._marks.of(self.change)

    def includes(self, mark: Mark) -> bool:
        return self._marks.include(mark)

    def refused_mirrors(self) -> list[RefusedMirror]:
        return retirement.refused_mirrors(self._connection)

    def at(self, change: int) -> SqlitePast:
        return SqlitePast(self._connection, self.change, change)

    # Documents

    def document(self, document_id: str) -> DocumentRecord:
        return documents.get(self._connection, document_id)

    def find_document(self, document_id: str, *, retired: bool = False) -> DocumentRecord | None:
        found = documents.find(self._connection, document_id)
        return found if found is None or retired or found.retired is None else None

    def documents(
        self,
        *,
        limit: int,
        after: str = "",
        prefix: str = "",
        where: Filter | None = None,
        retired: bool = False,
    ) -> list[DocumentRecord]:
        return documents.list_all(
            self._connection, limit=limit, after=after, prefix=prefix, where=where, retired=retired
        )

    def retired_before(self, time: float) -> list[DocumentRecord]:
        return retirement.before(self._connection, time)

    def aliases(self, document: DocumentRecord) -> list[str]:
        return documents.aliases(self._connection, document.key)

    def documents_of_source(self, sha256: bytes) -> list[DocumentRecord]:
        return documents.of_source(self._connection, sha256)

    # History

    def version(self, document_id: str, number: int | None = None) -> VersionRecord:
        return versions.of_number(self._connection, document_id, number)

    def version_by_text(self, document_id: str, sha256_prefix: str) -> VersionRecord | None:
        return versions.of_text(self._connection, document_id, sha256_prefix)

    def version_at(self, document_id: str, change: int) -> VersionRecord | None:
        return versions.at_change(self._connection, document_id, change)

    def existed(self, document_id: str, change: int) -> bool:
        return versions.existed(self._connection, document_id, change)

    def retired_at(self, document_id: str, change: int) -> float | None:
        return retirement.at_change(self._connection, document_id, change)

    def versions(self, document_id: str) -> list[VersionRecord]:
        return versions.list_all(self._connection, document_id)

    def replaced_versions(self) -> list[VersionRecord]:
        return versions.list_replaced(self._connection)

    def structure(self, version: VersionRecord) -> Structure:
        return versions.structure(self._connection, version.key)

    def section_at(
        self, version: VersionRecord, start: int, end: int
    ) -> tuple[tuple[str, ...], tuple[int, int] | None]:
        return versions.section_at(self._connection, version, start, end)

    def tables_at(self, version: VersionRecord, start: int, end: int) -> tuple[Block, ...]:
        return versions.tables_at(self._connection, version, start, end)

    def layout(self, version: VersionRecord) -> bytes | None:
        return versions.layout(self._connection, version.key)

    def originals(self, sha256s: Iterable[bytes]) -> dict[bytes, int]:
        return originals.kept(self._connection, sha256s)

    def all_originals(self) -> set[bytes]:
        return originals.all_kept(self._connection)

    def events(
        self, since: int, until: int, limit: int, *, readable: ReadableBy | None = None
    ) -> list[Event]:
        return events.list_all(self._connection, since, until, limit, readable)

    # Index feed

    def added_texts(self, since: int, until: int) -> Iterator[IndexedPassage]:
        return passage_reads.added_texts(self._connection, since, until)

    def added_vectors(self, since: int, until: int, dimension: int) -> Iterator[tuple[Ids, Ids, Vectors]]:
        return passage_reads.added_vectors(self._connection, since, until, dimension)

    def removed(self, since: int, until: int) -> Ids:
        if (since, until) not in self._removed:  # each index of an engine asks for the same
            self._removed[since, until] = passages.removed_ids(self._connection, since, until)
        return self._removed[since, until]

    def documents_since(self, change: int) -> int:
        return passage_reads.documents_since(self._connection, change)
