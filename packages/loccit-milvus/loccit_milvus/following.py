"""Updates of each side in Milvus to the state of the record, under its ``write`` lease."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from index.engine.following import FollowedRecord, add_vectors
from index.engine.repairs import Repairs
from index.errors import CollectionBusy, StoreDamaged
from index.protocols import Snapshot
from loccit_milvus.server import CollectionMissing, MilvusFailed
from loccit_milvus.side import MilvusSide
from loccit_milvus.vectors import MilvusVectors
from loccit_milvus.words import MilvusWords

_log = logging.getLogger("loccit.engine")

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
