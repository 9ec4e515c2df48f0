"""Originals in memory: for contract and unit tests."""

from __future__ import annotations

import io
from collections.abc import Callable, Container
from typing import BinaryIO


class MemoryOriginals:
    """Implements :class:`index.protocols.Originals`. Nothing is durable."""

    def __init__(self) -> None:
        self._held: dict[bytes, bytes] = {}

    def put(self, sha256: bytes, data: bytes) -> None:
        self._held.setdefault(sha256, data)

    def holds(self, sha256: bytes) -> bool:
        return sha256 in self._held

    def open(self, sha256: bytes) -> BinaryIO:
        if sha256 not in self._held:
            raise FileNotFoundError(sha256.hex())
        return io.BytesIO(self._held[sha256])

    def sweep(self, keep: Container[bytes], check: Callable[[], object] = lambda: None) -> int:
        unwanted = [sha256 for sha256 in list(self._held) if sha256 not in keep]
        for sha256 in unwanted:
            check()
            del self._held[sha256]
        return len(unwanted)
