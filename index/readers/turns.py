"""Let callers take turns, those first that are due first."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from itertools import count


class Turns:
    """Gives ``most`` callers a turn at once. Of those that wait, whoever is due first is next. Thread-safe.

    A caller with little to do is due soon and so passes those with much to do, but not for ever: at last they
    are due before whoever comes.
    """

    def __init__(self, most: int) -> None:
        self._free = most
        self._waiting: list[tuple[float, int]] = []
        self._numbers = count()
        self._closed = 0
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, seconds: float) -> Iterator[None]:
        """Have a turn for the ``with`` block; it is due ``seconds`` from now.

        Raises :class:`concurrent.futures.CancelledError` if :meth:`cancel` is called before it comes.
        """
        self._wait((time.monotonic() + seconds, next(self._numbers)))
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()

    @property
    def are_waited_for(self) -> bool:
        """Whether anybody waits for a turn."""
        return bool(self._waiting)

    def cancel(self) -> None:
        """End the waiting of all that wait now."""
        with self._changed:
            self._closed += 1
            self._changed.notify_all()

    def _wait(self, own: tuple[float, int]) -> None:
        with self._changed:
            closed = self._closed
            heapq.heappush(self._waiting, own)
            try:
                self._changed.wait_for(
                    lambda: self._closed != closed or (self._free > 0 and self._waiting[0] == own)
                )
                if self._closed != closed:
                    raise CancelledError
                self._free -= 1
            finally:
                self._waiting.remove(own)
                heapq.heapify(self._waiting)
                self._changed.notify_all()
