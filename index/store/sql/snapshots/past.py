"""Read the passages of a collection as of an earlier change."""

from __future__ import annotations

from collections.abc import Iterator

from index.store.rows.events import require_change, require_kept
from index.store.rows.snapshots import EarlierPassages
from index.store.sql import events
from index.store.sql.snapshots.reads import Reads
from index.store.sql.statements import Statements
from index.types import Ids, IndexedPassage, Vectors


class SqlPast(EarlierPassages):
    """Implements :class:`index.protocols.PastPassages`, inside the transaction of a snapshot.

    Raises :class:`index.errors.ChangeNotFound` for a change that has not happened, and
    :class:`index.errors.ChangeNotKept` if a version that was the newest at that change has been erased.
    """

    _reads: Reads

    def __init__(self, statements: Statements, last: int, change: int) -> None:
        """Use :meth:`index.store.sql.snapshots.SqlSnapshot.at`. ``last`` is the change of that snapshot."""
        self.change = change
        require_change(change, last)
        require_kept(change, events.erased_of(statements, change))
        self.reached = events.reached(statements, change)
        self._reads = Reads(statements, last, change)

    def counts(self) -> tuple[int, int]:
        return self._reads.count_live()

    def texts(self) -> Iterator[IndexedPassage]:
        return self._reads.added_texts(0, self.change)

    def vectors(self, dimension: int) -> Iterator[tuple[Ids, Ids, Vectors]]:
        return self._reads.added_vectors(0, self.change, dimension)
