"""Read the passages of a collection as of an earlier change."""

from collections.abc import Iterator, Sequence

from index.errors import ChangeNotFound, ChangeNotKept
from index.store.sql import events
from index.store.sql.snapshots.passages import EarlierPassages
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
        _require_change(change, last)
        _require_kept(change, events.erased_of(statements, change))
        self.reached = events.reached(statements, change)
        self._reads = Reads(statements, last, change)

    def counts(self) -> tuple[int, int]:
        return self._reads.count_live()

    def texts(self) -> Iterator[IndexedPassage]:
        return self._reads.added_texts(0, self.change)

    def vectors(self, dimension: int) -> Iterator[tuple[Ids, Ids, Vectors]]:
        return self._reads.added_vectors(0, self.change, dimension)


def _require_change(change: int, last: int) -> None:
    """Raise :class:`index.errors.ChangeNotFound` for a change that has not happened."""
    if not 0 <= change <= last:
        raise ChangeNotFound(f"There is no change {change}; the collection is at change {last}.")


def _require_kept(change: int, erased: Sequence[tuple[str, int]]) -> None:
    """Raise :class:`index.errors.ChangeNotKept` if versions (document id, number) of then are erased."""
    if erased:
        named = ", ".join(f"version {number} of {document_id!r}" for document_id, number in erased[:3])
        more = ", and others" if len(erased) > 3 else ""
        raise ChangeNotKept(
            f"The collection cannot answer as of change {change}: what stood in it then is deleted or "
            f"pruned ({named}{more}). Ask as of a later change."
        )
