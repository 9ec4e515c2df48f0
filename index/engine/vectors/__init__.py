"""The dense index: a memory-mapped FAISS base on disk, with newer segments in memory."""

from index.engine.vectors.dense import FaissIndex
from index.engine.vectors.files import FORMAT, read_base, read_manifest
from index.engine.vectors.installation import hashes_of, install, mark_of

__all__ = ["FORMAT", "FaissIndex", "hashes_of", "install", "mark_of", "read_base", "read_manifest"]
