"""Prepare other passages and vectors of all versions beside those in use, and exchange them at once.

While an upgrade is prepared, the tables ``staged_passages``, ``staged_embeddings`` and ``staged_removals``
are like those in use, and ``staged_versions`` tells which versions are staged. The exchange renames tables,
which takes no longer for a large collection; those replaced are deleted afterwards in parts.
"""

from index.store.postgresql.staged.rows import drop

__all__ = ["drop"]
