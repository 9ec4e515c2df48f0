"""In-process engine: FAISS and tantivy indexes in a folder of the collection."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from index.config import LibraryConfig
from index.description import Description
from index.engine.embedded.sides import DenseSide, LexicalSide
from index.engine.following import FollowedRecord
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
        check = partial(self._repairs.run_in_background, self._check_files)
        self._vectors = DenseSide(
            self.dense,
            self._followed,
            self._repairs,
            dimension=dimension,
            shared=self.shared,
            reloaded=check,
        )
        self._words = LexicalSide(
            self.lexical, self._followed, self._repairs, self._leases, self._shared_words(description, config)
        )
        if not (self.dense.is_checked and self.lexical.is_checked):
            check()

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
