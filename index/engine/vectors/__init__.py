"""The dense index: a memory-mapped FAISS base on disk, with newer segments in memory."""

from index.engine.vectors.dense import FaissIndex
from index.engine.vectors.files import FORMAT, hashes_of, install, mark_of, read_base, read_manifest

__all__ = ["FORMAT", "FaissIndex", "hashes_of", "install", "mark_of", "read_base", "read_manifest"]
