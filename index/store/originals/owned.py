"""Originals in a place where a mark says which database may delete them."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import BinaryIO

from index.objects import OwnedFolder
from index.protocols import Originals, Stray


class OwnedOriginals:
    """Implements :class:`index.protocols.Originals`. Deletes nothing that another database owns."""

    def __init__(self, originals: Originals, folder: OwnedFolder) -> None:
        self._originals = originals
        self._folder = folder
        self._is_claimed = False

    def put(self, sha256: bytes, data: bytes) -> None:
        if not self._is_claimed:  # a folder that nobody has is that of the first who writes there
            self._folder.is_own()
            self._is_claimed = True
        self._originals.put(sha256, data)

    def holds(self, sha256: bytes) -> bool:
        return self._originals.holds(sha256)

    def open(self, sha256: bytes) -> BinaryIO:
        return self._originals.open(sha256)

    def claim(self) -> bool:
        return self._folder.is_own()

    def remove(self, sha256s: Iterable[bytes]) -> None:
        if wanted := list(sha256s):
            self._folder.require()
            self._originals.remove(wanted)

    def strays(self, keep: Container[bytes]) -> list[Stray]:
        return self._originals.strays(keep)

    def remove_strays(self, strays: Iterable[Stray]) -> None:
        if wanted := list(strays):
            self._folder.require()
            self._originals.remove_strays(wanted)

    def sweep(self, keep: Container[bytes], check: Callable[[], object] = lambda: None) -> int:
        self._folder.require()
        return self._originals.sweep(keep, check)
