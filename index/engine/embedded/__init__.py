"""FAISS and tantivy in this process, with files in the folder of the collection."""

from index.engine.embedded.engine import EmbeddedEngine

__all__ = ["EmbeddedEngine"]
