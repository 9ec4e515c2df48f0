"""Updates of an index to the state of the record."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from index.filters import Filter
from index.protocols import DenseIndex, RecordChanged, RecordStore, Side, Snapshot
from index.records import Mark
from index.types import Ids, Vectors

_log = logging.getLogger("loccit.engine")

Batch = tuple[Ids, Ids, Vectors]


def add_vectors(
    index: DenseIndex,
    moment: Snapshot,
    dimension: int,
    batches: Callable[[Iterable[Batch]], Iterator[Batch]],
) -> None:
    """Bring an index of vectors to the change of a snapshot. ``batches`` may end the work between two."""
    since, until = index.mark, moment.mark
    if since.change >= until.change:
        return
    none = np.empty(0, np.int64)
    added = moment.added_vectors(since.change, until.change, dimension)
    for ids, documents, vectors in batches(added):
        # Complete only with the last batch: until then the index stays at the change before.
        index.update(since, ids=ids, documents=documents, vectors=vectors, removed=none)
    index.update(
        until,
        ids=none,
        documents=none,
        vectors=np.empty((0, dimension), np.float32),
        removed=moment.removed(since.change, until.change),
    )


class Resettable(Protocol):
    """An index that can be emptied."""

    @property
    def change(self) -> int: ...

    @property
    def mark(self) -> Mark: ...

    def reset(self) -> None: ...


@dataclass(frozen=True, slots=True)
class FollowedRecord:
    """The record of the collection ``name``, of which an engine follows one ``generation``.

    ``lock_seconds``: how long to wait for a lease. ``place``: where the indexes are, for the log.
    """

    name: str
    store: RecordStore
    generation: int
    lock_seconds: float
    place: str = ""

    def has_been_at(self, mark: Mark, moment: Snapshot) -> bool:
        """Whether the change of a mark is in the history of the record, even after the snapshot."""
        if moment.includes(mark):
            return True
        if mark.change <= moment.change:
            return False
        with self.store.snapshot() as now:
            # An engine does not judge a record of another generation.
            return now.generation != self.generation or now.includes(mark)

    def select(self, where: Filter) -> Ids:
        """The live passages that a filter matches; from a standby while nothing else answers."""
        with suppress(RecordChanged), self.store.brief_snapshot() as moment:
            return moment.select(where)
        with self.store.snapshot(standby=True) as moment:
            return moment.select(where)

    def disown(self, side: Side, index: Resettable, moment: Snapshot) -> None:
        """Empty an index that follows another history of the record, which is logged."""
        if self.has_been_at(index.mark, moment):
            return
        _log.warning(
            "The %s index of the collection %r%s does not belong to the record as it is now: it has reached "
            "change %d of another history, the record change %d. It is made anew.",
            side,
            self.name,
            self.place,
            index.change,
            moment.change,
        )
        index.reset()
