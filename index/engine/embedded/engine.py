"""In-process engine: FAISS and tantivy indexes in a folder of the collection."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from index.config import LibraryConfig
from index.description import Description
from index.engine.following import FollowedRecord, add_vectors
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
from index.engine.shared_words import SharedWords, words_form
from index.engine.vectors import FaissIndex
from index.errors import CollectionBusy, DiskFull, DiskReadOnly, IndexUnavailable, StoreDamaged
from index.file_leases import FileLeases
from index.filters import Filter
from index.protocols import Failure, PastPassages, RecordStore, Searchable, Side, Snapshot
from index.types import Ids

P = ParamSpec("P")
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
        self._followed = FollowedRecord(folder.name, store, generation, config.lock_seconds)
        super().__init__(
            FaissIndex.open(home / VECTORS, dimension, config.vectors),
            TantivyIndex.open(home / LEXICAL, analyzer, checked_bytes=config.vectors.checked_bytes),
            self._followed.select,
        )
        self._leases = FileLeases(folder)
        self.shared = self._shared_base(description, config)
        """The base of vectors that machines share; None where they share none."""
        self._moments = Moments(analyzer, dimension, config.search.as_of_passages)
        self._repairs = Repairs(folder.name, self._repair)
        self._vectors = DenseSide(
            self.dense,
            self._followed,
            self._repairs,
            dimension=dimension,
            shared=self.shared,
        )
        self._words = LexicalSide(
            self.lexical, self._followed, self._repairs, self._leases, self._shared_words(description, config)
        )
        if not (self.dense.is_checked and self.lexical.is_checked):
            self._repairs.run_in_background(self._check_files)

    def _shared_base(self, description: Description, config: LibraryConfig) -> SharedBase | None:
        generation = self._followed.generation
        bases = self._followed.store.bases()
        if bases is None:
            return None
        return SharedBase(
            bases,
            self.dense,
            self._home / VECTORS,
            form_of(description, config.vectors, generation),
            generation=generation,
            lock_seconds=config.lock_seconds,
        )

    def _shared_words(self, description: Description, config: LibraryConfig) -> SharedWords | None:
        if self.shared is None:
            return None
        return SharedWords(
            self.shared,
            self.lexical,
            self._home / LEXICAL,
            words_form(description, self._followed.generation),
            writing=partial(self._leases.hold, FILES_LEASE, config.lock_seconds),
            unless_closed=self._repairs.unless_closed,
        )

    @property
    def change(self) -> int:
        """The record's change number up to which both indexes are complete."""
        return min(self.dense.change, self.lexical.change)

    @property
    def failures(self) -> tuple[Failure, ...]:
        return self._repairs.failures

    @property
    def degraded(self) -> tuple[Side, ...]:
        return tuple(self._repairs.failed)

    # Searching with what works

    def search_words(self, text: str, n: int, *, where: Filter | None = None) -> Ids:
        """At most ``n`` passages by their words. Raises :class:`index.errors.IndexUnavailable`."""
        if self._repairs.is_searched("lexical"):
            try:
                return super().search_words(text, n, where=where)
            except StoreDamaged as error:
                self._repairs.report("lexical", error)
        raise self._unavailable("The lexical index has")

    def _attempt(
        self, side: Side, instead: Callable[[], T], search: Callable[P, T], *of: P.args, **how: P.kwargs
    ) -> T:
        if side not in self._repairs.failed or self._repairs.is_searched(side):
            try:
                return search(*of, **how)
            except StoreDamaged as error:
                self._repairs.report(side, error)
        if not any(map(self._repairs.is_searched, SIDES)):
            raise self._unavailable("Both indexes have")
        return instead()

    def _unavailable(self, what: str) -> IndexUnavailable:
        return IndexUnavailable(
            f"{what} failed, and the collection {self._followed.name!r} makes what is missing anew from its "
            "record. Try again in a moment; the log has the reason."
        )

    # Following the record

    def prepare(self, texts: Iterable[str]) -> None:
        """Compute what an update with passages of these texts needs; see :class:`index.protocols.Engine`."""
        self.lexical.prepare(texts)

    def update(self) -> bool:
        """Apply what was committed to the record since; returns whether there was anything."""
        with self._followed.store.snapshot(lasting=True) as moment:
            return self.follow(moment)

    def follow(self, moment: Snapshot) -> bool:
        """Apply what was committed up to a snapshot; returns whether there was anything."""
        if moment.generation != self._followed.generation:
            return False  # the record has other passages now, which another engine serves
        self._vectors.disown(moment)
        self._words.disown(moment)
        if self.dense.change >= moment.change and self.lexical.change >= moment.change:
            return False
        self._follow("lexical", self._words.catch_up, moment)
        self._follow("dense", self._vectors.update, moment)
        return True

    def _follow(self, side: Side, update: Callable[[Snapshot], None], moment: Snapshot) -> None:
        """Update an index unless it has failed, and report if it fails now: the record is written already."""
        if self._repairs.has_failed(side):
            return
        try:
            update(moment)
        except (DiskFull, DiskReadOnly, StoreDamaged, OSError) as error:
            index = self.dense if side == "dense" else self.lexical
            self._repairs.report(side, error, is_searched=index.change > 0)
        except Stopped:
            return

    def maintain(self, *, background: bool) -> None:
        """Build a new base of vectors, or write words again, when much was added or removed."""
        self._words.maintain(background=background)
        self._vectors.maintain(background=background)

    # Purging

    def purge(self, change: int) -> bool:
        """Write files anew that hold passages removed up to a change; see :class:`index.protocols.Engine`."""
        return self._purge(change, partial(self._vectors.purge, update=self.update, words=self._words.renew))

    def cleanse(self, change: int) -> bool:
        """Remove from files of this machine what another one purges; see :class:`index.protocols.Engine`."""
        if read_purged(self._home) >= change:
            return True
        with suppress(CollectionBusy), self._leases.hold(CLEANSING_LEASE, 0.0):
            return self._purge(change, self._vectors.cleanse)
        return False  # another process with this folder does it

    def _purge(self, change: int, purge_dense: Callable[[int], bool]) -> bool:
        self.update()
        if self._repairs.failures or self.change < change:
            return False
        with self._words.rebuilding, suppress(Stopped):
            self._words.cleanse()
            if purge_dense(change):
                if self._followed.store.last_erasure():
                    write_purged(self._home, change)
                return True
        return False

    # Repairing

    def _check_files(self) -> None:
        """Compare the large files with their checksums, which opening them did not do."""
        self._vectors.check()
        try:
            self._words.check()
        except StoreDamaged as error:
            self._repairs.report("lexical", error)

    def _repair(self, side: Side, attempt: int) -> None:
        """Make an index anew, or let one catch up that failed to follow the record."""
        with self._followed.store.snapshot() as moment:
            if moment.generation != self._followed.generation:
                raise Stopped
        catches_up = self._repairs.is_searched(side) and attempt <= _CATCHING_UP
        (self._vectors if side == "dense" else self._words).repair(catches_up=catches_up)

    def check(self) -> list[str]:
        """Compare all files with their checksums, and the passages with those of the record."""
        problems = [f"The {one.side} index has failed: {one.reason}" for one in self.failures]
        for check in (self.dense.check, self._words.check):
            try:
                check()
            except StoreDamaged as error:
                problems.append(error.message)
        self.update()
        with self._followed.store.snapshot() as moment:
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
        """Drop cached earlier changes."""
        self._moments.forget()
        self.lexical.forget()

    def close(self) -> None:
        """Release files and memory."""
        self._repairs.close()
        self._moments.forget()
        self.lexical.close()
        self.dense.close()


# The vectors of an embedded engine: follow the record, are compacted, purged and repaired.


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

    ``shared`` is the base that machines share, if they do.
    """

    def __init__(
        self,
        index: FaissIndex,
        followed: FollowedRecord,
        repairs: Repairs,
        *,
        dimension: int,
        shared: SharedBase | None,
    ) -> None:
        self._index = index
        self._followed = followed
        self._repairs = repairs
        self._dimension = dimension
        self._shared = shared
        self._updating = threading.RLock()

    def disown(self, moment: Snapshot) -> None:
        """Empty the index if it follows another history of the record: an update fills it again."""
        with self._updating:
            self._followed.disown("dense", self._index, moment)

    def update(self, moment: Snapshot) -> None:
        """Apply what was committed up to a snapshot. Raises :class:`index.errors.StoreDamaged`, OSError."""
        with self._updating:
            if self._reload(moment) and not self._index.is_checked:
                self._repairs.run_in_background(self.check)
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
