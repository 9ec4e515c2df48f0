"""The record store in memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from secrets import token_hex

import numpy as np

from index.errors import (
    CollectionBusy,
    CollectionNotFound,
    DocumentNotFound,
    DocumentRetired,
    InvalidDocumentId,
    NotSupported,
)
from index.protocols import Lease, RowCopying, Staging
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
    content_key,
)
from index.store.memory import writes
from index.store.memory.snapshot import MemorySnapshot
from index.store.memory.state import Document, State
from index.store.rows.vectors import among
from index.text.tables import shift_tables
from index.types import Metadata, Sentences, Vectors


@dataclass
class MemoryRecord:
    """The state that all stores of one record share."""

    state: State = field(default_factory=State)
    purged: int = 0
    claims: dict[bytes, str] = field(default_factory=dict)
    leases: dict[str, tuple[object, int]] = field(default_factory=dict)
    """For each lease that is held its holder, and how often it holds it."""
    changed: threading.Condition = field(default_factory=lambda: threading.Condition(threading.RLock()))


@dataclass(frozen=True, slots=True)
class MemoryLease:
    """A lease that is held. Implements :class:`index.protocols.Lease`."""

    name: str

    def check(self) -> None:
        """It cannot be lost."""


class MemoryStore:
    """Implements :class:`index.protocols.RecordStore`. Nothing is durable."""

    def __init__(self, record: MemoryRecord | None = None) -> None:
        self._record = record or MemoryRecord()
        self._closed = False

    @contextmanager
    def snapshot(self, *, lasting: bool = False, standby: bool = False) -> Iterator[MemorySnapshot]:
        self._require_open()
        yield MemorySnapshot(self._record.state)

    def brief_snapshot(self) -> AbstractContextManager[MemorySnapshot]:
        """The same as :meth:`snapshot`: it is cheap."""
        return self.snapshot()

    def notice(self, since: int) -> Notice:
        return MemorySnapshot(self._record.state).notice(since)

    def forget(self) -> None:
        """Nothing is held beside the record itself."""

    # Writing

    def put(self, new: Sequence[NewDocument]) -> list[Put]:
        with self._change() as state:
            return [writes.put(state, one, time.time()) for one in new]

    def adopt(self, history: DocumentHistory) -> DocumentRecord:
        if self._record.state.document_named(history.id):
            raise InvalidDocumentId(f"There is a document {history.id!r} already. Choose another id.")
        for version in history.versions:
            with self._change() as state:
                writes.adopt(state, history, version)
        with self._record.changed:
            state = self._record.state.following() if history.retired else self._record.state
            writes.complete(state, history)
            self._record.state = state
            return state.document_record(_require(state, history.id, retired=True))

    def rename(self, document_id: str, to: str) -> DocumentRecord:
        with self._change() as state:
            document = _require(state, document_id)
            if other := state.document_named(to):
                raise InvalidDocumentId.in_use(to, retired=other.retired is not None)
            writes.rename(state, document, to, time.time())
            return state.document_record(state.documents[document.key])

    def describe(
        self, document_id: str, metadata: Metadata, *, source: str, groups: Sequence[str] | None = None
    ) -> DocumentRecord:
        with self._change() as state:
            document = _require(state, document_id)
            now = time.time()
            described = replace(document, metadata=dict(metadata), source=source, updated=now)
            state.documents[document.key] = described
            if groups is not None:
                state.groups[document.key] = tuple(sorted(set(groups)))
            number = state.versions[document.version].number
            writes.note(state, described.id, "updated", number, now)
            return state.document_record(described)

    def retire(self, document_ids: Sequence[str]) -> list[DocumentRecord]:
        with self._change() as state:
            now, records = time.time(), []
            for document_id in document_ids:
                document = _require(state, document_id)
                records.append(state.document_record(document))
                writes.retire_document(state, document, now)
            return records

    def set_refused_mirrors(self, refused: Sequence[RefusedMirror]) -> None:
        with self._record.changed:
            self._record.state = replace(self._record.state, refused_mirrors=list(refused))

    def access_mark(self) -> str:
        return self._record.state.access_mark

    def set_access_mark(self, mark: str) -> None:
        with self._record.changed:
            self._record.state = replace(self._record.state, access_mark=mark)

    def delete(self, document_id: str) -> DocumentRecord:
        with self._change() as state:
            document = _require(state, document_id, retired=True)
            record = state.document_record(document)
            writes.delete(state, document, time.time())
            return record

    def attach_original(self, sha256: bytes, size: int) -> None:
        with self._record.changed:
            state = self._record.state
            kept = {**state.originals}
            kept.setdefault(sha256, size)
            self._record.state = state = replace(state, originals=kept)
            writes.drop_unused_originals(state)

    def prune(self, keys: Sequence[int]) -> list[VersionRecord]:
        with self._change() as state:
            replaced = MemorySnapshot(state).replaced_versions()
            found = [one for one in replaced if one.key in set(keys)]
            writes.prune(state, [state.versions[one.key] for one in found], time.time())
            return found

    def unpurged(self) -> Erasure | None:
        events, purged = self._record.state.events, self._record.purged
        erasing = [one for one in events if one.kind in ("pruned", "deleted") and one.change > purged]
        if not erasing:
            return None
        gone = {one.document_id: one.created for one in erasing}
        for one in reversed(events):
            if one.kind == "renamed" and one.document_id in gone:
                gone[one.was] = max(gone[one.document_id], gone.get(one.was, 0.0))
        return Erasure(erasing[-1].change, gone)

    def last_erasure(self) -> int:
        """0: one machine has the record."""
        return 0

    def purge(self, erasure: Erasure) -> bool:
        with self._record.changed:
            self._record.purged = max(self._record.purged, erasure.change)
        return True

    def end_snapshots(self, *, older_than: float) -> None:
        """Snapshots hold nothing back: each is a copy."""

    def begin_epoch(self) -> None:
        with self._record.changed:
            self._record.state = replace(self._record.state, epoch=token_hex(8))

    # Erasures, and checking

    def tag(self) -> bytes:
        return content_key(self._record.state.store)

    def objects_name(self) -> str:
        return self.tag().hex()

    def erased_tags(self, after: int = 0) -> list[tuple[int, bytes]]:
        state = self._record.state
        found = [state.tag(one.document, one.version, one.added) for one in state.erased]
        return list(enumerate(found, 1))[after:]

    def erase_tagged(self, tags: Container[bytes]) -> tuple[int, int]:
        before = self._record.state
        found = [
            one for one in before.versions.values() if before.tag(one.document, one.number, one.added) in tags
        ]
        if not found:
            return 0, 0
        with self._change() as state:
            gone = {one.document for one in found if state.documents[one.document].version == one.key}
            writes.prune(state, [one for one in found if one.document not in gone], time.time())
            for key in gone:
                writes.delete(state, state.documents[key], time.time())
            return len(gone), len(found)

    def problems(
        self, dimension: int, progress: Callable[[int, int], None] = lambda *_: None
    ) -> Iterator[Problem]:
        vectors = list(self._record.state.vectors.items())
        for done, (key, (vector, _)) in enumerate(vectors, 1):
            if len(vector) != dimension:
                yield Problem("vector_damaged", f"vector {key.hex()}", "it is too short or too long.")
            progress(done, len(vectors))

    def repair(self, dimension: int) -> None:
        """Nothing is derived but the indexes, which are made anew."""
        self.begin_epoch()

    # Embedding work

    def claim(self, limit: int, lease: Lease) -> list[PendingPassage]:
        record = self._record
        with record.changed:
            free = (
                row for row in record.state.live() if row.embedded is None and row.key not in record.claims
            )
            found = {row.key: row for row, _ in zip(free, range(limit), strict=False)}
            record.claims.update(dict.fromkeys(found, lease.name))
        return [
            PendingPassage(
                row.id,
                key,
                row.text,
                len(row.text) - len(row.quote),
                row.passage.tokens,
                shift_tables(row.passage.tables, len(row.text) - len(row.quote) - row.passage.start),
            )
            for key, row in found.items()
        ]

    def put_vectors(
        self,
        keys: Sequence[bytes],
        vectors: Vectors,
        sentences: Sequence[Sentences] = (),
        *,
        lease: Lease | None = None,
    ) -> int:
        with self._change() as state:
            if lease is not None:
                claimed = {key for key, one in self._record.claims.items() if one == lease.name}
                keys, vectors, sentences = among(claimed, keys, vectors, sentences)
            looks: Sequence[Sentences | None] = sentences or [None] * len(keys)
            held = {row.key for row in state.passages.values()}
            for key, vector, look in zip(keys, vectors.astype(np.float16), looks, strict=True):
                if key in held:  # not a text that was erased while it was being embedded
                    state.vectors[key] = (vector, look)
                self._record.claims.pop(key, None)
            named = set(keys)
            waiting = [row for row in state.live() if row.embedded is None and row.key in named]
            for row in waiting:
                state.passages[row.id] = replace(row, embedded=state.change)
            return len(waiting)

    def drop_damaged_vectors(self, dimension: int) -> int:
        return 0

    def waiting(self, up_to: int) -> int:
        return sum(row.embedded is None and row.id <= up_to for row in self._record.state.live())

    def waiting_since(self) -> float | None:
        state = self._record.state
        waiting = (row.version for row in state.live() if row.embedded is None)
        return next((state.versions[version].created for version in waiting), None)

    def last_passage(self) -> int:
        return self._record.state.last_passage

    # Leases, and the end

    def staging(self) -> Staging:
        """Raise :class:`index.errors.NotSupported`."""
        raise NotSupported("A record in memory is not upgraded.")

    def copying(self) -> RowCopying:
        """Raise :class:`index.errors.NotSupported`."""
        raise NotSupported("A record in memory is not copied.")

    def bases(self) -> None:
        """None: one process has the record."""

    @contextmanager
    def lease(self, name: str, *, seconds: float = 0.0) -> Iterator[Lease]:
        record, holder = self._record, (id(self), threading.get_ident())
        deadline = time.monotonic() + seconds
        with record.changed:
            while (held := record.leases.get(name, (holder, 0)))[0] != holder:
                if not record.changed.wait(max(0.0, deadline - time.monotonic())):
                    raise CollectionBusy(f"Another holder has the {name!r} lease. Try again in a moment.")
            record.leases[name] = (holder, held[1] + 1)
        try:
            yield MemoryLease(name)
        finally:
            with record.changed:
                times = record.leases[name][1] - 1
                if times:
                    record.leases[name] = (holder, times)
                else:
                    del record.leases[name]
                    for key in [key for key, one in record.claims.items() if one == name]:
                        del record.claims[key]
                record.changed.notify_all()

    def close(self) -> None:
        self._closed = True

    @contextmanager
    def _change(self) -> Iterator[State]:
        self._require_open()
        with self._record.changed:
            state = self._record.state.following()
            yield state
            self._record.state = state

    def _require_open(self) -> None:
        if self._closed:
            raise CollectionNotFound("The collection is deleted, or closed.")


def _require(state: State, document_id: str, *, retired: bool = False) -> Document:
    found = state.document_named(document_id)
    if found is None:
        raise DocumentNotFound(f"There is no document {document_id!r}.")
    if found.retired is not None and not retired:
        raise DocumentRetired.of(document_id, found.retired)
    return found
