"""Do again what a database has forgotten: one that was restored, or a standby that lacked commits."""

import logging
import time

from index.errors import LoccitError
from index.library import Library
from service.state.files import FileStore, erase_again
from service.state.identity import Keyring

_log = logging.getLogger("loccit.upkeep")


class Replaying:
    """Erases and revokes again what the ledger says that machines share, and the database does not know.

    Nothing happens where there is none. Several processes may do so at once. Methods raise
    :class:`index.errors.LedgerFailed`, and what opening a collection raises.
    """

    def __init__(self, library: Library, keyring: Keyring, files: FileStore) -> None:
        self._library = library
        self._keyring = keyring
        self._files = files
        self._is_due = False
        self._problem = ""

    def replay(self) -> None:
        """Do again what is not done; then enter the revoked keys that the ledger lacks."""
        ledger = self._library.ledger
        if (undone := ledger.undone()) is not None:
            versions, collections = self._library.erase_again(undone.tags)
            files = erase_again(self._files, undone.tags)
            keys = self._revoke_again(undone.tags.keys)
            ledger.note_done(undone)
            if versions or collections or files or keys:
                _log.warning(
                    "The database was behind the ledger of erasures, as one that was restored is. Erased "
                    "again: %d versions of documents, %d collections and %d files. Revoked again: %d keys.",
                    *(versions, collections, files, keys),
                )
        ledger.add_keys(key.id for key in self._keyring.store.all() if key.revoked is not None)

    def replay_if_taken_over(self) -> None:
        """Replay if another server of the database writes than at the last call; failures are logged.

        The service goes on meanwhile, and tries again at the next call.
        """
        try:
            self._is_due = self._library.ledger.was_taken_over() or self._is_due
            if self._is_due:
                self.replay()
        except LoccitError as error:
            if error.message != self._problem:
                self._problem = error.message
                _log.warning("What another server has forgotten is not erased again yet: %s", error.message)
        else:
            self._is_due, self._problem = False, ""

    def _revoke_again(self, ids: frozenset[str]) -> int:
        again = [key.id for key in self._keyring.store.all() if key.id in ids and key.revoked is None]
        for id_ in again:
            self._keyring.store.revoke(id_, time.time())
        if again:
            self._keyring.refresh()
        return len(again)
