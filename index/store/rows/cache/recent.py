"""Cache of rows by id, valid for one change: questions often need the same passages again."""

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Row = TypeVar("Row")


class RecentRows(Generic[Row]):
    """First-in, first-out cache of rows by id. Safe to use from several threads.

    Every change invalidates all rows. ``most`` bounds the sum of ``size`` over the cached rows, or their
    number.
    """

    def __init__(self, most: int, size: Callable[[Row], int] | None = None) -> None:
        self._most = most
        self._size = size
        self._lock = threading.Lock()
        self._change = -1
        self._rows: dict[int, Row] = {}
        self._total = 0

    def get(
        self, change: int, ids: Sequence[int], read: Callable[[Sequence[int]], dict[int, Row]]
    ) -> dict[int, Row]:
        """Return rows by id as of a change; ``read`` reads those not cached and omits missing ones.

        ``read`` is called without the lock.
        """
        with self._lock:
            cached = self._rows if self._change == change else {}
            found = {id_: cached[id_] for id_ in ids if id_ in cached}
        if len(found) == len(ids):
            return found
        fresh = read([id_ for id_ in ids if id_ not in found])
        with self._lock:
            if self._change < change:
                self._clear()
                self._change = change
            # Rows read as of an earlier change may contain erased data: do not cache them.
            if self._change == change:
                self._keep(fresh)
        return found | fresh

    def missing(self, ids: Sequence[int], change: int | None = None) -> list[int]:
        """The ids that are not cached as of a change, by default that of the cache."""
        with self._lock:
            cached = self._rows if change in (None, self._change) else {}
            return [id_ for id_ in ids if id_ not in cached]

    def reach(self, change: int) -> None:
        """Invalidate the rows if a change came after theirs."""
        with self._lock:
            if self._change < change:
                self._clear()
                self._change = change

    def clear(self, change: int) -> None:
        """Clear the cache, because this change or an earlier one erased something."""
        with self._lock:
            self._clear()
            self._change = max(self._change, change)

    def _keep(self, fresh: dict[int, Row]) -> None:
        for id_, row in fresh.items():
            if id_ not in self._rows:
                self._rows[id_] = row
                self._total += self._size(row) if self._size else 1
        while self._total > self._most:
            row = self._rows.pop(next(iter(self._rows)))
            self._total -= self._size(row) if self._size else 1

    def _clear(self) -> None:
        self._rows.clear()
        self._total = 0
