"""How far the answers of a collection are behind its record, as this process knows it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lag:
    """Changes that the record is known to have and that answers do not, and the age of the first of them.

    ``seconds`` is the most that it can be: the time since a look at the record that did not find it, or
    since the record told of it.
    """

    changes: int = 0
    seconds: float = 0.0


class LagWatch:
    """Remembers what looks at the record have found. Safe to use from several threads.

    ``clock`` counts seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._newest = 0
        self._looked: float | None = None
        self._heard: float | None = None
        """When it was first told, since the last look, that there are changes."""
        self._missing: deque[tuple[int, float]] = deque()
        """Change numbers that were found, each with the time of the look before, until they are applied."""

    def saw(self, newest: int, applied: int) -> None:
        """Note a look at the record: its last change, and the last one that answers have."""
        with self._lock:
            now = self._clock()
            if newest > max(applied, self._newest):
                since = now if self._looked is None else self._looked
                self._missing.append((newest, since if self._heard is None else max(since, self._heard)))
            self._newest, self._looked, self._heard = newest, now, None

    def heard(self) -> None:
        """Note that a change was just committed: what the next look finds is not older."""
        with self._lock:
            if self._heard is None:
                self._heard = self._clock()

    def lost(self) -> None:
        """Note that the record could not be asked: how far it is by now is not known."""
        with self._lock:
            self._missing.clear()
            self._newest = 0

    def lag(self, applied: int) -> Lag:
        """The lag of answers that have all changes up to ``applied``; none while that is not known."""
        with self._lock:
            while self._missing and self._missing[0][0] <= applied:
                self._missing.popleft()
            if not self._missing:
                return Lag()
            return Lag(self._newest - applied, self._clock() - self._missing[0][1])
