"""Check, repair and copy a store file."""

from index.store.sqlite.upkeep.check import problems
from index.store.sqlite.upkeep.copying import PinnedDatabase, file_damage, is_in_use, pin_database, reading
from index.store.sqlite.upkeep.repair import drop_bad_vectors, repair
from index.store.sqlite.upkeep.schemas import prepare_database

__all__ = [
    "PinnedDatabase",
    "drop_bad_vectors",
    "file_damage",
    "is_in_use",
    "pin_database",
    "prepare_database",
    "problems",
    "reading",
    "repair",
]
