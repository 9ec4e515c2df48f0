"""The vectors of an embedded engine: follow the record, are compacted, purged and repaired."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from index.engine.following import FollowedRecord, add_vectors
from index.engine.generations import FILES_LEASE
from index.engine.lexical import TantivyIndex
from index.engine.repairs import Repairs
from index.engine.shared_base import SharedBase
from index.engine.shared_words import SharedWords
from index.engine.vectors import FaissIndex
from index.errors import CollectionBusy, DiskFull, DiskReadOnly, StoreDamaged
from index.file_leases import FileLeases
from index.protocols import Snapshot

# The words of an embedded engine: follow the record, are written again, purged and repaired.


class LexicalSide:
    """Keeps an index of words up to date with a record. Writers hold one of ``leases``.

    Where machines share their indexes, ``shared`` has the words that one has made.
    """

    def __init__(
        self,
        index: TantivyIndex,
        followed: FollowedRecord,
        repairs: Repairs,
        leases: FileLeases,
        shared: SharedWords | None,
    ) -> None:
        self._index = index
        self._shared = shared
        self._followed = followed
        self._repairs = repairs
        self._leases = leases
        self._updating = threading.RLock()
        self.rebuilding = threading.Lock()
        """Held by the thread that writes all words again."""

    def disown(self, moment: Snapshot) -> None:
        """Empty the index if it follows another history of the record: an update fills it again."""
        with self._updating:
            self._followed.disown("lexical", self._index, moment)

    def catch_up(self, moment: Snapshot) -> None:
        """Apply what was committed up to a snapshot, unless another process with this folder does.

        Raises :class:`index.errors.StoreDamaged`, OSError, :class:`index.engine.repairs.Stopped`.
        """
        self._index.refresh()
        if self._index.change < moment.change:
            # Another process may be updating the index, and need not get as far as this.
            with suppress(CollectionBusy), self._writing():
                self.update(moment)

    def update(self, moment: Snapshot) -> None:
        """Apply what was committed up to a snapshot, under the lease."""
        self._index.refresh()
        self.disown(moment)
        if not self._index.change and moment.change:
            self._adopt(moment)
        since, until = self._index.change, moment.mark
        if since < until.change:
            added = moment.added_texts(since, until.change)
            removed = moment.removed(since, until.change)
            self._index.update(until, added=self._repairs.unless_closed(added), removed=removed)

    def _adopt(self, moment: Snapshot) -> bool:
        """Use the words that another machine has published, if there are any; under the lease."""
        return self._shared is not None and self._shared.adopt(
            lambda mark: self._followed.has_been_at(mark, moment)
        )

    def maintain(self, *, background: bool) -> None:
        """Write words again when much was removed, and publish them when vectors were."""
        if self._repairs.has_failed("lexical"):
            return
        if not (self._index.should_rewrite or (self._shared is not None and self._shared.is_due)):
            return
        if background:
            self._repairs.run_in_background(self._maintain)
        else:
            self._maintain()

    def _maintain(self) -> None:
        """Remove passages that were dropped from the files, and publish what all machines may use."""
        try:
            with self.rebuilding:
                self._index.refresh()
                if self._index.should_rewrite:
                    self._write_again()
                if self._shared is not None:
                    self._shared.share()
        except StoreDamaged as error:
            self._repairs.report("lexical", error)
        except (CollectionBusy, DiskFull, DiskReadOnly, OSError) as error:
            _log.warning(
                "The words of the collection %r were not written again: %s", self._followed.name, error
            )

    def cleanse(self) -> None:
        """Remove passages that were dropped from the files, in the thread that holds :attr:`rebuilding`."""
        if self._shared is not None:
            self._shared.tidy()
        self._index.refresh()
        if self._index.has_removed:
            self._write_again()

    def renew(self, change: int) -> int:
        """Let no published words be of passages removed up to a change; see :meth:`SharedWords.renew`."""
        return self._shared.renew(change) if self._shared is not None else 0

    def _write_again(self) -> None:
        """Write again the words that share files with those of removed passages, as fast as possible."""
        if self._index.is_better_copied:
            self._index.copy(self._repairs.stop_if_closed)
            self._publish()
        elif not self._index.rewrite(self._writing):
            self._rebuild()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the right to write the index: of this folder, not of the record."""
        self._repairs.stop_if_closed()
        with self._leases.hold(FILES_LEASE, self._followed.lock_seconds):
            yield

    def _rebuild(self) -> None:
        with self._followed.store.snapshot(lasting=True) as moment:
            texts = self._repairs.unless_closed(moment.added_texts(0, moment.change))
            self._index.build(moment.mark, texts)
        self._publish()

    def _publish(self) -> None:
        with self._writing(), self._followed.store.snapshot(lasting=True) as moment:
            self._index.publish()
            self.update(moment)

    def check(self) -> None:
        """Compare all files with their checksums. Raises :class:`index.errors.StoreDamaged`."""
        with suppress(StoreDamaged):
            self._index.check()
            return
        # Unless a writer has merged files away meanwhile.
        with self._writing():
            self._index.refresh()
            self._index.check()

    def repair(self, *, catches_up: bool) -> None:
        """Make the index anew, or let one catch up that failed to follow the record."""
        with self.rebuilding:
            if catches_up or self._was_replaced() or self._is_replaced_by_shared():
                self._publish()
            else:
                self._rebuild()

    def _is_replaced_by_shared(self) -> bool:
        with self._writing(), self._followed.store.snapshot(lasting=True) as moment:
            return self._adopt(moment)

    def _was_replaced(self) -> bool:
        """Whether another process has made the index anew meanwhile."""
        before = self._index.name
        self._index.refresh()
        if self._index.name == before:
            return False
        with suppress(StoreDamaged):
            self.check()
            return True
        return False


_log = logging.getLogger("loccit.engine")


class DenseSide:
    """Keeps an index of vectors up to date with a record. The vectors have ``dimension`` components.

    ``shared`` is the base that machines share, if they do. ``reloaded`` is called when files of another
    process are used from now on.
    """

    def __init__(
        self,
        index: FaissIndex,
        followed: FollowedRecord,
        repairs: Repairs,
        *,
        dimension: int,
        shared: SharedBase | None,
        reloaded: Callable[[], None],
    ) -> None:
        self._index = index
        self._followed = followed
        self._repairs = repairs
        self._dimension = dimension
        self._shared = shared
        self._reloaded = reloaded
        self._updating = threading.RLock()

    def disown(self, moment: Snapshot) -> None:
        """Empty the index if it follows another history of the record: an update fills it again."""
        with self._updating:
            self._followed.disown("dense", self._index, moment)

    def update(self, moment: Snapshot) -> None:
        """Apply what was committed up to a snapshot. Raises :class:`index.errors.StoreDamaged`, OSError."""
        with self._updating:
            if self._reload(moment):
                self._reloaded()
            add_vectors(self._index, moment, self._dimension, self._repairs.unless_closed)

    def _reload(self, moment: Snapshot) -> bool:
        """Use the base that others have made since; returns whether there is one."""
        return self._shared.follow(moment) if self._shared else self._index.reload(moment.includes)

    def maintain(self, *, background: bool) -> None:
        """Build a new base when much was added or removed."""
        is_due = self._shared.is_due if self._shared else self._index.should_compact
        if self._repairs.has_failed("dense") or not is_due:
            return
        compact = self._shared.compact if self._shared else self._index.compact
        if background:
            self._index.compact_in_background(self._report, compact)
            return
        try:
            compact()
        except StoreDamaged as error:
            self._report(error)

    def purge(self, change: int, *, update: Callable[[], object], words: Callable[[int], int]) -> bool:
        """Write files anew that hold vectors removed up to a change; returns whether that is done.

        ``update`` brings the engine to the record as it is, ``words`` does the same with published words.
        """
        return self._shared.purge(change, update, words) if self._shared else self._index.purge(change)

    def cleanse(self, change: int) -> bool:
        """Remove from files of this machine what another one purges; returns whether that is done."""
        return self._shared.cleanse(change) if self._shared else self._index.purge(change)

    def check(self) -> None:
        """Compare the large files with their checksums, and report damage."""
        try:
            self._index.check(all_files=False)
        except StoreDamaged as error:
            self._report(error)

    def repair(self, *, catches_up: bool) -> None:
        """Make the index anew, or let one catch up that failed to follow the record."""
        if not catches_up:
            self._index.reset()
        try:
            self._update_now()
        except StoreDamaged as error:
            if not error.in_vectors:
                raise
            self._drop_damaged()
            self._index.reset()
            self._update_now()
        self._index.compact_in_background(self._report, self._shared.compact if self._shared else None)

    def _update_now(self) -> None:
        with self._followed.store.snapshot(lasting=True) as moment:
            self.update(moment)

    def _drop_damaged(self) -> None:
        store, seconds = self._followed.store, self._followed.lock_seconds
        with store.lease("write", seconds=seconds):
            dropped = store.drop_damaged_vectors(self._dimension)
        _log.warning(
            "%d stored vectors of the collection %r are damaged: they are computed again.",
            dropped,
            self._followed.name,
        )

    def _report(self, error: Exception) -> None:
        self._repairs.report("dense", error)
