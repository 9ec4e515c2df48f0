"""Erase what is kept of files beside the collections, when a document or a collection is erased."""

import time
from collections.abc import Iterable, Mapping

from index.errors import LedgerFailed
from index.history import Ledger
from service.state.erasures import is_erased_since
from service.state.files.records import Attachment, UploadedFile
from service.state.files.store import FileStore


class FileErasure:
    """Erases uploads whose documents were erased. Repeating an erasure is harmless.

    An upload that was detached before its document was erased stays: its owner keeps it, to attach it again.
    One that is attached to another collection stays until it is erased there, too.
    """

    def __init__(self, store: FileStore, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger

    def erase_file(self, file: UploadedFile, *, known: Iterable[Attachment] | None = None) -> bool:
        """Erase a file, which no backup brings back.

        With ``known``, only if these are all its attachments: False if it was attached again meanwhile.
        Raises :class:`index.errors.LedgerFailed`.
        """
        # It is hidden before the ledger has it, so that nothing is attached that a restore would erase.
        if not self._store.begin_erasing(file.id, known=known):
            return False
        try:
            self._ledger.add_files([file.tag])
        except LedgerFailed:
            self._store.cancel_erasing(file.id)
            raise
        self._store.finish_erasing(file.id)
        return True

    def erase_documents(self, collection: str, documents: Mapping[str, float]) -> bool:
        """Erase what is kept of documents, given by their ids and the times of their erasure.

        Files that were attached again after that are left alone. False: try again later.
        """
        now = time.time()
        concerned = [
            one
            for one in self._store.attachments(collection=collection)
            if is_erased_since(one.created, one.document_id, documents, now=now)
        ]
        # Even if nothing is concerned: what was detached before must leave the files, too.
        return self._erase(concerned)

    def erase_deleted(self, existing: set[str]) -> bool:
        """Erase what is kept of collections that were deleted; False: try again later."""
        for file in self._store.erasing():  # a crash interrupted it
            self.erase_file(file)
        self._store.sweep()
        gone = self._store.collections() - existing
        for name in gone:
            self._store.remove_label(name)
        return self._erase(one for name in gone for one in self._store.attachments(collection=name))

    def _erase(self, concerned: Iterable[Attachment]) -> bool:
        for one in concerned:
            file = self._store.file(one.file_id)
            others = [
                other
                for other in self._store.attachments(file_id=one.file_id)
                if other.collection != one.collection
            ]
            # The file first: after a crash, the attachment still says that it is to be erased.
            if file is not None and not others:
                self.erase_file(file, known=[one])
            self._store.detach([one])
        return self._store.purge()
