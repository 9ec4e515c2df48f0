"""In-process engine: FAISS and tantivy indexes in a folder of the collection."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from index.config import LibraryConfig
from index.description import Description
from index.engine.following import add_vectors, belongs
from index.engine.generations import (
    CLEANSING_LEASE,
    FILES_LEASE,
    LEXICAL,
    VECTORS,
    files_folder,
    read_purged,
    write_purged,
)
from index.engine.lexical import TantivyIndex
from index.engine.moments import Moments, PastIndexes
from index.engine.repairs import Repairs, Stopped
from index.engine.searchable import IndexPair
from index.engine.shared_base import SharedBase, form_of
from index.engine.vectors import FaissIndex
from index.errors import CollectionBusy, IndexUnavailable, StoreDamaged
from index.file_leases import FileLeases
from index.filters import Filter
from index.protocols import Failure, PastPassages, RecordChanged, RecordStore, Searchable, Side, Snapshot
from index.types import Ids

_log = logging.getLogger("loccit.engine")

T = TypeVar("T")

SIDES: tuple[Side, Side] = ("dense", "lexical")

_CATCHING_UP = 3
"""Attempts to let an index catch up that failed to follow the record, before it is made anew."""


class EmbeddedEngine(IndexPair):
    """Implements :class:`index.protocols.Engine`. Both indexes are derived from the record.

    Each index stores the mark of the change it has reached, and catches up from there, as long as the record
    has the generation that it was opened for. One process at a time writes the lexical index, under a lease
    of the folder: other machines may write the record meanwhile.
    """

    dense: FaissIndex
    lexical: TantivyIndex

    def __init__(
        self,
        folder: Path,
        store: RecordStore,
        description: Description,
        config: LibraryConfig,
        *,
        generation: int = 0,
    ) -> None:
        analyzer, dimension = description.analyzer(), description.dimension
        self._home = home = files_folder(folder, generation)
        super().__init__(
            FaissIndex.open(home / VECTORS, dimension, config.vectors),
            TantivyIndex.open(home / LEXICAL, analyzer, checked_bytes=config.vectors.checked_bytes),
            self._selected,
        )
        self._name = folder.name
        self._generation = generation
        self._store = store
        self._dimension = dimension
        self._lock_seconds = config.lock_seconds
        self._leases = FileLeases(folder)
        bases = store.bases()
        self.shared = (
            None
            if bases is None
            else SharedBase(
                bases,
                self.dense,
                home / VECTORS,
                form_of(description, config.vectors, generation),
                generation=generation,
                lock_seconds=config.lock_seconds,
            )
        )
        """The base of vectors that machines share; None where they share none."""
        self._moments = Moments(analyzer, dimension, config.search.as_of_passages)
        self._updating = threading.RLock()
        self._rebuilding = threading.Lock()
        self._repairs = Repairs(folder.name, self._repair)
        if not (self.dense.is_checked and self.lexical.is_checked):
            self._repairs.run_in_background(self._check_files)

    @property
    def change(self) -> int:
        """The record's change number up to which both indexes are complete."""
        return min(self.dense.change, self.lexical.change)

    @property
    def failures(self) -> tuple[Failure, ...]:
        return self._repairs.failures

    @property
    def degraded(self) -> tuple[Side, ...]:
        return tuple(one.side for one in self.failures)

    # Searching with what works

    def search_words(self, text: str, n: int, *, where: Filter | None = None) -> Ids:
        """At most ``n`` passages by their words. Raises :class:`index.errors.IndexUnavailable`."""
        if self._repairs.is_searched("lexical"):
            try:
                return super().search_words(text, n, where=where)
            except StoreDamaged as error:
                self._repairs.report("lexical", error)
        raise self._unavailable("The lexical index has")

    def _attempt(self, side: Side, search: Callable[[], T], instead: Callable[[], T]) -> T:
        if self._repairs.is_searched(side):
            try:
                return search()
            except StoreDamaged as error:
                self._repairs.report(side, error)
        if not any(map(self._repairs.is_searched, SIDES)):
            raise self._unavailable("Both indexes have")
        return instead()

    def _unavailable(self, what: str) -> IndexUnavailable:
        return IndexUnavailable(
            f"{what} failed, and the collection {self._name!r} makes what is missing anew from its record. "
            "Try again in a moment; the log has the reason."
        )

    # Following the record

    def prepare(self, texts: Iterable[str]) -> None:
        """Compute what an update with passages of these texts needs; see :class:`index.protocols.Engine`."""
        self.lexical.prepare(texts)

    def update(self) -> bool:
        """Apply what was committed to the record since; whether there was something."""
        with self._store.snapshot(lasting=True) as moment:
            if moment.generation != self._generation:
                return False  # the record has other passages now, which another engine serves
            self._disown(moment)
            if self.dense.change >= moment.change and self.lexical.change >= moment.change:
                return False
            self._follow("lexical", self._catch_up_lexical, moment)
            self._follow("dense", self._update_dense, moment)
        return True

    def _follow(self, side: Side, update: Callable[[Snapshot], None], moment: Snapshot) -> None:
        """Update an index unless it has failed, and report if it fails now: the record is written already."""
        if self._repairs.has_failed(side):
            return
        try:
            update(moment)
        except (StoreDamaged, OSError) as error:
            index = self.dense if side == "dense" else self.lexical
            self._repairs.report(side, error, is_searched=index.change > 0)
        except Stopped:
            return

    def _catch_up_lexical(self, moment: Snapshot) -> None:
        self.lexical.refresh()
        if self.lexical.change < moment.change:
            # Another process with this folder may be updating the index, and need not get as far as this.
            with suppress(CollectionBusy), self._writing():
                self._update_lexical(moment)

    def _disown(self, moment: Snapshot) -> None:
        """Empty an index that follows another history of the record: it is filled again by the update."""
        with self._updating:
            for side, index in (("dense", self.dense), ("lexical", self.lexical)):
                if not belongs(index.mark, moment, self._store, self._generation):
                    _log.warning(
                        "The %s index of the collection %r does not belong to the record as it is now: it "
                        "has reached change %d of another history, the record change %d. It is made anew.",
                        side,
                        self._name,
                        index.change,
                        moment.change,
                    )
                    index.reset()

    def _update_lexical(self, moment: Snapshot) -> None:
        self.lexical.refresh()
        self._disown(moment)
        since, until = self.lexical.change, moment.mark
        if since < until.change:
            added = moment.added_texts(since, until.change)
            removed = moment.removed(since, until.change)
            self.lexical.update(until, added=self._repairs.unless_closed(added), removed=removed)

    def _update_dense(self, moment: Snapshot) -> None:
        with self._updating:
            if self._reload_dense(moment):
                self._repairs.run_in_background(self._check_files)
            add_vectors(self.dense, moment, self._dimension, self._repairs.unless_closed)

    def _reload_dense(self, moment: Snapshot) -> bool:
        """Use the base that others have made since; whether there is one."""
        return self.shared.follow(moment) if self.shared else self.dense.reload(moment.includes)

    def maintain(self, *, background: bool) -> None:
        """Build a new base of vectors, or write words again, when much was added or removed."""
        if not self._repairs.has_failed("lexical") and self.lexical.should_rewrite:
            if background:
                self._repairs.run_in_background(self._rewrite_lexical)
            else:
                self._rewrite_lexical()
        is_due = self.shared.is_due if self.shared else self.dense.should_compact
        if self._repairs.has_failed("dense") or not is_due:
            return
        compact = self.shared.compact if self.shared else self.dense.compact
        if background:
            self.dense.compact_in_background(lambda error: self._repairs.report("dense", error), compact)
            return
        try:
            compact()
        except StoreDamaged as error:
            self._repairs.report("dense", error)

    # Purging

    def purge(self, change: int) -> bool:
        """Write files anew that hold passages removed up to a change; see :class:`index.protocols.Engine`."""
        if self.shared is None:
            return self._purge(change, self.dense.purge)
        return self._purge(change, partial(self.shared.purge, update=self.update))

    def cleanse(self, change: int) -> bool:
        """Rid the files of this machine of what another one purges; see :class:`index.protocols.Engine`."""
        if read_purged(self._home) >= change:
            return True
        with suppress(CollectionBusy), self._leases.hold(CLEANSING_LEASE, 0.0):
            return self._purge(change, self.shared.cleanse if self.shared else self.dense.purge)
        return False  # another process with this folder does it

    def _purge(self, change: int, purge_dense: Callable[[int], bool]) -> bool:
        self.update()
        if self._repairs.failures or self.change < change:
            return False
        with self._rebuilding, suppress(Stopped):
            self.lexical.refresh()
            if self.lexical.has_removed:
                self._cleanse_lexical()
            if purge_dense(change):
                if self._store.last_erasure():
                    write_purged(self._home, change)
                return True
        return False

    def _cleanse_lexical(self) -> None:
        """Write again the words that share files with those of removed passages, as fast as possible."""
        if self.lexical.is_better_copied:
            self.lexical.copy(self._repairs.stop_if_closed)
            self._publish_lexical()
        elif not self.lexical.rewrite(self._writing):
            self._rebuild_lexical()

    def _rewrite_lexical(self) -> None:
        """Remove from the files what was removed from the index."""
        try:
            with self._rebuilding:
                self.lexical.refresh()
                if self.lexical.should_rewrite:
                    self._cleanse_lexical()
        except StoreDamaged as error:
            self._repairs.report("lexical", error)
        except (CollectionBusy, OSError) as error:
            _log.warning("The words of the collection %r were not written again: %s", self._name, error)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the right to write the lexical index: of this folder, not of the record."""
        self._repairs.stop_if_closed()
        with self._leases.hold(FILES_LEASE, self._lock_seconds):
            yield

    def _rebuild_lexical(self) -> None:
        with self._store.snapshot(lasting=True) as moment:
            self.lexical.build(moment.mark, self._repairs.unless_closed(moment.added_texts(0, moment.change)))
        self._publish_lexical()

    def _publish_lexical(self) -> None:
        with self._writing(), self._store.snapshot(lasting=True) as moment:
            self.lexical.publish()
            self._update_lexical(moment)

    # Repairing

    def _check_files(self) -> None:
        """Compare the large files with their checksums, which was left out when they were opened."""
        try:
            self.dense.check(all_files=False)
        except StoreDamaged as error:
            self._repairs.report("dense", error)
        try:
            self._check_lexical()
        except StoreDamaged as error:
            self._repairs.report("lexical", error)

    def _check_lexical(self) -> None:
        with suppress(StoreDamaged):
            self.lexical.check()
            return
        # Unless a writer has merged files away meanwhile.
        with self._writing():
            self.lexical.refresh()
            self.lexical.check()

    def _repair(self, side: Side, attempt: int) -> None:
        """Make an index anew, or let one catch up that failed to follow the record."""
        with self._store.snapshot() as moment:
            if moment.generation != self._generation:
                raise Stopped
        catches_up = self._repairs.is_searched(side) and attempt <= _CATCHING_UP
        if side == "dense":
            self._repair_dense(catches_up=catches_up)
        else:
            self._repair_lexical(catches_up=catches_up)

    def _repair_dense(self, *, catches_up: bool) -> None:
        if not catches_up:
            self.dense.reset()
        try:
            with self._store.snapshot(lasting=True) as moment:
                self._update_dense(moment)
        except StoreDamaged as error:
            if not error.in_vectors:
                raise
            with self._store.lease("write", seconds=self._lock_seconds):
                dropped = self._store.drop_damaged_vectors(self._dimension)
            _log.warning(
                "%d stored vectors of the collection %r are damaged: they are computed again.",
                dropped,
                self._name,
            )
            self.dense.reset()
            with self._store.snapshot(lasting=True) as moment:
                self._update_dense(moment)
        self.dense.compact_in_background(
            lambda error: self._repairs.report("dense", error), self.shared.compact if self.shared else None
        )

    def _repair_lexical(self, *, catches_up: bool) -> None:
        with self._rebuilding:
            if catches_up or self._was_replaced():
                self._publish_lexical()
            else:
                self._rebuild_lexical()

    def _was_replaced(self) -> bool:
        """Whether another process has made the lexical index anew meanwhile."""
        before = self.lexical.name
        self.lexical.refresh()
        if self.lexical.name == before:
            return False
        with suppress(StoreDamaged):
            self._check_lexical()
            return True
        return False

    def check(self) -> list[str]:
        """Compare all files with their checksums, and the passages with those of the record."""
        problems = [f"The {one.side} index has failed: {one.reason}" for one in self.failures]
        for check in (self.dense.check, self._check_lexical):
            try:
                check()
            except StoreDamaged as error:
                problems.append(error.message)
        self.update()
        with self._store.snapshot() as moment:
            counts = moment.counts()
            if self.change == counts.change:
                for side, found, expected in (
                    ("dense", len(self.dense), counts.embedded),
                    ("lexical", len(self.lexical), counts.passages),
                ):
                    if found != expected:
                        problems.append(
                            f"The {side} index has {found} passages, the record {expected}: delete its "
                            "folder while nothing has the collection open, and it is made anew."
                        )
        return problems

    # Earlier changes, and the end

    def at(self, past: PastPassages) -> Searchable:
        """The passages of an earlier change. Raises :class:`index.errors.MomentTooLarge`."""
        moment = self._moments.of(past)
        return PastIndexes(moment, moment.lexical, past.select)

    def forget(self) -> None:
        """Drop earlier changes held in memory."""
        self._moments.forget()
        self.lexical.forget()

    def close(self) -> None:
        """Release files and memory."""
        self._repairs.close()
        self._moments.forget()
        self.lexical.close()
        self.dense.close()

    def _selected(self, where: Filter) -> Ids:
        with suppress(RecordChanged), self._store.brief_snapshot() as moment:
            return moment.select(where)
        with self._store.snapshot(standby=True) as moment:
            return moment.select(where)
