"""Which collections a thread looks at next, and when."""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Turn:
    """The collections to look at now: those that have changed, and those that have passages to embed.

    None stands for all of them. ``has_failed`` is set by who could not look at one.
    """

    changed: frozenset[str | None]
    urgent: frozenset[str | None]
    has_failed: bool = False

    @property
    def is_of_all(self) -> bool:
        """Whether all collections are to be looked at."""
        return None in self.changed | self.urgent

    @property
    def names(self) -> set[str]:
        """The collections that are named."""
        return {name for name in self.changed | self.urgent if name is not None}

    def has_passages(self, name: str) -> bool:
        """Whether a collection may have passages to embed."""
        return name in self.urgent or None in self.urgent


class Agenda:
    """Collects what is announced for the next turn of a thread. Thread-safe.

    All collections have a turn ``every`` so many seconds. Changes that are announced wait until ``least``
    seconds after the beginning of the last turn, so that many of them cost one look.
    """

    def __init__(self, *, every: float, least: float = 0.0) -> None:
        self._every = every
        self._least = least
        self._changed: set[str | None] = set()
        self._urgent: set[str | None] = set()
        self._began = self._next = -math.inf
        self._lock = threading.Lock()

    def add(self, name: str | None, *, urgent: bool = False) -> None:
        """Announce a change of a collection, or of any (None); ``urgent`` ones have passages to embed."""
        with self._lock:
            (self._urgent if urgent else self._changed).add(name)

    def pause(self) -> float:
        """The seconds until the next turn."""
        with self._lock:
            if self._urgent:
                return 0.0
            due = min(self._next, self._began + self._least) if self._changed else self._next
            return max(0.0, due - time.monotonic())

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Begin the next turn. After a failure all collections have another one soon."""
        turn = self._begin()
        try:
            yield turn
        except BaseException:
            turn.has_failed = True
            raise
        finally:
            self._end(turn)

    def _begin(self) -> Turn:
        with self._lock:
            self._began = time.monotonic()
            if self._began >= self._next:
                self._changed.add(None)
            turn = Turn(frozenset(self._changed), frozenset(self._urgent))
            self._changed.clear()
            self._urgent.clear()
            return turn

    def _end(self, turn: Turn) -> None:
        with self._lock:
            now = time.monotonic()
            if turn.is_of_all:
                self._next = now + self._every
            if turn.has_failed:
                self._next = min(self._next, now + self._least)
