"""Concurrency limits: a fixed one, and one that shrinks under sustained overload.

A queue helps against short bursts. Under sustained overload it is always full: each request waits for the
whole queue, and no more requests are answered than without one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from service.errors import Overloaded

_DECAY_SECONDS = 1.0
"""Time constant of the counts of admitted and refused requests: they decay to 1/e in this time."""
_DAMPING = 10.0
"""Added to the counts, so that a few refusals at low load hardly change the limit."""
_IDLE_SECONDS = 0.05


class Permits:
    """A fixed concurrency limit. Use it from the event loop's thread only."""

    def __init__(self, most: int, *, advice: str = "raise LOCCIT_MAX_QUEUE") -> None:
        self.most = most
        self.taken = 0
        self.refused = 0
        """Requests refused since the start."""
        self._waiting = 0
        self._advice = advice

    @property
    def limit(self) -> int:
        """The number of permits now."""
        return self.most

    def require(self) -> None:
        """Raise :class:`Overloaded` when all permits are taken."""
        if self._has_room():
            return
        self.refused += 1
        self._on_refusal()
        message = (
            f"The service is answering {self.taken} requests of this kind already. Try again in a moment"
        )
        raise Overloaded(f"{message}, or {self._advice}." if self.taken >= self.most else f"{message}.")

    @contextmanager
    def acquire(self) -> Iterator[None]:
        """Hold a permit. Raises :class:`Overloaded` immediately when all are taken."""
        self.require()
        self._on_admission()
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1
            self._on_release()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count the caller, who holds a permit, as waiting for the model."""
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    def _has_room(self) -> bool:
        return self.taken < self.limit

    def _on_refusal(self) -> None:
        pass

    def _on_admission(self) -> None:
        pass

    def _on_release(self) -> None:
        pass


class ElasticPermits(Permits):
    """A concurrency limit that shrinks with the square of the share of requests admitted recently.

    It never falls below ``least``, which keeps all threads busy. At that limit one permit stays free while
    all other holders wait for the model, so that no admitted request waits for two batches. The limit is
    back at ``most`` when the service was idle for a moment, or some seconds after the last refusal, so that
    clients refused during a burst are admitted when they retry.
    """

    def __init__(self, most: int, *, least: int, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(most)
        self._least = min(least, most)
        self._clock = clock
        self._updated = self._empty_since = clock()
        self._refused = self._admitted = 0.0

    @property
    def limit(self) -> int:
        """See :class:`Permits`."""
        self._decay()
        if not self.taken and self._updated - self._empty_since >= _IDLE_SECONDS:
            self._refused = self._admitted = 0.0
        share = self._refused / (self._refused + self._admitted + _DAMPING)
        return max(self._least, round(self.most * (1.0 - share) ** 2))

    def _has_room(self) -> bool:
        limit = self.limit
        if self._least == limit < self.most and self._waiting >= max(1, limit - 1):
            return False
        return self.taken < limit

    def _on_refusal(self) -> None:
        self._decay()
        self._refused += 1.0

    def _on_admission(self) -> None:
        self._decay()
        self._admitted += 1.0

    def _on_release(self) -> None:
        if not self.taken:
            self._empty_since = self._clock()

    def _decay(self) -> None:
        now = self._clock()
        kept = math.exp((self._updated - now) / _DECAY_SECONDS)
        self._updated, self._refused, self._admitted = now, kept * self._refused, kept * self._admitted
