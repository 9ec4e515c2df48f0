"""Engine over Milvus, which follows the record by change number as the embedded one does."""

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Generic, ParamSpec, TypeVar

from index.config import LibraryConfig
from index.description import Description
from index.engine.following import FollowedRecord, add_vectors
from index.engine.moments import Moments, PastIndexes
from index.engine.repairs import Repairs, Stopped
from index.engine.searchable import IndexPair
from index.errors import CollectionBusy, EngineUnsuitable, IndexUnavailable, NotSupported, StoreDamaged
from index.filters import Filter
from index.protocols import Failure, PastPassages, RecordStore, Searchable, Side, Snapshot
from index.types import Ids
from loccit_milvus.config import MilvusConfig
from loccit_milvus.server import CollectionMissing, MilvusFailed, Server
from loccit_milvus.side import MilvusSide
from loccit_milvus.states import Names, States
from loccit_milvus.vectors import MilvusVectors
from loccit_milvus.words import MilvusWords, NoWords

# Updates of each side in Milvus to the state of the record, under its ``write`` lease.


Index = TypeVar("Index", bound=MilvusSide)


class Following(ABC, Generic[Index]):
    """Keeps one side up to date with a record. The holder of the lease updates Milvus; others reload."""

    def __init__(self, index: Index, followed: FollowedRecord, repairs: Repairs) -> None:
        self.index = index
        self._followed = followed
        self._repairs = repairs

    def is_current(self, moment: Snapshot) -> bool:
        """Whether the side has all changes of a snapshot, and the same history."""
        return self.index.change >= moment.change and self._followed.has_been_at(self.index.mark, moment)

    def catch_up(self, moment: Snapshot) -> None:
        """Apply what was committed up to a snapshot, unless another process does.

        Raises :class:`index.errors.StoreDamaged`, OSError, :class:`index.engine.repairs.Stopped`.
        """
        self.index.refresh()
        if self.is_current(moment) and not self._is_unfinished():
            return
        # The process that committed is updating Milvus now, unless it was killed on the way.
        seconds = self._followed.lock_seconds if self.index.change == 0 else 0.0
        with suppress(CollectionBusy), self._followed.store.lease("write", seconds=seconds):
            self.index.refresh()
            self._apply(moment)

    def repair(self, moment: Snapshot) -> None:
        """Let the side catch up, under the lease. Collections that are missing are made anew."""
        self.index.refresh()
        if not self._has_collections():
            self.index.reset()
        self._apply(moment)

    def _apply(self, moment: Snapshot) -> None:
        self._followed.disown(self.index.side, self.index, moment)
        self._update(moment)

    def _has_collections(self) -> bool:
        try:
            self.index.count()
        except CollectionMissing:
            return False
        return True

    def _is_unfinished(self) -> bool:
        """Whether an applied update has left work to do."""
        return False

    @abstractmethod
    def _update(self, moment: Snapshot) -> None:
        """Apply what was committed up to a snapshot to an index that belongs to the record."""

    @abstractmethod
    def maintain(self, *, background: bool) -> None:
        """Do what is due to keep searches fast."""

    def _run(self, task: Callable[[], None], *, background: bool) -> None:
        if background:
            self._repairs.run_in_background(task)
        else:
            task()


class VectorsFollowing(Following[MilvusVectors]):
    """The vectors of a collection, whose graph Milvus builds when enough have come."""

    def _update(self, moment: Snapshot) -> None:
        add_vectors(self.index, moment, self.index.dimension, self._repairs.unless_closed)

    def maintain(self, *, background: bool) -> None:
        if self.index.should_index:
            self._run(self._index_now, background=background)

    def _index_now(self) -> None:
        try:
            self.index.index_now()
        except MilvusFailed as error:
            name = self._followed.name
            _log.warning("Milvus has not built its graph of the collection %r yet: %s", name, error)


class WordsFollowing(Following[MilvusWords]):
    """The words of a collection, which are weighed again when passages have become longer or shorter."""

    def _is_unfinished(self) -> bool:
        return self.index.sweeping is not None

    def _update(self, moment: Snapshot) -> None:
        since, until = self.index.change, moment.mark
        if self.index.sweeping is not None:
            self.index.finish(moment.removed(self.index.sweeping, since))
        if since < until.change:
            added = self._repairs.unless_closed(moment.added_texts(since, until.change))
            self.index.update(until, added=added, removed=moment.removed(since, until.change))

    def maintain(self, *, background: bool) -> None:
        if self.index.should_rewrite:
            self._run(self._rewrite, background=background)

    def _rewrite(self) -> None:
        store, seconds = self._followed.store, self._followed.lock_seconds
        try:
            with store.lease("write", seconds=seconds), store.snapshot(lasting=True) as moment:
                self.index.refresh()
                if self.index.should_rewrite and self.is_current(moment):
                    passages = self._repairs.unless_closed(moment.added_texts(0, moment.change))
                    self.index.rewrite(moment.mark, passages)
        except (CollectionBusy, StoreDamaged, OSError) as error:
            name = self._followed.name
            _log.warning("The words of the collection %r were not written again: %s", name, error)


SideFollowing = VectorsFollowing | WordsFollowing


_log = logging.getLogger("loccit.engine")

P = ParamSpec("P")
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
        self._followed = FollowedRecord(name, store, generation, config.lock_seconds, place=" in Milvus")
        self._config = MilvusConfig.of(config.engine)
        self._analyzer, self._dimension = description.analyzer(), description.dimension
        self._moments = Moments(self._analyzer, self._dimension, config.search.as_of_passages)
        self._server = Server(self._config)
        self._sides: tuple[Side, ...] = ("dense", "lexical") if self._config.words == "milvus" else ("dense",)
        self._repairs = Repairs(name, self._repair)
        with store.snapshot() as moment:
            self._names = self._names_of(moment)
        dense, lexical = self._indexes()
        super().__init__(dense, lexical, self._followed.select)
        self._following = self._followings()
        try:
            require_words(self._server, self._config)
        except MilvusFailed as error:
            for side in self._sides:
                self._repairs.report(side, error)

    def _names_of(self, moment: Snapshot) -> Names:
        return Names(self._config.prefix, moment.mark.store, moment.mark.epoch, self._followed.generation)

    def _indexes(self) -> tuple[MilvusVectors, MilvusWords | NoWords]:
        states = States(self._server, self._names)
        form = str(self._dimension)
        dense = MilvusVectors(self._server, states, form, self._dimension)
        if "lexical" not in self._sides:
            return dense, NoWords(self._analyzer)
        return dense, MilvusWords(self._server, states, self._analyzer)

    def _followings(self) -> Mapping[Side, SideFollowing]:
        found: dict[Side, SideFollowing] = {
            "dense": VectorsFollowing(self.dense, self._followed, self._repairs)
        }
        if isinstance(self.lexical, MilvusWords):
            found["lexical"] = WordsFollowing(self.lexical, self._followed, self._repairs)
        return found

    @property
    def change(self) -> int:
        """The record's change number up to which all sides are complete."""
        return min(one.index.change for one in self._following.values())

    @property
    def failures(self) -> tuple[Failure, ...]:
        return self._repairs.failures

    @property
    def degraded(self) -> tuple[Side, ...]:
        return tuple(one.side for one in self.failures)

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

    def _attempt(
        self, side: Side, instead: Callable[[], T], search: Callable[P, T], *of: P.args, **how: P.kwargs
    ) -> T:
        if side not in self._sides:
            return search(*of, **how)
        if self._repairs.is_searched(side):
            try:
                return _persistent(lambda: search(*of, **how))
            except MilvusFailed as error:
                self._repairs.report(side, error)
        if not any(map(self._repairs.is_searched, self._sides)):
            raise self._unavailable()
        return instead()

    def _unavailable(self) -> IndexUnavailable:
        reason = self.failures[0].reason if self.failures else "It answers again."
        return IndexUnavailable(
            f"The collection {self._followed.name!r} cannot be searched, for Milvus has failed. Try again in "
            f"a moment. {reason}"
        )

    # Following the record

    def prepare(self, texts: Iterable[str]) -> None:
        """Compute the terms of these texts; see :class:`index.protocols.Engine`."""
        if isinstance(self.lexical, MilvusWords):
            self.lexical.prepare(texts)

    def update(self) -> bool:
        """Apply what was committed to the record since; returns whether there was anything."""
        with self._followed.store.snapshot(lasting=True) as moment:
            return self.follow(moment)

    def follow(self, moment: Snapshot) -> bool:
        """Apply what was committed up to a snapshot; returns whether there was anything."""
        if moment.generation != self._followed.generation:
            return False  # the record has other passages now, which another engine serves
        self._follow_names(moment)
        if all(one.is_current(moment) for one in self._following.values()):
            return False
        for side, following in self._following.items():
            self._follow(side, following, moment)
        return True

    def _follow_names(self, moment: Snapshot) -> None:
        """Use other collections if the record has begun another epoch."""
        names = self._names_of(moment)
        if names != self._names:
            self._names = names
            self.dense, self.lexical = self._indexes()
            self._following = self._followings()

    def _follow(self, side: Side, following: SideFollowing, moment: Snapshot) -> None:
        """Update a side unless it has failed, and report if it fails now: the record is written already."""
        if self._repairs.has_failed(side):
            return
        try:
            following.catch_up(moment)
        except (StoreDamaged, OSError) as error:
            self._repairs.report(side, error, is_searched=following.index.change > 0)
        except Stopped:
            return

    def maintain(self, *, background: bool) -> None:
        """Let Milvus build graphs, and weigh words again when passages have become longer or shorter."""
        for following in self._following.values():
            following.maintain(background=background)

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
            return all(one.index.compact() for one in self._following.values())
        except MilvusFailed as error:
            _log.warning("Milvus has not removed what was erased from %r yet: %s", self._followed.name, error)
            return False

    # Repairing

    def _repair(self, side: Side, attempt: int) -> None:
        """Reach a side again and let it catch up. Collections that are missing are made anew."""
        require_words(self._server, self._config)
        store = self._followed.store
        with store.snapshot(lasting=True) as moment:
            if moment.generation != self._followed.generation:
                raise Stopped
            with store.lease("write", seconds=self._followed.lock_seconds):
                self._following[side].repair(moment)

    def check(self) -> list[str]:
        """Compare the number of passages in Milvus with the record."""
        problems = [f"The {one.side} index has failed: {one.reason}" for one in self.failures]
        self.update()
        with self._followed.store.snapshot() as moment:
            counts = moment.counts()
        expected = {"dense": counts.embedded, "lexical": counts.passages}
        if problems or self.change != counts.change:
            return problems
        for side, following in self._following.items():
            found = following.index.count()
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
        """Drop cached earlier changes."""
        self._moments.forget()
        if isinstance(self.lexical, MilvusWords):
            self.lexical.forget()

    def close(self) -> None:
        """End the connection and the thread of repairs."""
        self._repairs.close()
        self._moments.forget()
        self._server.close()


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


def require_words(server: Server, config: MilvusConfig) -> None:
    """Raise :class:`index.errors.EngineUnsuitable` if words are wanted and the server cannot keep them."""
    if config.words == "milvus" and not server.has_sparse_vectors:
        raise EngineUnsuitable(
            f"Milvus {server.version} has no sparse vectors, so it cannot search by words: use Milvus 2.4 or "
            "later, or choose to search by meaning alone."
        )
