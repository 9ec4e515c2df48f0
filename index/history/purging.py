"""Purging: remove the bytes of erased documents from all files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from index.errors import CollectionBusy
from index.protocols import Engine, Originals, RecordStore
from index.records import Erasure

PurgeState = Literal["pending", "done"]

_LONGEST_READ = 20.0
"""Seconds for which a request may go on reading what was erased since it began."""


class Purging:
    """Removes erased bytes from the files of a collection: journal and freed space, indexes, originals.

    An erasure is pending until this has succeeded; the record remembers that, so that what a killed process
    left is removed by the next one. One process does it at a time.
    """

    def __init__(
        self,
        store: RecordStore,
        engine: Callable[[], Engine],
        originals: Originals,
        *,
        lock_seconds: float,
    ) -> None:
        """``engine`` returns the one in use, another one after an upgrade."""
        self._store = store
        self._engine = engine
        self._originals = originals
        self._lock_seconds = lock_seconds
        # The change whose erasures the indexes are rid of, so that waiting for readers costs little.
        self._rid = 0

    @property
    def state(self) -> PurgeState:
        """``pending`` while files may hold erased bytes, else ``done``."""
        return "done" if self.pending() is None else "pending"

    def pending(self) -> Erasure | None:
        """The erasure that files may still contain; None without one."""
        return self._store.unpurged()

    def run(self, erasure: Erasure, *, first: Callable[[], bool] = lambda: True) -> bool:
        """Remove erased bytes; False while another process does it, or files are in use: try again.

        ``first`` removes them from files of the caller beside the collection; False ends the attempt. Takes
        time in proportion to the size of the collection if passages are removed from its indexes.
        Raises :class:`index.errors.StoreDamaged`, OSError.
        """
        self._store.end_snapshots(older_than=_LONGEST_READ)
        try:
            with self._store.lease("purge"):
                if not first():
                    return False
                if self._rid < erasure.change:
                    if not self._engine().purge(erasure.change):
                        return False
                    self._rid = erasure.change
                self.sweep()
                return self._store.purge(erasure)
        except CollectionBusy:
            return False

    def cleanse(self) -> bool:
        """Remove from files of this machine what other machines have erased; False: try again later.

        Cheap without any. Raises as :meth:`run`.
        """
        change = self._store.last_erasure()
        return change <= self._rid or self._engine().cleanse(change)

    def sweep(self) -> None:
        """Remove originals that no version was read from. Raises :class:`index.errors.CollectionBusy`."""
        with self._store.lease("write", seconds=self._lock_seconds) as lease:
            with self._store.snapshot() as moment:
                keep = moment.all_originals()
            self._originals.sweep(keep, lease.check)
