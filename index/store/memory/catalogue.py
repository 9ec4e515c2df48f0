"""Collections in memory."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from index.errors import NotSupported
from index.protocols import Guard
from index.store.guarding import guarded
from index.store.memory.store import MemoryRecord, MemoryStore
from index.store.originals import MemoryOriginals


class MemoryCatalogue:
    """Implements :class:`index.protocols.Catalogue`; files derived from collections go into ``folder``."""

    stores_know_deletions = False
    is_announced = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.guard: Guard | None = None
        self._originals: dict[str, MemoryOriginals] = {}
        self._collections: dict[str, tuple[Mapping[str, Any], MemoryRecord]] = {}

    def names(self) -> list[str]:
        return sorted(self._collections)

    def identity(self, name: str) -> Hashable | None:
        return id(self._collections[name][1]) if name in self._collections else None

    def describe(self, name: str, description: Mapping[str, Any]) -> Mapping[str, Any]:
        stored, _ = self._collections.setdefault(name, (dict(description), MemoryRecord()))
        return stored

    def description(self, name: str) -> Mapping[str, Any] | None:
        return self._collections[name][0] if name in self._collections else None

    def folder(self, name: str) -> Path:
        return self._folder / name

    def open(self, name: str) -> MemoryStore:
        return guarded(MemoryStore(self._collections[name][1]), name, self.guard)

    def pin(self, names: Sequence[str]) -> AbstractContextManager[Mapping[str, Callable[[Path], None]]]:
        """Raise :class:`index.errors.NotSupported`: nothing here is kept."""
        raise NotSupported(f"The collections {', '.join(names)} are in memory only.")

    def publish(self, name: str) -> None:
        """Raise :class:`index.errors.NotSupported`."""
        raise NotSupported("Collections in memory are not copied.")

    conceal = publish

    def originals(self, name: str) -> MemoryOriginals:
        return self._originals.setdefault(name, MemoryOriginals())

    def delete(self, name: str) -> None:
        del self._collections[name]
        self._originals.pop(name, None)

    def attending(self, woken: Callable[[], object]) -> AbstractContextManager[None]:
        """Do nothing: whoever stores passages is in this process."""
        return nullcontext()

    def following(self, told: Callable[[Hashable | None], object]) -> AbstractContextManager[None]:
        """Do nothing: whoever changes a collection is in this process."""
        return nullcontext()

    def attendants(self) -> None:
        return None
