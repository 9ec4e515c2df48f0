"""Edit stored documents: rename, describe, retire, delete, prune."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from index.citations.citing import Locator
from index.history.retention import Pruning, Retention, plan_pruning
from index.naming import (
    validate_document_id,
    validate_groups,
    validate_metadata,
    validate_stored_metadata,
)
from index.protocols import RecordStore
from index.provenance import edit_metadata
from index.records import DocumentRecord, RefusedMirror

_ERASED_AT_ONCE = 100


class Editor:
    """Changes documents under the record's ``write`` lease. Needs no model.

    ``committed`` is called, under the lease, after each change. Methods that write raise
    :class:`index.errors.CollectionBusy` after ``lock_seconds``.
    """

    def __init__(self, store: RecordStore, *, lock_seconds: float, committed: Callable[[], object]) -> None:
        self._store = store
        self._lock_seconds = lock_seconds
        self._committed = committed

    def of(self, store: RecordStore) -> Editor:
        """The same editor, for a restricted view of its store."""
        return Editor(store, lock_seconds=self._lock_seconds, committed=self._committed)

    def rename(self, document_id: str, to: str, *, origin: str | None = None) -> DocumentRecord:
        """Give a document another id; locators with the old one still resolve. Nothing is embedded.

        ``origin`` is where it comes from now, if that is elsewhere. Raises
        :class:`index.errors.DocumentNotFound`, and :class:`index.errors.InvalidDocumentId` for an id that is
        not allowed, or in use; :class:`index.errors.HashCollision`.
        """
        to = validate_document_id(to)
        with self.writing():
            return self._store.rename(document_id, to, origin=origin)

    def describe(
        self,
        document_id: str,
        metadata: Mapping[str, object],
        *,
        source: str | None = None,
        groups: Sequence[str] | None = None,
    ) -> DocumentRecord:
        """Change a document's metadata, source and groups. Nothing is embedded.

        A value of None removes an entry of the metadata; other entries stay. Without any group everyone
        may read the document. Raises :class:`index.errors.DocumentNotFound`,
        :class:`index.errors.InvalidMetadata`, :class:`index.errors.InvalidGroup`.
        """
        groups = None if groups is None else validate_groups(groups)
        named = {key: value for key, value in metadata.items() if value is not None}
        checked = validate_metadata(named)
        with self.writing():
            with self._store.snapshot() as moment:
                known = moment.document(document_id)
            changes = {**dict.fromkeys(metadata), **checked}
            return self._store.describe(
                document_id,
                validate_stored_metadata(edit_metadata(known.metadata, changes)),
                source=known.source if source is None else source,
                groups=groups,
            )

    def withdraw(self, document_ids: Sequence[str]) -> list[DocumentRecord]:
        """Retire documents, all or none, and let no group read what is stored of them; returns their records.

        Those that are retired already are closed as well. :func:`index.naming.reopened_groups` has the groups
        that they had. Raises :class:`index.errors.DocumentNotFound`.
        """
        with self.writing():
            return self._store.retire(document_ids, closing=True)

    def retire(self, document_ids: Sequence[str]) -> list[DocumentRecord]:
        """Retire documents, all or none, so that questions no longer find them; returns their last records.

        Their citations still resolve, with the standing ``gone`` since now. Putting a document again
        restores it. Raises :class:`index.errors.DocumentNotFound`, :class:`index.errors.DocumentRetired`.
        """
        with self.writing():
            return self._store.retire(document_ids)

    def delete(self, document_id: str) -> DocumentRecord:
        """Erase a document, retired or not, with all its versions; returns its last record."""
        with self.writing():
            return self._store.delete(document_id)

    def erase_retired(self, before: float, among: Mapping[int, float | None]) -> list[DocumentRecord]:
        """Erase documents that were retired before a time (seconds since the epoch); returns them.

        ``among`` has the keys of documents and when they were retired: only these are erased, unless they
        were restored.
        """

        def overdue() -> list[DocumentRecord]:
            with self._store.snapshot() as moment:
                found = moment.retired_before(before)
            return [one for one in found if one.key in among and among[one.key] == one.retired]

        erased: list[DocumentRecord] = []
        while overdue():
            with self.writing():  # again for each part, so that others can write in between
                part = overdue()[:_ERASED_AT_ONCE]
                for record in part:
                    self._store.delete(record.id)
            erased += part
        return erased

    def set_refused_mirrors(self, change: Callable[[list[RefusedMirror]], list[RefusedMirror]]) -> None:
        """Replace the list of refused mirrors by what ``change`` returns for it."""
        with self._store.snapshot() as moment:
            known = moment.refused_mirrors()
        if change(known) == known:
            return
        with self._store.lease("write", seconds=self._lock_seconds):
            with self._store.snapshot() as moment:
                known = moment.refused_mirrors()
            self._store.set_refused_mirrors(change(known))

    def set_connections(self, change: Callable[[dict[str, Any]], Mapping[str, Any]]) -> None:
        """Replace what connects the collection with other programs by what ``change`` returns for it.

        ``change`` is called under the lease, so that of two changes none is lost. It returns JSON values.
        """
        with self._store.lease("write", seconds=self._lock_seconds):
            with self._store.snapshot() as moment:
                known = moment.connections()
            if (changed := change(copy.deepcopy(known))) != known:
                self._store.set_connections(changed)

    def running(self, source: str) -> AbstractContextManager[object]:
        """Run a source alone, until the block ends: other documents may be written meanwhile.

        Raises :class:`index.errors.CollectionBusy` while another process runs it.
        """
        return self._store.lease(f"source/{source}")

    def plan_prune(self, retention: Retention, locators: Iterable[Locator] = ()) -> Pruning:
        """Return what :meth:`prune` would erase, and the citations it would break."""
        with self._store.snapshot() as moment:
            return plan_pruning(moment, retention, locators, time.time())

    def prune(self, retention: Retention, locators: Iterable[Locator] = ()) -> Pruning:
        """Erase old versions and retired documents; returns them and the citations that this breaks."""
        with self.writing():
            plan = self.plan_prune(retention, locators)
            if plan.versions:
                self._store.prune([version.key for version in plan.versions])
            for document in plan.documents:
                self._store.delete(document.id)
        return plan

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the ``write`` lease for one commit and until the indexes have applied it."""
        with self._store.lease("write", seconds=self._lock_seconds):
            yield
            self._committed()
