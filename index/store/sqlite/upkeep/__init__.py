"""Check and repair a store file, and copy its rows."""

from index.store.sqlite.upkeep.check import problems
from index.store.sqlite.upkeep.repair import drop_bad_vectors, repair

__all__ = [
    "drop_bad_vectors",
    "problems",
    "repair",
]
