"""The dense index: FAISS segments in memory over a memory-mapped base on disk."""

from index.vectors.dense import FaissIndex

__all__ = ["FaissIndex"]
