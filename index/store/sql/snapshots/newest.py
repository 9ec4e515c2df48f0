"""Snapshot of the record: all reads happen in one transaction."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

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
from index.store.sql import (
    documents,
    events,
    groups,
    originals,
    passages,
    retirement,
    totals,
    versions,
)
from index.store.sql.connections import get as get_connections
from index.store.sql.marks import Marks
from index.store.sql.snapshots.passages import RememberedPassages, without_hidden
from index.store.sql.snapshots.past import SqlPast
from index.store.sql.snapshots.reads import Reads
from index.store.sql.state import State
from index.store.sql.statements import Statements
from index.types import Block, Ids, IndexedPassage, Vectors


class SqlSnapshot(RememberedPassages):
    """Implements :class:`index.protocols.Snapshot`, whose docstrings describe the methods."""

    _reads: Reads

    def __init__(self, statements: Statements, memory: Memory) -> None:
        """Use :meth:`index.store.sql.store.SqlStore.snapshot`."""
        self._statements = statements
        self._memory = memory
        self._reads = Reads(statements, self._state.change)

    @cached_property
    def _state(self) -> State:
        return self._statements.read_state()

    @property
    def change(self) -> int:
        return self._state.change

    @property
    def generation(self) -> int:
        return self._state.generation

    def notice(self, since: int) -> Notice:
        self._memory.reach(self.change)
        return self._state.notice(since)

    def counts(self, *, readable: ReadableBy | None = None) -> Counts:
        now = self._state
        counts = Counts(
            now.documents,
            now.passages,
            now.passages - now.waiting,
            now.characters,
            now.change,
            now.original_bytes,
        )
        if readable is None or not self.hides(readable):
            return counts
        return without_hidden(counts, totals.count_hidden(self._statements, readable))

    def hides(self, readable: ReadableBy) -> bool:
        selection, values = groups.hidden_from(self._statements, readable)
        return self._statements.row(f"{selection} LIMIT 1", values) is not None

    def admits(self, readable: ReadableBy, document_id: str) -> bool:
        return documents.admits(self._statements, readable, document_id)

    @cached_property
    def _marks(self) -> Marks:
        return Marks(self._statements, self._state)

    @property
    def mark(self) -> Mark:
        return self._marks.of(self.change)

    def includes(self, mark: Mark) -> bool:
        return self._marks.include(mark)

    def refused_mirrors(self) -> list[RefusedMirror]:
        return retirement.refused_mirrors(self._statements)

    def connections(self) -> dict[str, Any]:
        return get_connections(self._statements)

    def at(self, change: int) -> SqlPast:
        return SqlPast(self._statements, self.change, change)

    # Documents

    def document(self, document_id: str) -> DocumentRecord:
        return documents.get(self._statements, document_id)

    def find_document(self, document_id: str, *, retired: bool = False) -> DocumentRecord | None:
        found = documents.find(self._statements, document_id)
        return found if found is None or retired or found.retired is None else None

    def renamed_to(self, document_id: str) -> str | None:
        return documents.renamed_to(self._statements, document_id)

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
            self._statements, limit=limit, after=after, prefix=prefix, where=where, retired=retired
        )

    def retired_before(self, time: float) -> list[DocumentRecord]:
        return retirement.before(self._statements, time)

    def aliases(self, document: DocumentRecord) -> list[str]:
        return documents.aliases(self._statements, document.key)

    def documents_of_source(self, sha256: bytes) -> list[DocumentRecord]:
        return documents.of_source(self._statements, sha256)

    # History

    def version(self, document_id: str, number: int | None = None) -> VersionRecord:
        return versions.of_number(self._statements, document_id, number)

    def version_by_text(self, document_id: str, sha256_prefix: str) -> VersionRecord | None:
        return versions.of_text(self._statements, document_id, sha256_prefix)

    def version_at(self, document_id: str, change: int) -> VersionRecord | None:
        return versions.at_change(self._statements, document_id, change)

    def existed(self, document_id: str, change: int) -> bool:
        return versions.existed(self._statements, document_id, change)

    def retired_at(self, document_id: str, change: int) -> float | None:
        return retirement.at_change(self._statements, document_id, change)

    def versions(self, document_id: str) -> list[VersionRecord]:
        return versions.list_all(self._statements, document_id)

    def replaced_versions(self) -> list[VersionRecord]:
        return versions.list_replaced(self._statements)

    def structure(self, version: VersionRecord) -> Structure:
        return versions.structure(self._statements, version.key)

    def section_at(
        self, version: VersionRecord, start: int, end: int
    ) -> tuple[tuple[str, ...], tuple[int, int] | None]:
        return versions.section_at(self._statements, version, start, end)

    def tables_at(self, version: VersionRecord, start: int, end: int) -> tuple[Block, ...]:
        return versions.tables_at(self._statements, version, start, end)

    def layout(self, version: VersionRecord) -> bytes | None:
        return versions.layout(self._statements, version.key)

    def originals(self, sha256s: Iterable[bytes]) -> dict[bytes, int]:
        return originals.kept(self._statements, sha256s)

    def all_originals(self) -> set[bytes]:
        return originals.all_kept(self._statements)

    def events(
        self, since: int, until: int, limit: int, *, readable: ReadableBy | None = None
    ) -> list[Event]:
        return events.list_all(self._statements, since, until, limit, readable)

    # Index feed

    def added_texts(self, since: int, until: int) -> Iterator[IndexedPassage]:
        return self._reads.added_texts(since, until)

    def added_vectors(self, since: int, until: int, dimension: int) -> Iterator[tuple[Ids, Ids, Vectors]]:
        return self._reads.added_vectors(since, until, dimension)

    def removed(self, since: int, until: int) -> Ids:
        if (since, until) not in self._removed:  # each index of an engine asks for the same
            self._removed[since, until] = passages.removed_ids(self._statements, since, until)
        return self._removed[since, until]

    @cached_property
    def _removed(self) -> dict[tuple[int, int], Ids]:
        return {}

    def documents_since(self, change: int) -> int:
        return passages.documents_since(self._statements, change)
