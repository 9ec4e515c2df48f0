"""The lag of a collection's answers behind its record, as far as this process knows."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lag:
    """The number of known changes that answers lack, and the age of the first of them.

    ``seconds`` is an upper bound: the time since the last poll that did not find the change, or since it was
    announced.
    """

    changes: int = 0
    seconds: float = 0.0


class LagWatch:
    """Tracks the changes that polls of the record have found. Safe to use from several threads.

    ``clock`` counts seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._newest = 0
        self._looked: float | None = None
        self._heard: float | None = None
        """Time of the first announcement since the last poll."""
        self._missing: deque[tuple[int, float]] = deque()
        """Changes that were found and are not applied yet, each with the time of the poll before."""

    def observe(self, newest: int, applied: int) -> None:
        """Note a poll of the record: its last change, and the last one that answers have."""
        with self._lock:
            now = self._clock()
            if newest > max(applied, self._newest):
                since = now if self._looked is None else self._looked
                self._missing.append((newest, since if self._heard is None else max(since, self._heard)))
            self._newest, self._looked, self._heard = newest, now, None

    def note_change(self) -> None:
        """Note that a change was announced: what the next poll finds is not older."""
        with self._lock:
            if self._heard is None:
                self._heard = self._clock()

    def note_unreachable(self) -> None:
        """Note that the record could not be reached: its last change is unknown."""
        with self._lock:
            self._missing.clear()
            self._newest = 0

    def lag(self, applied: int) -> Lag:
        """The lag of answers that have all changes up to ``applied``; zero while it is unknown."""
        with self._lock:
            while self._missing and self._missing[0][0] <= applied:
                self._missing.popleft()
            if not self._missing:
                return Lag()
            return Lag(self._newest - applied, self._clock() - self._missing[0][1])
