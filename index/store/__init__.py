"""The system of record: documents, versions, passages, vectors, changes.

:func:`open_catalogue` and :func:`open_memory_store` choose the implementation; nothing outside this folder
names one.
"""

from __future__ import annotations

from pathlib import Path

from index.protocols import Catalogue, RecordStore

__all__ = ["open_catalogue", "open_memory_store"]


def open_catalogue(data: Path) -> Catalogue:
    """The catalogue of the collections in a data folder."""
    from index.store.sqlite import FolderCatalogue

    return FolderCatalogue(data / "collections")


def open_memory_store() -> RecordStore:
    """An empty record in memory, for documents that are searched once. It survives nothing."""
    from index.store.memory import MemoryStore

    return MemoryStore()
