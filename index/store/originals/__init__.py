"""Storage of the bytes of documents: in a folder, in a bucket, or in memory for tests."""

from index.store.originals.bucket import BucketOriginals
from index.store.originals.folder import FolderOriginals
from index.store.originals.layered import LayeredOriginals
from index.store.originals.places import SharedOriginals

__all__ = ["BucketOriginals", "FolderOriginals", "LayeredOriginals", "SharedOriginals"]
