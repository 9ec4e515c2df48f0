"""How an index follows the record, whoever keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from index.protocols import DenseIndex, RecordStore, Snapshot
from index.records import Mark
from index.types import Ids, Vectors

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


def belongs(mark: Mark, moment: Snapshot, store: RecordStore, generation: int) -> bool:
    """Whether the record went through the change of a mark, which may have come after the snapshot.

    ``generation`` is that of the engine: it does not judge a record that has another.
    """
    if moment.includes(mark):
        return True
    if mark.change <= moment.change:
        return False
    with store.snapshot() as now:
        return now.generation != generation or now.includes(mark)
