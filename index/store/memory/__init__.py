"""The record in memory: for tests of what is built on a record. It survives nothing."""

from index.store.memory.catalogue import MemoryCatalogue
from index.store.memory.store import MemoryRecord, MemoryStore

__all__ = ["MemoryCatalogue", "MemoryRecord", "MemoryStore"]
