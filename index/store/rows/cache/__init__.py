"""Caches of the rows read last."""

from index.store.rows.cache.memory import Memory, Reads, with_words

__all__ = ["Memory", "Reads", "with_words"]
