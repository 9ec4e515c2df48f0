"""Read the passages of a collection as of an earlier change."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from index.store.rows.events import require_change, require_kept
from index.store.rows.snapshots import EarlierPassages
from index.store.sqlite import events, passage_reads
from index.types import Ids, IndexedPassage, Vectors


class SqlitePast(EarlierPassages):
    """Implements :class:`index.protocols.PastPassages`, inside the transaction of a snapshot.

    Raises :class:`index.errors.ChangeNotFound` for a change that has not happened, and
    :class:`index.errors.ChangeNotKept` if a version that was the newest at that change has been erased.
    """

    def __init__(self, connection: sqlite3.Connection, last: int, change: int) -> None:
        """Use :meth:`index.store.sqlite.SqliteSnapshot.at`. ``last`` is the change of that snapshot."""
        self._connection = connection
        self.change = change
        require_change(change, last)
        require_kept(change, events.erased_of(connection, change))
        self.reached = events.reached(connection, change)
        self._reads = passage_reads.SqliteReads(connection, last, change)

    def counts(self) -> tuple[int, int]:
        return passage_reads.count_live(self._connection, self.change)

    def texts(self) -> Iterator[IndexedPassage]:
        return passage_reads.added_texts(self._connection, 0, self.change, self.change)

    def vectors(self, dimension: int) -> Iterator[tuple[Ids, Ids, Vectors]]:
        return passage_reads.added_vectors(self._connection, 0, self.change, dimension, self.change)
