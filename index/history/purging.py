"""Purging: remove the bytes of erased documents from all files."""

import time
from collections.abc import Callable, Iterable
from typing import Literal

from index.errors import CollectionBusy
from index.protocols import Engine, Originals, RecordStore, Stray
from index.records import Erasure

PurgeState = Literal["pending", "done"]

_LONGEST_READ = 20.0
"""Seconds for which a request may go on reading what was erased since it began."""
_TOGETHER = 100
"""Originals that are removed while others cannot write."""
_IDLE_SECONDS = 3600.0
"""Age from which on a file that the record does not name belongs to no write that is under way."""
_SWEEP_SECONDS = 86_400.0


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
                self._remove_discarded(erasure)
                return self._store.purge(erasure)
        except CollectionBusy:
            return False

    def cleanse(self) -> bool:
        """Remove from files of this machine what other machines have erased; False: try again later.

        Cheap without any. Raises as :meth:`run`.
        """
        change = self._store.last_erasure()
        return change <= self._rid or self._engine().cleanse(change)

    def claim(self) -> bool:
        """True if deleting originals is up to this database; a place without an owner is claimed by that."""
        return self._originals.claim()

    def is_sweep_due(self) -> bool:
        """Tell whether the last sweep is long ago. The first one is due a day after this was first asked."""
        last = self._store.last_sweep()
        if not last:
            self._store.note_sweep(time.time())
        return bool(last) and time.time() - last >= _SWEEP_SECONDS

    def strays(self, *, idle_seconds: float = _IDLE_SECONDS) -> list[Stray]:
        """List files that belong to no version, and were written so long ago that no write is under way."""
        limit = time.time() - idle_seconds
        with self._store.snapshot() as moment:
            keep = moment.all_originals()
        return [one for one in self._originals.strays(keep) if one.written <= limit]

    def sweep(self, *, idle_seconds: float = 0.0) -> int:
        """Remove files that no version was read from, such as those of writes that failed.

        Lists all of them, without the write lease; then holds that for a hundred at a time. Returns how many
        were removed. Raises :class:`index.errors.CollectionBusy`, :class:`index.errors.ObjectsOfAnother`.
        """
        found = self.strays(idle_seconds=idle_seconds)
        removed = 0
        for first in range(0, len(found), _TOGETHER):
            part = found[first : first + _TOGETHER]
            with self._store.lease("write", seconds=self._lock_seconds) as lease:
                needed = self._needed(one.sha256 for one in part if one.sha256)
                unwanted = [one for one in part if one.sha256 not in needed]
                lease.check()
                self._originals.remove_strays(unwanted)
                removed += len(unwanted)
        self._store.note_sweep(time.time())
        return removed

    def sweep_strays(self) -> int:
        """Sweep, in one process of all, what no write that is under way may need; returns how many."""
        try:
            with self._store.lease("sweep"):
                return self.sweep(idle_seconds=_IDLE_SECONDS) if self.is_sweep_due() else 0
        except CollectionBusy:
            return 0

    def _remove_discarded(self, erasure: Erasure) -> None:
        """Remove originals that no version needs, by their names, or by a sweep where these are not known."""
        names = self._store.discarded_originals(erasure.change)
        if names is None:
            self.sweep()
            self._store.forget_all_discarded(erasure.change)
            return
        ordered = sorted(names)
        for first in range(0, len(ordered), _TOGETHER):
            part = ordered[first : first + _TOGETHER]
            with self._store.lease("write", seconds=self._lock_seconds) as lease:
                unwanted = set(part) - self._needed(part)
                lease.check()
                self._originals.remove(unwanted)
                self._store.forget_discarded(part)

    def _needed(self, sha256s: Iterable[bytes]) -> set[bytes]:
        with self._store.snapshot() as moment:
            return set(moment.originals(sha256s))
