"""A cache of values derived from texts, by text hash."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from typing import Generic, TypeVar

Value = TypeVar("Value")


class TextCache(Generic[Value]):
    """The values used last, each derived from one text. Safe to use from several threads.

    It holds values of about ``most`` code points in all, as ``length`` counts them, and none of more than
    half of that. After :meth:`clear` nothing stays, and nothing comes back, of a text that was read before:
    neither by a call that was under way, nor from a snapshot of an earlier change.
    """

    def __init__(self, most: int, length: Callable[[Value], int]) -> None:
        self._most = most
        self._length = length
        self._lock = threading.Lock()
        self._held: OrderedDict[bytes, Value] = OrderedDict()
        self._size = 0
        self._cleared = 0
        self._cleared_at = 0

    def get(self, sha256: bytes, make: Callable[[bytes], Value], change: int | None = None) -> Value:
        """The value for a text, made when it is not held; ``change`` is that of the snapshot in use."""
        return self.get_many([sha256], lambda _: {sha256: make(sha256)}, change)[sha256]

    def peek(self, sha256: bytes) -> Value | None:
        """The cached value for a text; None if it is not cached."""
        with self._lock:
            return self._held.get(sha256)

    def get_many(
        self,
        sha256s: Collection[bytes],
        make: Callable[[list[bytes]], Mapping[bytes, Value]],
        change: int | None = None,
    ) -> dict[bytes, Value]:
        """The values for texts; ``make`` makes those that are not held, all at once."""
        with self._lock:
            found = {sha256: self._held[sha256] for sha256 in sha256s if sha256 in self._held}
            for sha256 in found:
                self._held.move_to_end(sha256)
            cleared = self._cleared
        if len(found) == len(sha256s):
            return found
        made = make([sha256 for sha256 in sha256s if sha256 not in found])
        lengths = {sha256: self._length(value) for sha256, value in made.items()}
        with self._lock:
            if cleared == self._cleared and (change is None or change >= self._cleared_at):
                self._keep(made, lengths)
        return {**found, **made}

    def _keep(self, made: Mapping[bytes, Value], lengths: Mapping[bytes, int]) -> None:
        for sha256, value in made.items():
            if sha256 not in self._held and lengths[sha256] <= self._most // 2:
                self._held[sha256] = value
                self._size += lengths[sha256]
        while self._size > self._most:
            _, dropped = self._held.popitem(last=False)
            self._size -= self._length(dropped)

    def clear(self, change: int | None = None) -> None:
        """Drop all values, because this change or an earlier one erased something."""
        with self._lock:
            self._held.clear()
            self._size = 0
            self._cleared += 1
            self._cleared_at = max(self._cleared_at, change or 0)
