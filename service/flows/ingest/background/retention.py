"""Background thread that erases documents when they have been retired for long enough."""

import logging
import time

from index.errors import CollectionBusy, CollectionNotFound, InvalidCollectionName
from index.library import Library
from service.background import BackgroundThread

log = logging.getLogger("loccit.service")

_PERIOD_SECONDS = 3600.0
_DAY = 86_400.0


class RetentionWorker(BackgroundThread):
    """Erases the documents of all collections that were retired more than ``keep_days`` ago.

    It looks once in a period, and erases what was overdue at the look before too: a clock that is wrong for
    less than a period erases nothing. Without ``keep_days`` retired documents are kept for good.
    """

    thread_name = "loccit-retention"

    def __init__(
        self, library: Library, *, keep_days: float | None, period_seconds: float = _PERIOD_SECONDS
    ) -> None:
        super().__init__()
        self._library = library
        self._keep_days = keep_days
        self._period_seconds = period_seconds
        self._overdue: dict[str, dict[int, float | None]] = {}
        self.looks = 0
        """Number of times that it looked at all collections."""

    def start(self) -> None:
        """Start the thread, if documents are not kept for good."""
        if self._keep_days is not None:
            super().start()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                names = self._library.names()
            except Exception:
                log.exception("Retired documents are not erased.")
                names = []
            for name in names:
                if not self._stopped.is_set():
                    self._look(name)
            self.looks += 1
            self._stopped.wait(self._period_seconds)

    def _look(self, name: str) -> None:
        """Erase what is overdue at this look and was so at the last one."""
        assert self._keep_days is not None  # noqa: S101 -- the thread runs only with a number of days
        before = time.time() - self._keep_days * _DAY
        try:
            collection = self._library.open(name)
            known = self._overdue.get(name, {})
            erased = collection.editor.erase_retired(before, known)
            self._overdue[name] = {one.key: one.retired for one in collection.archive.retired_before(before)}
        except (CollectionNotFound, InvalidCollectionName, CollectionBusy):
            return  # deleted, or locked by another process: looked at again
        except Exception:
            log.exception("Retired documents of the collection %r are not erased.", name)
        else:
            if erased:
                log.info(
                    "The collection %r: erased %d documents that were retired more than %g days ago.",
                    name,
                    len(erased),
                    self._keep_days,
                )
