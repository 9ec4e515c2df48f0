"""Documents that are stored already: renamed, described, deleted, pruned."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from index import page_search
from index.archive import Archive
from index.errors import CollectionBusy
from index.naming import checked_document_id, checked_metadata
from index.protocols import RecordStore
from index.records import DocumentRecord
from index.retention import Pruning, Retention, pruning


class EditableArchive(Archive):
    """An archive whose documents can be changed, without a model, by one process at a time.

    Whoever derives from it is told by ``_catch_up`` of what was committed, and by ``_forget`` that
    something was erased. Methods that write raise :class:`index.errors.CollectionBusy`.
    """

    def __init__(self, store: RecordStore, folder: Path, *, lock_seconds: float) -> None:
        super().__init__(store)
        self.folder = folder
        self.name = folder.name
        self._lock_seconds = lock_seconds
        self._locking = threading.RLock()
        self._write_lock = FileLock(folder / "write.lock", thread_local=False)

    def rename(self, document_id: str, to: str) -> DocumentRecord:
        """Give a document another id; what cites it by the old one still resolves. Nothing is embedded.

        Raises :class:`index.errors.DocumentNotFound`, and :class:`index.errors.InvalidDocumentId` for an
        id that is not allowed, or is a document's already; :class:`index.errors.HashCollision`.
        """
        to = checked_document_id(to)
        with self._writing():
            record = self._store.rename(document_id, to)
            self._catch_up()
        return record

    def describe(
        self, document_id: str, metadata: Mapping[str, object], *, source: str | None = None
    ) -> DocumentRecord:
        """Change what is known of a document beside its text. Nothing is embedded.

        A value of None takes an entry of the metadata away; entries that are not named stay. Raises
        :class:`index.errors.DocumentNotFound`, :class:`index.errors.InvalidMetadata`.
        """
        named = {key: value for key, value in metadata.items() if value is not None}
        checked = checked_metadata(named)
        with self._writing():
            known = self._store.document(document_id)
            kept = {key: value for key, value in known.metadata.items() if key not in metadata}
            record = self._store.describe(
                document_id,
                checked_metadata({**kept, **checked}),
                source=known.source if source is None else source,
            )
            self._catch_up()
        return record

    def delete(self, document_id: str) -> DocumentRecord:
        """Erase a document with all its versions; returns what it was."""
        with self._writing():
            record = self._store.delete(document_id)
            self._forget()
            self._catch_up()
        return record

    def pruning(self, retention: Retention, citations: Iterable[str] = ()) -> Pruning:
        """What :meth:`prune` would erase, and which of the citations (locators) it would break."""
        return pruning(self._store, retention, citations, time.time())

    def prune(self, retention: Retention, citations: Iterable[str] = ()) -> Pruning:
        """Erase old versions, for good. Returns them, and those of the citations that are broken now."""
        with self._writing():
            plan = self.pruning(retention, citations)
            if plan.versions:
                self._store.prune([version.key for version in plan.versions])
                self._forget()
                self._catch_up()
        return plan

    def _forget(self) -> None:
        """Nothing of what was erased stays in memory."""
        self._store.forget()
        self._known.clear()
        page_search.forget()

    def _catch_up(self) -> None:
        """Something was committed."""

    @contextmanager
    def _writing(self, seconds: float | None = None) -> Iterator[None]:
        seconds = self._lock_seconds if seconds is None else seconds
        try:
            with self._locking, self._write_lock.acquire(timeout=seconds):
                yield
        except Timeout as error:
            raise CollectionBusy(
                f"The collection {self.name!r} is being written by another process. Try again in a moment."
            ) from error
