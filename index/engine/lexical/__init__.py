"""The lexical index: BM25 ranking by tantivy, over terms from the project's own analyzer."""

from index.engine.lexical import sharing
from index.engine.lexical.applied import FORMAT
from index.engine.lexical.bm25 import TantivyIndex
from index.engine.lexical.folder import IndexFiles

__all__ = ["FORMAT", "IndexFiles", "TantivyIndex", "sharing"]
