"""Read the passages of a collection as of an earlier change."""

from __future__ import annotations

from collections.abc import Iterator

from index.postgresql import Transaction
from index.store.postgresql import events
from index.store.postgresql.snapshots.reads import Reads
from index.store.rows.events import require_change, require_kept
from index.store.rows.snapshots import EarlierPassages
from index.types import Ids, IndexedPassage, Vectors


class PostgresqlPast(EarlierPassages):
    """Implements :class:`index.protocols.PastPassages`, inside the transaction of a snapshot.

    Raises :class:`index.errors.ChangeNotFound` for a change that has not happened, and
    :class:`index.errors.ChangeNotKept` if a version that was the newest at that change has been erased.
    """

    _reads: Reads

    def __init__(self, transaction: Transaction, last: int, change: int) -> None:
        """Use :meth:`index.store.postgresql.PostgresqlSnapshot.at`. ``last`` is the last change."""
        self.change = change
        require_change(change, last)
        require_kept(change, events.erased_of(transaction, change))
        self.reached = events.reached(transaction, change)
        self._reads = Reads(transaction, last, change)

    def counts(self) -> tuple[int, int]:
        return self._reads.count_live()

    def texts(self) -> Iterator[IndexedPassage]:
        return self._reads.added_texts(0, self.change)

    def vectors(self, dimension: int) -> Iterator[tuple[Ids, Ids, Vectors]]:
        return self._reads.added_vectors(0, self.change, dimension)
