"""Originals in a new place, with those that are still in an earlier one."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import BinaryIO

from index.protocols import Originals


class LayeredOriginals:
    """Implements :class:`index.protocols.Originals`: puts into ``new``, and finds what ``old`` has, too.

    So a data folder is readable that was made, or restored from a backup, before originals had another place.
    """

    def __init__(self, new: Originals, old: Originals) -> None:
        self._new = new
        self._old = old

    def put(self, sha256: bytes, data: bytes) -> None:
        self._new.put(sha256, data)

    def holds(self, sha256: bytes) -> bool:
        return self._old.holds(sha256) or self._new.holds(sha256)

    def open(self, sha256: bytes) -> BinaryIO:
        return (self._old if self._old.holds(sha256) else self._new).open(sha256)

    def sweep(self, keep: Container[bytes], check: Callable[[], object] = lambda: None) -> int:
        return self._old.sweep(keep, check) + self._new.sweep(keep, check)
