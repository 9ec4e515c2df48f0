"""Store documents: prepare them, keep their originals, and commit them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any, Self, get_args

from index.disks import disk_error
from index.errors import (
    DocumentIdTaken,
    HashCollision,
    InvalidDocumentId,
    InvalidInput,
    StoreDamaged,
)
from index.ingest.preparation import Preparation, Source
from index.naming import validate_document_id, validate_groups, validate_stored_metadata
from index.page_labels import label_of, pack_labels
from index.protocols import Originals, RecordStore
from index.records import DocumentHistory, DocumentRecord, NewDocument, NumberedVersion, Put
from index.text.figures import figures_of, pack_figures
from index.types import Block, BlockKind, Columns, Extract

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


# Import documents that :mod:`index.history.exporting` wrote, with their ids, version numbers and texts.


_KINDS = frozenset(get_args(BlockKind))


def import_document(
    value: Mapping[str, Any], preparation: Preparation, *, keep: bool
) -> tuple[DocumentHistory, dict[bytes, bytes]]:
    """Return the document of an exported value, split into passages anew, and its originals by their SHA-256.

    Without ``keep`` there are no originals. Raises :class:`index.errors.InvalidInput` for a value of another
    form, or whose hashes do not match.
    """
    try:
        return _parse(value, preparation, keep=keep)
    except (
        KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError, binascii.Error,
        StoreDamaged,
    ) as error:  # fmt: skip
        name = value.get("document_id", "") if isinstance(value, Mapping) else ""
        raise InvalidInput(f"{name!r} is not a document of an export: {error!r}.") from error


def _parse(
    value: Mapping[str, Any], preparation: Preparation, *, keep: bool
) -> tuple[DocumentHistory, dict[bytes, bytes]]:
    originals: dict[bytes, bytes] = {}
    versions: list[NumberedVersion] = []
    for one in sorted(value["versions"], key=lambda one: int(one["version"])):
        if keep and one.get("original"):
            data = base64.b64decode(one["original"], validate=True)
            originals[hashlib.sha256(data).digest()] = data
        version = _version(value, one, originals, preparation)
        versions.append(version)
    if not versions:
        raise ValueError("it has no version")
    json.loads(value["given"])["origin"]
    history = DocumentHistory(
        validate_document_id(value["document_id"]),
        [validate_document_id(alias) for alias in value["aliases"]],
        float(value["created"]),
        float(value["updated"]),
        versions,
        None if value["retired"] is None else float(value["retired"]),
    )
    return history, originals


def _version(
    value: Mapping[str, Any],
    one: Mapping[str, Any],
    originals: Mapping[bytes, bytes],
    preparation: Preparation,
) -> NumberedVersion:
    text, title, reader = str(one["text"]), str(one["title"]), str(one["reader"])
    if hashlib.sha256(text.encode()).hexdigest() != one["text_sha256"]:
        raise ValueError(f"the text of version {one['version']} is not what its hash says")
    extract = Extract(
        text=text,
        blocks=tuple(_block(block, len(text)) for block in one["blocks"]),
        media_type=str(value["media_type"]),
        reader=reader,
        title=title,
        pages=tuple(int(page) for page in one["pages"]),
        layout=base64.b64decode(one["layout"] or "", validate=True),
        page_labels=_labels(str(one.get("page_labels", "")), len(one["pages"])),
        figures=_figures(str(one.get("figures", "")), len(text), len(one["pages"])),
    )
    passages, headings = preparation.split(extract, title)
    source_sha256 = bytes.fromhex(one["source_sha256"])
    kept = originals.get(source_sha256)
    new = NewDocument(
        id=validate_document_id(value["document_id"]),
        title=title,
        source=str(value["source"]),
        media_type=extract.media_type,
        metadata=validate_stored_metadata(value["metadata"]),
        text=text,
        source_sha256=source_sha256,
        reader=reader,
        given=str(value["given"]),
        blocks=extract.blocks,
        pages=extract.pages,
        passages=passages,
        headings=headings,
        layout=extract.layout,
        page_labels=extract.page_labels,
        figures=extract.figures,
        original_bytes=None if kept is None else len(kept),
        groups=validate_groups(value.get("groups", ())),
    )
    replaced = one["replaced"]
    return NumberedVersion(
        int(one["version"]), float(one["created"]), None if replaced is None else float(replaced), new
    )


def _labels(packed: str, pages: int) -> str:
    labels = [label_of(packed, page) for page in range(1, pages + 1)] if packed else []
    "".join(labels).encode()  # raises ValueError for what no database stores
    return pack_labels(labels)


def _figures(packed: str, length: int, pages: int) -> str:
    figures = figures_of(packed)
    for one in figures:
        if not (0 <= one.start <= one.end <= length and 1 <= one.page <= pages):
            raise ValueError(f"{one!r} is no picture of the text")
    return pack_figures(figures)


def _block(value: list[Any], length: int) -> Block:
    kind, start, end, level, title, *more = value
    if kind not in _KINDS or not 0 <= int(start) <= int(end) <= length:
        raise ValueError(f"{value!r} is no block of the text")
    columns = None
    if more:
        names, body, labelled = more[0]
        if not int(start) <= int(body) <= int(end):
            raise ValueError(f"{value!r} is no table of the text")
        columns = Columns(tuple(map(str, names)), int(body), labelled=bool(labelled))
    return Block(kind, int(start), int(end), int(level), str(title), columns)
