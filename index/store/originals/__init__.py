"""Where the bytes of documents are kept: in a folder, or in memory for tests."""

from index.store.originals.folder import FolderOriginals
from index.store.originals.memory import MemoryOriginals

__all__ = ["FolderOriginals", "MemoryOriginals"]
