"""Originals in a new place, with those that are still in an earlier one."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import BinaryIO

from index.protocols import Originals, Stray


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

    def claim(self) -> bool:
        return self._new.claim()

    def remove(self, sha256s: Iterable[bytes]) -> None:
        wanted = list(sha256s)
        self._old.remove(wanted)
        self._new.remove(wanted)

    def strays(self, keep: Container[bytes]) -> list[Stray]:
        return [*self._old.strays(keep), *self._new.strays(keep)]

    def remove_strays(self, strays: Iterable[Stray]) -> None:
        # What is a stray in one of them is no original in the other: names are hashes.
        wanted = list(strays)
        self._old.remove_strays(wanted)
        self._new.remove_strays(wanted)

    def sweep(self, keep: Container[bytes], check: Callable[[], object] = lambda: None) -> int:
        return self._old.sweep(keep, check) + self._new.sweep(keep, check)
