"""The record in memory: for texts that are ranked once, and for tests. It survives nothing."""

from index.store.memory.catalogue import MemoryCatalogue
from index.store.memory.store import MemoryRecord, MemoryStore

__all__ = ["MemoryCatalogue", "MemoryRecord", "MemoryStore"]
