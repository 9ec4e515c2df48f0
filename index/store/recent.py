"""Rows that were read last: questions often come back to the same passages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Row = TypeVar("Row")


class RecentRows(Generic[Row]):
    """Rows by their ids, as they stand after one change. Safe to use from several threads.

    A change makes all of them void, whatever it did. ``most`` bounds the sum of ``size`` over the rows held;
    those that came first go first.
    """

    def __init__(self, most: int, size: Callable[[Row], int]) -> None:
        self._most = most
        self._size = size
        self._lock = threading.Lock()
        self._change = -1
        self._held: dict[int, Row] = {}
        self._total = 0

    def get(
        self, change: int, ids: Sequence[int], read: Callable[[Sequence[int]], dict[int, Row]]
    ) -> dict[int, Row]:
        """Rows by id after a change; ``read`` reads those not held, and leaves out those that are not there.

        It is called outside of the lock.
        """
        with self._lock:
            held = self._held if self._change == change else {}
            found = {id_: held[id_] for id_ in ids if id_ in held}
        if len(found) == len(ids):
            return found
        fresh = read([id_ for id_ in ids if id_ not in found])
        with self._lock:
            if self._change < change:
                self._clear()
                self._change = change
            # What is read as it stood before something was erased may be of what was erased.
            if self._change == change:
                self._keep(fresh)
        return found | fresh

    def clear(self, change: int) -> None:
        """Forget everything: something was erased, by this change or one before it."""
        with self._lock:
            self._clear()
            self._change = max(self._change, change)

    def _keep(self, fresh: dict[int, Row]) -> None:
        for id_, row in fresh.items():
            if id_ not in self._held:
                self._held[id_] = row
                self._total += self._size(row)
        while self._total > self._most:
            oldest = next(iter(self._held))
            self._total -= self._size(self._held.pop(oldest))

    def _clear(self) -> None:
        self._held.clear()
        self._total = 0
