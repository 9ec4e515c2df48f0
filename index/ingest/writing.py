"""Store documents: prepare them, keep their originals, and commit them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any, Self

from index.disks import disk_error
from index.errors import (
    DocumentIdTaken,
    HashCollision,
    InvalidDocumentId,
    InvalidInput,
    StoreDamaged,
)
from index.ingest.importing import import_document
from index.ingest.preparation import Preparation, Source
from index.naming import validate_document_id
from index.protocols import Originals, RecordStore
from index.records import DocumentHistory, DocumentRecord, NewDocument, Put

_THREADS = 4
"""Originals that are written at once; each waits for the disk."""


class DocumentWriter:
    """Adds and replaces documents. ``writing`` holds the record's write lease for one commit.

    ``preparation`` returns the one in use. An upgrade of the collection exchanges it: what was split by an
    earlier one is split again. ``originals`` is None if the bytes of documents are not kept. ``indexing`` is
    given the texts of passages before that, and prepares what the indexes will need.
    """

    def __init__(
        self,
        store: RecordStore,
        originals: Originals | None,
        preparation: Callable[[], Preparation],
        writing: Callable[[], AbstractContextManager[None]],
        *,
        indexing: Callable[[Iterator[str]], None],
    ) -> None:
        self._store = store
        self._originals = originals
        self._preparation = preparation
        self._writing = writing
        self._indexing = indexing

    def of(self, store: RecordStore, writing: Callable[[], AbstractContextManager[None]]) -> DocumentWriter:
        """The same writer, for a restricted view of its store."""
        return DocumentWriter(store, self._originals, self._preparation, writing, indexing=self._indexing)

    def put_many(
        self, sources: Sequence[Source], confirm: Callable[[], None] = lambda: None
    ) -> list[Put | InvalidInput]:
        """Add or replace documents, in order, in one transaction; returns the outcome or error of each.

        ``confirm`` is called under the write lease before anything is stored. Raises
        :class:`index.errors.CollectionBusy`, and :class:`index.errors.StoreDamaged` for instance on a full
        disk.
        """
        with _Keeping(self._store, self._originals) as keeping:
            preparation = self._preparation()
            outcomes = self._prepare(sources, keeping, preparation)
            new = [one for one in outcomes if isinstance(one, NewDocument)]
            for one in new:
                self._indexing(one.indexed_texts())
            stored: Iterator[Put | InvalidInput] = iter(())
            keeping.wait()
            if new or keeping.attached:
                with self._writing():
                    confirm()
                    keeping.complete()
                    if (now := self._preparation()) is not preparation:
                        new = [now.split_again(one) for one in new]
                    stored = iter(self._put(new)) if new else stored
        return [next(stored) if isinstance(one, NewDocument) else one for one in outcomes]

    def retitle(self, document_id: str, title: str) -> DocumentRecord:
        """Give a document another title. Its text is the same; passages are embedded with the new title.

        Raises :class:`index.errors.DocumentNotFound`, :class:`index.errors.DocumentRetired`, and as
        :meth:`put_many`.
        """
        with self._writing():
            with self._store.snapshot() as moment:
                new = self._preparation().retitled(moment, document_id, title)
            self._indexing(new.indexed_texts())
            (put,) = self._put([new])
            if isinstance(put, InvalidInput):
                raise put
            return put.record

    def adopt_many(self, values: Sequence[Mapping[str, Any]]) -> list[Put | InvalidInput]:
        """Add documents that were exported from another record; returns the outcome or error of each.

        One that is here already with the same versions is unchanged, one with others is refused. Raises as
        :meth:`put_many`.
        """
        with _Keeping(self._store, self._originals) as keeping:
            preparation = self._preparation()
            histories = [self._import(value, preparation, keeping) for value in values]
            keeping.wait()
            with self._writing():
                keeping.complete()
                if (now := self._preparation()) is not preparation:
                    histories = [self._import(value, now, keeping) for value in values]
                return [one if isinstance(one, InvalidInput) else self._adopt(one) for one in histories]

    def _import(
        self, value: Mapping[str, Any], preparation: Preparation, keeping: _Keeping
    ) -> DocumentHistory | InvalidInput:
        try:
            history, originals = import_document(value, preparation, keep=self._originals is not None)
        except InvalidInput as error:
            return error
        self._indexing(history.versions[-1].new.indexed_texts())
        for sha256, data in originals.items():
            keeping.begin(sha256, data)
        return history

    def _adopt(self, history: DocumentHistory) -> Put | InvalidInput:
        with self._store.snapshot() as moment:
            known = moment.find_document(history.id, retired=True)
            stored = moment.versions(history.id) if known else []
        if known is None:
            try:
                return Put(self._store.adopt(history), "added")
            except InvalidInput as error:
                return error
        if {one.number: one.text_sha256 for one in stored} == {
            one.number: hashlib.sha256(one.new.text.encode()).digest() for one in history.versions
        }:
            return Put(known, "unchanged")
        return InvalidDocumentId(
            f"There is a document {history.id!r} already, with other versions. Delete it first, or import "
            "into another collection."
        )

    def _prepare(
        self, sources: Sequence[Source], keeping: _Keeping, preparation: Preparation
    ) -> list[NewDocument | Put | InvalidInput]:
        """Prepare each source. A source whose id occurs before in the batch is compared when it is stored."""
        seen: set[str] = set()
        prepared: list[NewDocument | Put | InvalidInput] = []
        for source in sources:
            try:
                id_ = validate_document_id(source.id)
                known = None if id_ in seen else self._find(id_)
                seen.add(id_)
                new = preparation.prepare(source, known)
            except InvalidInput as error:
                prepared.append(error)
            else:
                if new:
                    keeping.begin(new.source_sha256, source.data)
                    prepared.append(new)
                else:
                    unchanged = _present(known)
                    keeping.attach(unchanged.source_sha256, source.data)
                    prepared.append(Put(unchanged, "unchanged"))
        return prepared

    def _find(self, document_id: str) -> DocumentRecord | None:
        with self._store.snapshot() as moment:
            return moment.find_document(document_id)

    def _put(self, new: Sequence[NewDocument]) -> list[Put | InvalidInput]:
        try:
            return list(self._store.put(new))
        except (HashCollision, DocumentIdTaken) as error:
            if len(new) == 1:
                return [error]
        # One of them is refused; each by itself, so that the others are stored.
        return [outcome for one in new for outcome in self._put([one])]


class _Keeping:
    """The originals of one commit: written while the next documents are read."""

    def __init__(self, store: RecordStore, originals: Originals | None) -> None:
        self._store = store
        self._originals = originals
        self._begun: dict[bytes, bytes] = {}
        self._writes: list[Future[None]] = []
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="loccit-originals")
        self.attached: list[bytes] = []
        """The bytes of unchanged documents that have no original yet."""

    def begin(self, sha256: bytes, data: bytes) -> None:
        """Begin to write the bytes of a document."""
        if self._originals is not None and sha256 not in self._begun:
            self._begun[sha256] = data
            self._writes.append(self._threads.submit(self._originals.put, sha256, data))

    def attach(self, sha256: bytes, data: bytes) -> None:
        """Begin to write the bytes of a stored document, unless it has its original, whose file is there."""
        if self._originals is None:
            return
        with self._store.snapshot() as moment:
            is_kept = bool(moment.originals([sha256]))
        if not is_kept or not self._originals.holds(sha256):
            self.begin(sha256, data)
            self.attached.append(sha256)

    def wait(self) -> None:
        """Wait until all are durable.

        Raises :class:`index.errors.DiskFull`, :class:`index.errors.StoreDamaged`.
        """
        with _translate_os_errors():
            for write in self._writes:
                write.result()

    def complete(self) -> None:
        """Put those again that a sweep has removed meanwhile, and attach all. Hold the write lease."""
        if self._originals is not None:
            with _translate_os_errors():
                for sha256, data in self._begun.items():
                    self._originals.put(sha256, data)
        for sha256 in self.attached:
            self._store.attach_original(sha256, len(self._begun[sha256]))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(cancel_futures=True)


@contextmanager
def _translate_os_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if (of_disk := disk_error(error, "the collection")) is not None:
            raise of_disk from error
        raise StoreDamaged(
            f"The original of a document could not be written ({error.strerror}). Check that the data folder "
            "may be written."
        ) from error


def _present(known: DocumentRecord | None) -> DocumentRecord:
    assert known is not None  # noqa: S101 -- only a known document can be unchanged
    return known
