"""Read access to a collection's record, which needs neither an index nor a model."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

from index.answers import Citation
from index.citations import page_search
from index.citations.citing import Locator, parse_locator
from index.citations.quotes.anchoring import AnchoringText
from index.citations.resolution import Resolution
from index.citations.supersession import superseded_by
from index.errors import DocumentRetired, OriginalNotFound, PageNotFound
from index.filters import Filter
from index.history.changes import ChangeFeed, CitationStatus, change_at, citation_statuses, read_feed
from index.history.exporting import export_documents
from index.naming import stored_id
from index.protocols import Originals, RecordStore, Snapshot
from index.readers import PageImage, Readers
from index.records import Counts, DocumentRecord, Mark, RefusedMirror, Structure, VersionRecord
from index.text.cache import TextCache
from index.text.differences import Hunk, line_diff
from index.text.figures import figure_in
from index.types import Figure

_PREPARED = 4_000_000
"""Code points of texts cached for anchoring, about 20 bytes each."""
_DOCUMENTS = 1000
"""Documents that are read at once where all are wanted."""


class Archive:
    """Documents with their versions, texts and pages, the citations into them, and the change feed.

    ``readers`` draw pages. Each method reads one snapshot of the record, what readers ask for also that of a
    standby. Safe to use from several threads.
    """

    def __init__(self, store: RecordStore, originals: Originals, readers: Readers) -> None:
        self._store = store
        self._originals = originals
        self._images = PageImages(originals, readers)
        self._prepared = TextCache[AnchoringText](_PREPARED, lambda one: len(one.text))

    def of(self, store: RecordStore) -> Archive:
        """The same archive, read through a restricted view of its store."""
        seen = copy.copy(self)
        seen._store = store
        return seen

    # Documents

    def find_document(self, document_id: str, *, retired: bool = False) -> DocumentRecord | None:
        """Return the document with this id, or None; a retired one only with ``retired``."""
        with self._store.snapshot(standby=True) as moment:
            return moment.find_document(document_id, retired=retired)

    def document(self, document_id: str) -> DocumentRecord:
        """Return the document with this id.

        Raises :class:`index.errors.DocumentNotFound`, :class:`index.errors.DocumentRetired`.
        """
        with self._store.snapshot(standby=True) as moment:
            return moment.document(document_id)

    def renamed_to(self, document_id: str) -> str | None:
        """The id today of the document that had this id last; None if no document had it."""
        with self._store.snapshot() as moment:
            return moment.renamed_to(document_id)

    def documents(
        self,
        *,
        limit: int = 100,
        after: str = "",
        prefix: str = "",
        where: Filter | None = None,
        retired: bool = False,
    ) -> list[DocumentRecord]:
        """List documents in order of their ids, after id ``after`` and with this ``prefix``.

        Retired ones only with ``retired``.
        """
        with self._store.snapshot(standby=True) as moment:
            return moment.documents(
                limit=limit, after=after, prefix=stored_id(prefix), where=where, retired=retired
            )

    def all_documents(self, *, retired: bool = False) -> Iterator[DocumentRecord]:
        """Yield all documents in order of their ids, some at a time, each time as they are then.

        Retired ones only with ``retired``.
        """
        last = ""
        while page := self.documents(limit=_DOCUMENTS, after=last, retired=retired):
            yield from page
            last = page[-1].id

    def superseded_by(self, document_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The documents that supersede some, by the ids of these."""
        with self._store.snapshot() as moment:
            return superseded_by(moment, document_ids)

    def documents_of_source(self, sha256: bytes) -> list[DocumentRecord]:
        """Return the documents, not retired, whose newest version was read from the bytes with this hash."""
        with self._store.snapshot() as moment:
            return moment.documents_of_source(sha256)

    def last_mark(self) -> Mark:
        """Identifies the last change, also among those of a collection of this name that was deleted."""
        with self._store.snapshot() as moment:
            return moment.mark

    def counts(self) -> Counts:
        """Count the contents of the collection."""
        with self._store.snapshot() as moment:
            return moment.counts()

    def change_at(self, time: float) -> int:
        """The number of the last change at a time, in seconds since the epoch; 0 before the first.

        Where the clock was set back, it is the last change before one that is later than the time.
        """
        with self._store.snapshot() as moment:
            return change_at(moment, time)

    def waiting_since(self) -> float | None:
        """The time at which the oldest version with passages without a vector was stored, in Unix seconds.

        None if all have one.
        """
        return self._store.waiting_since()

    def retired_before(self, time: float) -> list[DocumentRecord]:
        """Return the documents that were retired before a time (seconds since the epoch)."""
        with self._store.snapshot() as moment:
            return moment.retired_before(time)

    def refused_mirrors(self) -> list[RefusedMirror]:
        """Return the folders whose last mirror was refused."""
        with self._store.snapshot() as moment:
            return moment.refused_mirrors()

    def connections(self) -> dict[str, Any]:
        """Return what connects the collection with other programs, as JSON values."""
        with self._store.snapshot() as moment:
            return moment.connections()

    # Versions

    def text(self, document_id: str, version: int | None = None) -> tuple[VersionRecord, str]:
        """Return a version, by default the newest, and its whole text, checked against its hash.

        Raises :class:`index.errors.DocumentNotFound`, :class:`index.errors.VersionNotFound`, and without a
        number :class:`index.errors.DocumentRetired`.
        """
        with self._store.snapshot(standby=True) as moment:
            record = _version(moment, document_id, version)
            return record, moment.text(record.text_sha256)

    def structured_text(self, document_id: str) -> tuple[VersionRecord, str, Structure]:
        """Return the newest version, its whole text, checked against its hash, and its blocks and pages.

        Raises :class:`index.errors.DocumentNotFound`, :class:`index.errors.DocumentRetired`.
        """
        with self._store.snapshot(standby=True) as moment:
            record = _version(moment, document_id, None)
            return record, moment.text(record.text_sha256), moment.structure(record)

    def versions(self, document_id: str) -> list[VersionRecord]:
        """List the stored versions, newest first. Raises :class:`index.errors.DocumentNotFound`."""
        with self._store.snapshot(standby=True) as moment:
            return moment.versions(document_id)

    def version(self, document_id: str, version: int | None = None) -> VersionRecord:
        """Return a version, by default the newest. Raises what :meth:`text` does."""
        with self._store.snapshot(standby=True) as moment:
            return _version(moment, document_id, version)

    def original(self, document_id: str, version: int | None = None) -> tuple[VersionRecord, BinaryIO]:
        """Return a version, by default the newest, and the bytes that it was read from, open and seekable.

        Raises :class:`index.errors.DocumentNotFound`, :class:`index.errors.VersionNotFound`, without a number
        :class:`index.errors.DocumentRetired`, and :class:`index.errors.OriginalNotFound` where the bytes are
        not kept.
        """
        with self._store.snapshot(standby=True) as moment:
            record = _version(moment, document_id, version)
            if moment.originals([record.source_sha256]):
                with suppress(FileNotFoundError):
                    return record, self._originals.open(record.source_sha256)
        raise _no_original(record)

    def page_image(
        self,
        document_id: str,
        page: int,
        *,
        width: int,
        version: int | None = None,
        figure: int | None = None,
    ) -> tuple[VersionRecord, PageImage]:
        """Return a version, by default the newest, and one of its pages as a picture ``width`` pixels wide.

        ``page`` counts from 1. With ``figure``, the offset at which the caption of a picture begins, only
        that picture. Raises what :meth:`original` and :meth:`index.readers.Readers.draw` do, and
        :class:`index.errors.PageNotFound` for a document that is no PDF file, or has no such picture.
        """
        with self._store.snapshot(standby=True) as moment:
            record = _version(moment, document_id, version)
            if not has_page_images(record):
                raise PageNotFound(
                    f"{document_id!r} has no pages to draw: only those of PDF files are drawn."
                )
            is_kept, change = bool(moment.originals([record.source_sha256])), moment.change
        part = page if figure is None else _figure(record, page, figure)
        if is_kept:
            with suppress(FileNotFoundError):
                return record, self._images.get(record, part, width, change)
        raise _no_original(record)

    def keeps_original(self, sha256: bytes) -> bool:
        """Whether the bytes with this hash are kept."""
        with self._store.snapshot() as moment:
            return bool(moment.originals([sha256]))

    def diff(
        self, document_id: str, old: int, new: int | None = None
    ) -> tuple[VersionRecord, VersionRecord, tuple[Hunk, ...]]:
        """Return the line differences from one version to another, by default the newest.

        Raises :class:`index.errors.DocumentNotFound`, :class:`index.errors.VersionNotFound`, and without a
        new number :class:`index.errors.DocumentRetired`.
        """
        with self._store.snapshot(standby=True) as moment:
            before, after = moment.version(document_id, old), _version(moment, document_id, new)
            old_text, new_text = moment.text(before.text_sha256), moment.text(after.text_sha256)
        return before, after, line_diff(old_text, new_text)

    def export(self, collection: str, *, originals: bool = True) -> Iterator[dict[str, Any]]:
        """Yield a header and all documents as JSON values; see :mod:`index.history.exporting`."""
        return export_documents(self._store, self._originals if originals else None, collection)

    # Citations

    def cite(self, locator: str) -> Citation:
        """Return the citation that a locator names, in the newest version or an older one.

        Raises :class:`index.errors.InvalidLocator`, :class:`index.errors.CitationNotFound`.
        """
        wanted = parse_locator(locator)
        with self.resolution() as resolution:
            return resolution.cite(wanted)

    @contextmanager
    def resolution(self) -> Iterator[Resolution]:
        """Open a snapshot of the record to resolve citations in."""
        with self._store.snapshot(standby=True) as moment:
            yield Resolution(moment, self._prepared)

    # Changes

    def changes(
        self,
        *,
        since: int = 0,
        until: int | None = None,
        limit: int = 100,
        locators: Sequence[Locator] = (),
    ) -> tuple[ChangeFeed, list[CitationStatus]]:
        """Return about ``limit`` events of the changes after ``since``, up to ``until``.

        Also returns the status of each citation after the last of these changes. Raises
        :class:`index.errors.ChangeNotFound` for changes that have not happened.
        """
        with self.resolution() as resolution:
            feed = read_feed(resolution.moment, since, until, limit)
            return feed, citation_statuses(resolution, locators, feed.until)

    # Embedding

    def last_passage(self) -> int:
        """Return the highest passage id ever assigned, or 0."""
        return self._store.last_passage()

    def waiting(self, up_to: int) -> int:
        """Count the passages up to this id that have no vector yet."""
        return self._store.waiting(up_to)

    def forget(self, change: int) -> None:
        """Drop all texts cached in memory, because this change or an earlier one erased something."""
        self._store.forget()
        self._prepared.clear(change)
        self._images.forget(change)
        page_search.forget()


def _version(moment: Snapshot, document_id: str, number: int | None) -> VersionRecord:
    """The version with this number, without one the newest of a document that is not retired."""
    version = moment.version(document_id, number)
    if number is None and version.retired is not None:
        raise DocumentRetired.of(document_id, version.retired)
    return version


def _no_original(version: VersionRecord) -> OriginalNotFound:
    return OriginalNotFound(
        f"The original of version {version.number} of {version.document_id!r} is not kept. Put the document "
        "again with the same bytes, and it is kept from then on, unless the settings say that none is."
    )


def _figure(version: VersionRecord, page: int, start: int) -> Figure:
    """The picture on a page whose caption begins at an offset. Raises :class:`index.errors.PageNotFound`."""
    found = figure_in(version.figures, start, start + 1)
    if found is None or (found.page, found.start) != (page, start):
        raise PageNotFound(
            f"Page {page} of {version.document_id!r} has no picture whose caption begins at {start}: take "
            "page and offset from the link `figure` of a citation."
        )
    return found


# Pictures of the pages of documents, drawn from their originals when they are asked for.


_MOST = 16 * 2**20
"""Bytes of pictures that are kept in memory, about a hundred pages."""
_PDF = "application/pdf"


def has_page_images(version: VersionRecord) -> bool:
    """Whether the pages of a version can be drawn where its original is kept."""
    return version.media_type == _PDF


class PageImages:
    """Draws pages of PDF files, and keeps those drawn last in memory, never on disk. Thread-safe.

    Nothing of an erased document stays or comes back after :meth:`forget`.
    """

    def __init__(self, originals: Originals, readers: Readers) -> None:
        self._originals = originals
        self._readers = readers
        self._drawn = TextCache[PageImage](_MOST, lambda one: len(one.png))

    def get(self, version: VersionRecord, part: Figure | int, width: int, change: int) -> PageImage:
        """A page of a version as a picture, by its number, or only a figure on it.

        ``change`` is that of the snapshot that has the version. Raises :class:`FileNotFoundError` if the
        original is not kept, and what :meth:`index.readers.Readers.draw` raises.
        """
        key = version.source_sha256 + f" {part} {width}".encode()
        return self._drawn.get(key, lambda _: self._draw(version, part, width), change)

    def forget(self, change: int) -> None:
        """Drop all pictures, because this change or an earlier one erased something."""
        self._drawn.clear(change)

    def _draw(self, version: VersionRecord, part: Figure | int, width: int) -> PageImage:
        with self._originals.open(version.source_sha256) as file:
            data = file.read()
        if isinstance(part, int):
            return self._readers.draw(data, name=version.document_id, page=part, width=width)
        return self._readers.draw(data, name=version.document_id, page=part.page, width=width, part=part)
