"""What was made of the texts that were read last: requests often come from the same few documents."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Made = TypeVar("Made")


class TextCache(Generic[Made]):
    """Something for each text, by the hash that names the text for good. Safe to use from several threads.

    It holds what was made of at most about ``most`` code points, and never of a text with more than half.
    """

    def __init__(self, most: int, length: Callable[[Made], int]) -> None:
        self._most = most
        self._length = length
        self._lock = threading.Lock()
        self._held: OrderedDict[bytes, Made] = OrderedDict()
        self._size = 0
        self._era = 0

    def get(self, sha256: bytes, make: Callable[[bytes], Made]) -> Made:
        """What is held for a text, made when nothing is."""
        with self._lock:
            if (held := self._held.get(sha256)) is not None:
                self._held.move_to_end(sha256)
                return held
            era = self._era
        made = make(sha256)
        length = self._length(made)
        with self._lock:
            # What was made before something was erased may be of what was erased.
            if era == self._era and sha256 not in self._held and length <= self._most // 2:
                self._held[sha256] = made
                self._size += length
            while self._size > self._most:
                _, dropped = self._held.popitem(last=False)
                self._size -= self._length(dropped)
        return made

    def clear(self) -> None:
        """Forget everything: something was erased."""
        with self._lock:
            self._held.clear()
            self._size = 0
            self._era += 1
