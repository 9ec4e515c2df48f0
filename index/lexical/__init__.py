"""The lexical index: BM25 by tantivy over terms of our own analysis."""

from index.lexical.bm25 import Analysis, TantivyIndex

__all__ = ["Analysis", "TantivyIndex"]
