"""A view of the record that hides documents which some groups may not read.

A document without groups is readable by everyone, one with groups by callers that share one. The groups of
today decide, also about earlier versions, changes and deletions.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from index.errors import DocumentIdTaken, DocumentNotFound
from index.filters import Filter, ReadableBy
from index.page_labels import PageRange
from index.protocols import RecordStore, Snapshot
from index.records import Counts, DocumentRecord, Event, NewDocument, Put, RefusedMirror, VersionRecord
from index.types import Ids, Metadata


class ReadableSnapshot:
    """A snapshot whose reads by id, listings, counts and events leave out documents that are not admitted.

    Reads by version, passage or text hash go to the snapshot itself: their keys come from the reads above, or
    from an engine that applies the same filter.
    """

    UNRESTRICTED: ClassVar = frozenset(
        {
            "added_texts", "added_vectors", "admits", "at", "change", "documents_since", "generation",
            "hides", "includes", "layout", "mark", "originals", "passages", "places", "removed", "section_at",
            "sentences", "structure", "tables_at", "text", "whole_texts",
        }
    )  # fmt: skip
    """Methods that are passed on unrestricted. Add a new method of snapshots here or below."""
    REFUSED: ClassVar = frozenset({"aliases", "all_originals", "connections", "notice"})

    def __init__(self, moment: Snapshot, readable: ReadableBy) -> None:
        self._moment = moment
        self._readable = readable

    def __getattr__(self, name: str) -> Any:
        # Only what is not defined below.
        if name not in self.UNRESTRICTED:
            raise AttributeError(name)
        return getattr(self._moment, name)

    def counts(self, *, readable: ReadableBy | None = None) -> Counts:
        return self._moment.counts(readable=readable or self._readable)

    def refused_mirrors(self) -> list[RefusedMirror]:
        return []  # they say how many documents a folder has lost, whoever may read them

    # Documents

    def document(self, document_id: str) -> DocumentRecord:
        self._require(document_id)
        return self._moment.document(document_id)

    def find_document(self, document_id: str, *, retired: bool = False) -> DocumentRecord | None:
        return self._moment.find_document(document_id, retired=retired) if self._admits(document_id) else None

    def renamed_to(self, document_id: str) -> str | None:
        found = self._moment.renamed_to(document_id)
        return found if found is not None and self._admits(found) else None

    def documents(
        self,
        *,
        limit: int,
        after: str = "",
        prefix: str = "",
        where: Filter | None = None,
        retired: bool = False,
    ) -> list[DocumentRecord]:
        within = self._readable.within(where)
        return self._moment.documents(limit=limit, after=after, prefix=prefix, where=within, retired=retired)

    def retired_before(self, time: float) -> list[DocumentRecord]:
        return [one for one in self._moment.retired_before(time) if self._readable.admits(one.groups)]

    def documents_of_source(self, sha256: bytes) -> list[DocumentRecord]:
        found = self._moment.documents_of_source(sha256)
        return [one for one in found if self._readable.admits(one.groups)]

    def select(self, where: Filter) -> Ids:
        return self._moment.select(self._readable.within(where))

    def on_pages(self, ranges: Sequence[PageRange], where: Filter | None) -> Ids:
        return self._moment.on_pages(ranges, self._readable.within(where))

    # History

    def version(self, document_id: str, number: int | None = None) -> VersionRecord:
        self._require(document_id)
        return self._moment.version(document_id, number)

    def version_by_text(self, document_id: str, sha256_prefix: str) -> VersionRecord | None:
        found = self._moment.version_by_text(document_id, sha256_prefix)
        return found if found is not None and self._admits(found.document_id) else None

    def version_at(self, document_id: str, change: int) -> VersionRecord | None:
        return self._moment.version_at(document_id, change) if self._admits(document_id) else None

    def retired_at(self, document_id: str, change: int) -> float | None:
        return self._moment.retired_at(document_id, change) if self._admits(document_id) else None

    def existed(self, document_id: str, change: int) -> bool:
        return self._admits(document_id) and self._moment.existed(document_id, change)

    def versions(self, document_id: str) -> list[VersionRecord]:
        self._require(document_id)
        return self._moment.versions(document_id)

    def replaced_versions(self) -> list[VersionRecord]:
        found = self._moment.replaced_versions()
        admitted = {one: self._admits(one) for one in {version.document_id for version in found}}
        return [version for version in found if admitted[version.document_id]]

    def events(
        self, since: int, until: int, limit: int, *, readable: ReadableBy | None = None
    ) -> list[Event]:
        return self._moment.events(since, until, limit, readable=readable or self._readable)

    def _admits(self, document_id: str) -> bool:
        return self._moment.admits(self._readable, document_id)

    def _require(self, document_id: str) -> None:
        if not self._admits(document_id):
            raise DocumentNotFound(f"There is no document {document_id!r}.")


class ReadableStore:
    """A record store whose snapshots, and whose edits of single documents, are restricted in this way."""

    UNRESTRICTED: ClassVar = frozenset(
        {"attach_original", "forget", "last_passage", "lease", "notice", "prune", "waiting"}
    )
    """Methods that are passed on unrestricted. ``prune`` takes keys of versions from a snapshot."""
    REFUSED: ClassVar = frozenset(
        {
            "access_mark", "adopt", "bases", "begin_epoch", "claim", "close", "copying",
            "discarded_originals", "drop_damaged_vectors", "end_snapshots", "erase_tagged", "erased_tags",
            "forget_all_discarded", "forget_discarded", "last_erasure", "last_sweep", "note_sweep",
            "objects_name", "problems", "purge", "put_vectors", "repair", "set_access_mark",
            "set_connections", "set_refused_mirrors", "staging", "tag", "unpurged", "waiting_since",
        }
    )  # fmt: skip
    """Methods that no caller of a restricted collection needs."""

    def __init__(self, store: RecordStore, readable: ReadableBy) -> None:
        self._store = store
        self._readable = readable

    def __getattr__(self, name: str) -> Any:
        if name not in self.UNRESTRICTED:
            raise AttributeError(name)
        return getattr(self._store, name)

    @contextmanager
    def snapshot(self, *, lasting: bool = False, standby: bool = False) -> Iterator[Snapshot]:
        with self._store.snapshot(lasting=lasting, standby=standby) as moment:
            yield ReadableSnapshot(moment, self._readable)

    @contextmanager
    def brief_snapshot(self) -> Iterator[Snapshot]:
        with self._store.brief_snapshot() as moment:
            yield ReadableSnapshot(moment, self._readable)

    def rename(self, document_id: str, to: str, *, origin: str | None = None) -> DocumentRecord:
        self._require(document_id)
        # A taken id is refused by the store, whoever may read its document.
        return self._store.rename(document_id, to, origin=origin)

    def describe(
        self, document_id: str, metadata: Metadata, *, source: str, groups: Sequence[str] | None = None
    ) -> DocumentRecord:
        self._require(document_id)
        return self._store.describe(document_id, metadata, source=source, groups=groups)

    def retire(self, document_ids: Sequence[str], *, closing: bool = False) -> list[DocumentRecord]:
        for document_id in document_ids:
            self._require(document_id)
        return self._store.retire(document_ids, closing=closing)

    def delete(self, document_id: str) -> DocumentRecord:
        self._require(document_id)
        return self._store.delete(document_id)

    def put(self, new: Sequence[NewDocument]) -> list[Put]:
        with self._store.snapshot() as moment:
            taken = next((one.id for one in new if not moment.admits(self._readable, one.id)), None)
        if taken is not None:
            raise DocumentIdTaken(f"The document id {taken!r} is taken. Choose another id.")
        return self._store.put(new)

    def _require(self, document_id: str) -> None:
        with self._store.snapshot() as moment:
            is_admitted = moment.admits(self._readable, document_id)
        if not is_admitted:
            raise DocumentNotFound(f"There is no document {document_id!r}.")
