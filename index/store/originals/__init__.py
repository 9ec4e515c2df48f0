"""Storage of the bytes of documents: in a folder, in a bucket, or in memory for tests."""

from index.store.originals.places import SharedOriginals
from index.store.originals.stored import LayeredOriginals, StoredOriginals, folder_originals

__all__ = ["LayeredOriginals", "SharedOriginals", "StoredOriginals", "folder_originals"]
