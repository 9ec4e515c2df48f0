"""Reads of the newest state of a record in memory."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

import numpy as np

from index.errors import ChangeNotFound, ChangeNotKept, DocumentNotFound, DocumentRetired, VersionNotFound
from index.filters import Filter, ReadableBy
from index.records import Counts, DocumentRecord, Event, Mark, Notice, RefusedMirror, Structure, VersionRecord
from index.store.memory.passages import MemoryPassages, MemoryPast
from index.store.memory.state import State, Version
from index.types import Block, Ids, IndexedPassage, Vectors


class MemorySnapshot(MemoryPassages):
    """Implements :class:`index.protocols.Snapshot`, whose docstrings describe the methods."""

    def __init__(self, state: State) -> None:
        super().__init__(state, state.change)

    @property
    def mark(self) -> Mark:
        return self._state.mark(self.change)

    @property
    def generation(self) -> int:
        return 0

    def notice(self, since: int) -> Notice:
        erases = any(one.change > since and one.kind in ("pruned", "deleted") for one in self._state.events)
        return Notice(self.change, erases)

    def includes(self, mark: Mark) -> bool:
        return mark.change == 0 or (mark.change <= self.change and self._state.mark(mark.change) == mark)

    def counts(self, *, readable: ReadableBy | None = None) -> Counts:
        state = self._state
        admitted = [one for one in state.documents.values() if self._is_admitted(readable, one.key)]
        counted = [one for one in admitted if one.retired is None]
        keys = {one.key for one in admitted}
        live = [row for row in state.live() if row.document in keys]
        characters = sum(len(state.texts[state.versions[one.version].text]) for one in counted)
        embedded = sum(row.embedded is not None for row in live)
        sources = {one.source_sha256 for one in state.versions.values() if one.document in keys}
        kept = sum(size for sha256, size in state.originals.items() if sha256 in sources)
        return Counts(len(counted), len(live), embedded, characters, state.change, kept)

    def hides(self, readable: ReadableBy) -> bool:
        return not all(map(readable.admits, self._state.groups.values()))

    def admits(self, readable: ReadableBy, document_id: str) -> bool:
        state = self._state
        own = state.document_named(document_id)
        keys = {key for id_, key in state.aliases if id_ == document_id}
        keys |= {one.document for one in state.erased if one.document_id == document_id}
        return all(self._is_admitted(readable, key) for key in ([own.key] if own else keys))

    def _is_admitted(self, readable: ReadableBy | None, key: int) -> bool:
        return readable is None or readable.admits(self._state.groups.get(key, ()))

    def refused_mirrors(self) -> list[RefusedMirror]:
        return sorted(self._state.refused_mirrors, key=lambda one: one.root)

    def at(self, change: int) -> MemoryPast:
        if not 0 <= change <= self.change:
            raise ChangeNotFound(f"There is no change {change}; the collection is at change {self.change}.")
        gone = [one for one in self._state.erased if one.added <= change < one.removed]
        if gone:
            named = ", ".join(f"version {one.version} of {one.document_id!r}" for one in gone[:3])
            raise ChangeNotKept(
                f"The collection cannot answer as of change {change}: what stood in it then is deleted or "
                f"pruned ({named}). Ask as of a later change."
            )
        return MemoryPast(self._state, change)

    # Documents

    def document(self, document_id: str) -> DocumentRecord:
        found = self.find_document(document_id, retired=True)
        if found is None:
            raise DocumentNotFound(f"There is no document {document_id!r}.")
        if found.retired is not None:
            raise DocumentRetired.of(document_id, found.retired)
        return found

    def find_document(self, document_id: str, *, retired: bool = False) -> DocumentRecord | None:
        found = self._state.document_named(document_id)
        if found is None or (found.retired is not None and not retired):
            return None
        return self._state.document_record(found)

    def documents(
        self,
        *,
        limit: int,
        after: str = "",
        prefix: str = "",
        where: Filter | None = None,
        retired: bool = False,
    ) -> list[DocumentRecord]:
        keys = None if where is None else set(self.select(where).tolist())
        found = (
            one
            for one in self._state.documents.values()
            if one.id > after
            and one.id.startswith(prefix)
            and (keys is None or one.key in keys)
            and (retired or one.retired is None)
        )
        ordered = sorted(found, key=lambda one: one.id.encode())
        return [self._state.document_record(one) for one in ordered[:limit]]

    def retired_before(self, time: float) -> list[DocumentRecord]:
        documents = self._state.documents.values()
        found = [one for one in documents if one.retired is not None and one.retired < time]
        found.sort(key=lambda one: (one.retired or 0.0, one.id.encode()))
        return [self._state.document_record(one) for one in found]

    def aliases(self, document: DocumentRecord) -> list[str]:
        return sorted(id_ for id_, key in self._state.aliases if key == document.key)

    def documents_of_source(self, sha256: bytes) -> list[DocumentRecord]:
        documents = (one for one in self._state.documents.values() if one.retired is None)
        records = map(self._state.document_record, documents)
        return sorted((one for one in records if one.source_sha256 == sha256), key=lambda one: one.id)

    # History

    def originals(self, sha256s: Iterable[bytes]) -> dict[bytes, int]:
        kept = self._state.originals
        return {sha: kept[sha] for sha in sha256s if sha in kept}

    def all_originals(self) -> set[bytes]:
        return set(self._state.originals)

    def version(self, document_id: str, number: int | None = None) -> VersionRecord:
        kept = self.versions(document_id)
        if found := next((one for one in kept if number in (None, one.number)), None):
            return found
        erased = any((one.document_id, one.version) == (document_id, number) for one in self._state.erased)
        reason = (
            f"Version {number} of {document_id!r} is not kept"
            if erased
            else f"{document_id!r} has no version {number}"
        )
        raise VersionNotFound(f"{reason}; its newest is {kept[0].number}.")

    def version_by_text(self, document_id: str, sha256_prefix: str) -> VersionRecord | None:
        state = self._state
        own = state.document_named(document_id)
        former = [key for id_, key in state.aliases if id_ == document_id]
        for keys in ([own.key] if own else [], former):
            found = [one for key in keys for one in state.versions_of(key)]
            match = (one for one in found if one.text.hex().startswith(sha256_prefix))
            if version := max(match, key=lambda one: one.number, default=None):
                return state.version_record(version)
        return None

    def version_at(self, document_id: str, change: int) -> VersionRecord | None:
        document = self._state.document_named(document_id)
        kept = self._state.versions_of(document.key) if document else []
        found = next((one for one in kept if _stood(one.added, one.removed, change)), None)
        return self._state.version_record(found) if found else None

    def existed(self, document_id: str, change: int) -> bool:
        state = self._state
        own = state.document_named(document_id)
        keys = {key for id_, key in state.aliases if id_ == document_id} | ({own.key} if own else set())
        keys |= {one.document for one in state.erased if one.document_id == document_id}
        spans = [(one.added, one.removed) for one in state.versions.values() if one.document in keys]
        spans += [(one.added, one.removed) for one in state.erased if one.document in keys]
        return any(_stood(added, removed, change) for added, removed in spans)

    def retired_at(self, document_id: str, change: int) -> float | None:
        document = self._state.document_named(document_id)
        kept = self._state.versions_of(document.key) if document else []
        erased = [one for one in self._state.erased if document and one.document == document.key]
        spans: list[tuple[int, int | None]] = [(one.added, one.removed) for one in kept]
        spans += [(one.added, one.removed) for one in erased]
        if any(_stood(added, removed, change) for added, removed in spans):
            return None
        before = [one.replaced for one in kept if one.removed is not None and one.removed <= change]
        return before[0] if before else None

    def versions(self, document_id: str) -> list[VersionRecord]:
        document = self._state.document_named(document_id)
        if document is None:
            raise DocumentNotFound(f"There is no document {document_id!r}.")
        return [self._state.version_record(one) for one in self._state.versions_of(document.key)]

    def replaced_versions(self) -> list[VersionRecord]:
        newest = {one.version for one in self._state.documents.values()}
        found = [one for key, one in self._state.versions.items() if key not in newest]
        records = map(self._state.version_record, found)
        return sorted(records, key=lambda one: (one.document_id, -one.number))

    def structure(self, version: VersionRecord) -> Structure:
        return self._require_version(version).structure

    def section_at(
        self, version: VersionRecord, start: int, end: int
    ) -> tuple[tuple[str, ...], tuple[int, int] | None]:
        rows = [row for row in self._state.passages.values() if row.version == version.key]
        inside = [row for row in rows if row.passage.start < end and row.passage.end > start]
        before = [row for row in rows if row.passage.start <= start]
        found = min(inside, key=lambda row: (row.passage.start, row.id), default=None)
        found = found or max(before, key=lambda row: (row.passage.start, row.id), default=None)
        section = found.passage.section if found else ()
        pages = self._require_version(version).structure.pages
        if not pages:
            return section, None
        return section, (max(1, bisect_right(pages, start)), max(1, bisect_right(pages, end - 1)))

    def tables_at(self, version: VersionRecord, start: int, end: int) -> tuple[Block, ...]:
        rows = [row for row in self._state.passages.values() if row.version == version.key]
        found = {
            one.start: one
            for row in rows
            if row.passage.start < end and row.passage.end > start
            for one in row.passage.tables
        }
        return tuple(one for _, one in sorted(found.items()) if one.start < end and one.end > start)

    def layout(self, version: VersionRecord) -> bytes | None:
        found = self._state.versions.get(version.key)
        return found.layout if found else None

    def events(
        self, since: int, until: int, limit: int, *, readable: ReadableBy | None = None
    ) -> list[Event]:
        found = [
            one
            for one, document in zip(self._state.events, self._state.event_documents, strict=True)
            if since < one.change <= until and self._is_admitted(readable, document)
        ]
        last = found[limit - 1].change if len(found) >= limit else until
        return [one for one in found if one.change <= last]

    def _require_version(self, version: VersionRecord) -> Version:
        if found := self._state.versions.get(version.key):
            return found
        raise VersionNotFound("The version was deleted or pruned.")

    # What an index catches up on

    def added_texts(self, since: int, until: int) -> Iterator[IndexedPassage]:
        rows = (row for row in self._state.live() if since < row.added <= until)
        return (IndexedPassage(row.id, row.document, row.text) for row in rows)

    def added_vectors(self, since: int, until: int, dimension: int) -> Iterator[tuple[Ids, Ids, Vectors]]:
        rows = [row for row in self._state.live() if since < (row.embedded or 0) <= until]
        return self._vectors(rows, dimension)

    def removed(self, since: int, until: int) -> Ids:
        return np.array([id_ for change, id_ in self._state.removals if since < change <= until], np.int64)

    def documents_since(self, change: int) -> int:
        rows = (row for row in self._state.live() if max(row.added, row.embedded or 0) > change)
        return len({row.document for row in rows})


def _stood(added: int, removed: int | None, change: int) -> bool:
    return added <= change and (removed is None or removed > change)
