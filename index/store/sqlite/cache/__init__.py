"""What is kept in memory of the rows read last."""

from index.store.sqlite.cache.memory import Memory

__all__ = ["Memory"]
