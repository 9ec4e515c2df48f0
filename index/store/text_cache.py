"""Whole texts that were read last: answers, citations and quotes often come from the same few documents."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

MOST = 8_000_000
"""Code points kept, 1 to 4 bytes each."""


class TextCache:
    """Texts by their hash, which names them for good. Safe to use from several threads."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._texts: OrderedDict[bytes, str] = OrderedDict()
        self._held = 0
        self._era = 0

    def get(self, sha256: bytes, read: Callable[[bytes], str]) -> str:
        """The text, read when it is not held."""
        with self._lock:
            if (held := self._texts.get(sha256)) is not None:
                self._texts.move_to_end(sha256)
                return held
            era = self._era
        text = read(sha256)
        with self._lock:
            # What was read before something was erased may be what was erased.
            if era == self._era and sha256 not in self._texts and len(text) <= self._most // 2:
                self._texts[sha256] = text
                self._held += len(text)
            while self._held > self._most:
                _, dropped = self._texts.popitem(last=False)
                self._held -= len(dropped)
        return text

    def clear(self) -> None:
        """Forget everything: something was erased."""
        with self._lock:
            self._texts.clear()
            self._held = 0
            self._era += 1
