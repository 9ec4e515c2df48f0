"""Engine over Milvus, which follows the record by change number as the embedded one does."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TypeVar

from index.config import EngineConfig, LibraryConfig
from index.description import Description
from index.engine.following import add_vectors, belongs
from index.engine.milvus.server import CollectionMissing, MilvusFailed, Server
from index.engine.milvus.states import Names, States
from index.engine.milvus.vectors import MilvusVectors
from index.engine.milvus.words import MilvusWords, NoWords
from index.engine.moments import Moments, PastIndexes
from index.engine.repairs import Repairs, Stopped
from index.engine.searchable import IndexPair
from index.errors import (
    CollectionBusy,
    EngineUnsuitable,
    IndexUnavailable,
    NotSupported,
    StoreDamaged,
)
from index.filters import Filter
from index.protocols import Failure, PastPassages, RecordStore, Searchable, Side, Snapshot
from index.types import Ids

_log = logging.getLogger("loccit.engine")

T = TypeVar("T")

_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds between the attempts of a search, until its side counts as failed."""


class MilvusEngine(IndexPair):
    """Implements :class:`index.protocols.Engine`. Everything is in Milvus; nothing on this machine.

    Whoever holds the record's ``write`` lease updates Milvus; all processes search it.
    """

    dense: MilvusVectors
    lexical: MilvusWords | NoWords

    def __init__(
        self,
        name: str,
        store: RecordStore,
        description: Description,
        config: LibraryConfig,
        *,
        generation: int = 0,
    ) -> None:
        """``name`` is the collection's. Raises :class:`index.errors.EngineUnsuitable`."""
        self._name = name
        self._store = store
        self._generation = generation
        self._config = config.engine
        self._analyzer, self._dimension = description.analyzer(), description.dimension
        self._lock_seconds = config.lock_seconds
        self._moments = Moments(self._analyzer, self._dimension, config.search.as_of_passages)
        self._server = Server(config.engine)
        self._sides: tuple[Side, ...] = (
            ("dense", "lexical") if config.engine.words == "milvus" else ("dense",)
        )
        self._repairs = Repairs(name, self._repair)
        with store.snapshot() as moment:
            self._names = self._names_of(moment)
        dense, lexical = self._indexes()
        super().__init__(dense, lexical, self._selected)
        try:
            require_words(self._server, config.engine)
        except MilvusFailed as error:
            self._report_all(error)

    def _names_of(self, moment: Snapshot) -> Names:
        return Names(self._config.prefix, moment.mark.store, moment.mark.epoch, self._generation)

    def _indexes(self) -> tuple[MilvusVectors, MilvusWords | NoWords]:
        states = States(self._server, self._names)
        form = str(self._dimension)
        dense = MilvusVectors(self._server, states, form, self._dimension)
        if "lexical" not in self._sides:
            return dense, NoWords(self._analyzer)
        return dense, MilvusWords(self._server, states, self._analyzer)

    @property
    def change(self) -> int:
        """The record's change number up to which all sides are complete."""
        return min(self._side(side).change for side in self._sides)

    @property
    def failures(self) -> tuple[Failure, ...]:
        return self._repairs.failures

    @property
    def degraded(self) -> tuple[Side, ...]:
        return tuple(one.side for one in self.failures)

    def _side(self, side: Side) -> MilvusVectors | MilvusWords:
        if side == "dense":
            return self.dense
        assert isinstance(self.lexical, MilvusWords)  # noqa: S101 -- the only ones among the sides
        return self.lexical

    # Searching

    def search_words(self, text: str, n: int, *, where: Filter | None = None) -> Ids:
        """At most ``n`` passages by their words.

        Raises :class:`index.errors.IndexUnavailable`, :class:`index.errors.NotSupported`.
        """
        if "lexical" not in self._sides:
            raise NotSupported("This collection is searched by meaning alone: its words are not indexed.")
        if self._repairs.is_searched("lexical"):
            try:
                return _persistent(lambda: super(MilvusEngine, self).search_words(text, n, where=where))
            except MilvusFailed as error:
                self._repairs.report("lexical", error)
        raise self._unavailable()

    def _attempt(self, side: Side, search: Callable[[], T], instead: Callable[[], T]) -> T:
        if side not in self._sides:
            return search()
        if self._repairs.is_searched(side):
            try:
                return _persistent(search)
            except MilvusFailed as error:
                self._repairs.report(side, error)
        if not any(map(self._repairs.is_searched, self._sides)):
            raise self._unavailable()
        return instead()

    def _unavailable(self) -> IndexUnavailable:
        reason = self.failures[0].reason if self.failures else "It answers again."
        return IndexUnavailable(
            f"The collection {self._name!r} cannot be searched, for Milvus has failed. Try again in a "
            f"moment. {reason}"
        )

    # Following the record

    def prepare(self, texts: Iterable[str]) -> None:
        """Compute the terms of these texts; see :class:`index.protocols.Engine`."""
        if isinstance(self.lexical, MilvusWords):
            self.lexical.prepare(texts)

    def update(self) -> bool:
        """Apply what was committed to the record since; whether there was something."""
        with self._store.snapshot(lasting=True) as moment:
            if moment.generation != self._generation:
                return False  # the record has other passages now, which another engine serves
            self._follow_names(moment)
            if all(self._is_current(side, moment) for side in self._sides):
                return False
            for side in self._sides:
                self._follow(side, moment)
        return True

    def _follow_names(self, moment: Snapshot) -> None:
        """Use other collections if the record has begun another epoch."""
        names = self._names_of(moment)
        if names != self._names:
            self._names = names
            self.dense, self.lexical = self._indexes()

    def _is_current(self, side: Side, moment: Snapshot) -> bool:
        index = self._side(side)
        return index.change >= moment.change and self._belongs(side, moment)

    def _follow(self, side: Side, moment: Snapshot) -> None:
        """Update a side unless it has failed, and report if it fails now: the record is written already."""
        if self._repairs.has_failed(side):
            return
        try:
            self._catch_up(side, moment)
        except (StoreDamaged, OSError) as error:
            self._repairs.report(side, error, is_searched=self._side(side).change > 0)
        except Stopped:
            return

    def _catch_up(self, side: Side, moment: Snapshot) -> None:
        index = self._side(side)
        index.refresh()
        if self._is_current(side, moment) and not self._is_sweeping():
            return
        # The process that committed is updating Milvus now, unless it was killed on the way.
        seconds = self._lock_seconds if index.change == 0 else 0.0
        with suppress(CollectionBusy), self._store.lease("write", seconds=seconds):
            index.refresh()
            self._disown(side, moment)
            if side == "dense":
                self._update_dense(moment)
            else:
                self._update_lexical(moment)

    def _is_sweeping(self) -> bool:
        return isinstance(self.lexical, MilvusWords) and self.lexical.sweeping is not None

    def _disown(self, side: Side, moment: Snapshot) -> None:
        """Empty a side that follows another history of the record: it is filled again by the update."""
        if not self._belongs(side, moment):
            index = self._side(side)
            _log.warning(
                "The %s index of the collection %r in Milvus does not belong to the record as it is now: it "
                "has reached change %d of another history, the record change %d. It is made anew.",
                side,
                self._name,
                index.change,
                moment.change,
            )
            index.reset()

    def _belongs(self, side: Side, moment: Snapshot) -> bool:
        """Whether the record went through the change of a side, which may have come after the snapshot."""
        return belongs(self._side(side).mark, moment, self._store, self._generation)

    def _update_dense(self, moment: Snapshot) -> None:
        add_vectors(self.dense, moment, self._dimension, self._repairs.unless_closed)

    def _update_lexical(self, moment: Snapshot) -> None:
        if not isinstance(self.lexical, MilvusWords):
            return
        since, until = self.lexical.change, moment.mark
        if self.lexical.sweeping is not None:
            self.lexical.finish(moment.removed(self.lexical.sweeping, since))
        if since < until.change:
            added = self._repairs.unless_closed(moment.added_texts(since, until.change))
            self.lexical.update(until, added=added, removed=moment.removed(since, until.change))

    def maintain(self, *, background: bool) -> None:
        """Let Milvus build graphs, and weigh words again when passages have become longer or shorter."""
        if self.dense.should_index:
            if background:
                self._repairs.run_in_background(self._index_now)
            else:
                self._index_now()
        if isinstance(self.lexical, MilvusWords) and self.lexical.should_rewrite:
            if background:
                self._repairs.run_in_background(self._rewrite)
            else:
                self._rewrite()

    def _index_now(self) -> None:
        try:
            self.dense.index_now()
        except MilvusFailed as error:
            _log.warning("Milvus has not built its graph of the collection %r yet: %s", self._name, error)

    def _rewrite(self) -> None:
        if not isinstance(self.lexical, MilvusWords):
            return
        try:
            with (
                self._store.lease("write", seconds=self._lock_seconds),
                self._store.snapshot(lasting=True) as moment,
            ):
                self.lexical.refresh()
                if self.lexical.should_rewrite and self._is_current("lexical", moment):
                    passages = self._repairs.unless_closed(moment.added_texts(0, moment.change))
                    self.lexical.rewrite(moment.mark, passages)
        except (CollectionBusy, StoreDamaged, OSError) as error:
            _log.warning("The words of the collection %r were not written again: %s", self._name, error)

    def cleanse(self, change: int) -> bool:
        """True: this machine has no files."""
        del change
        return True

    def purge(self, change: int) -> bool:
        """Let Milvus write out what was removed up to a change; see :class:`index.protocols.Engine`."""
        self.update()
        if self._repairs.failures or self.change < change:
            return False
        try:
            if isinstance(self.lexical, MilvusWords):
                self.lexical.drop_unused()
            return all(self._side(side).compact() for side in self._sides)
        except MilvusFailed as error:
            _log.warning("Milvus has not removed what was erased from %r yet: %s", self._name, error)
            return False

    # Repairing

    def _report_all(self, error: Exception) -> None:
        for side in self._sides:
            self._repairs.report(side, error)

    def _repair(self, side: Side, attempt: int) -> None:
        """Reach a side again and let it catch up. Collections that are missing are made anew."""
        require_words(self._server, self._config)
        with self._store.snapshot(lasting=True) as moment:
            if moment.generation != self._generation:
                raise Stopped
            with self._store.lease("write", seconds=self._lock_seconds):
                index = self._side(side)
                index.refresh()
                if not self._has_collections(side):
                    index.reset()
                self._disown(side, moment)
                if side == "dense":
                    self._update_dense(moment)
                else:
                    self._update_lexical(moment)

    def _has_collections(self, side: Side) -> bool:
        try:
            self._side(side).count()
        except CollectionMissing:
            return False
        return True

    def check(self) -> list[str]:
        """Compare the number of passages in Milvus with the record."""
        problems = [f"The {one.side} index has failed: {one.reason}" for one in self.failures]
        self.update()
        with self._store.snapshot() as moment:
            counts = moment.counts()
        expected = {"dense": counts.embedded, "lexical": counts.passages}
        if problems or self.change != counts.change:
            return problems
        for side in self._sides:
            found = self._side(side).count()
            if found != expected[side]:
                problems.append(
                    f"The {side} index in Milvus has {found} passages, the record {expected[side]}: let a "
                    "check of the collection repair it."
                )
        return problems

    # Earlier changes, and the end

    def at(self, past: PastPassages) -> Searchable:
        """The passages of an earlier change, on this machine. Raises :class:`index.errors.MomentTooLarge`."""
        moment = self._moments.of(past)
        lexical = moment.lexical if "lexical" in self._sides else NoWords(self._analyzer)
        return PastIndexes(moment, lexical, past.select)

    def forget(self) -> None:
        """Drop earlier changes held in memory."""
        self._moments.forget()
        if isinstance(self.lexical, MilvusWords):
            self.lexical.forget()

    def close(self) -> None:
        """End the connection and the thread of repairs."""
        self._repairs.close()
        self._moments.forget()
        self._server.close()

    def _selected(self, where: Filter) -> Ids:
        with self._store.snapshot() as moment:
            return moment.select(where)


def _persistent(search: Callable[[], T]) -> T:
    """Search again when that fails: when one query node of several is gone, others answer soon."""
    for pause in _PAUSES:
        try:
            return search()
        except CollectionMissing:
            raise
        except MilvusFailed:
            time.sleep(pause)
    return search()


def require_words(server: Server, config: EngineConfig) -> None:
    """Raise :class:`index.errors.EngineUnsuitable` if words are wanted and the server cannot keep them."""
    if config.words == "milvus" and not server.has_sparse_vectors:
        raise EngineUnsuitable(
            f"Milvus {server.version} has no sparse vectors, so it cannot search by words: use Milvus 2.4 or "
            "later, or choose to search by meaning alone."
        )
