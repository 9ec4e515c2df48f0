"""The dense index: a memory-mapped FAISS base on disk, with newer segments in memory."""

from index.engine.vectors.dense import FaissIndex
from index.engine.vectors.files import read_base

__all__ = ["FaissIndex", "read_base"]
