"""Record store in SQLite: one folder with one database file per collection."""

from index.store.sqlite.catalogue import FolderCatalogue
from index.store.sqlite.database import Database, cover, create_tables
from index.store.sqlite.store import SqliteStore
from index.store.sqlite.upkeep import (
    PinnedDatabase,
    file_damage,
    is_in_use,
    pin_database,
    prepare_database,
    reading,
)

__all__ = [
    "Database",
    "FolderCatalogue",
    "PinnedDatabase",
    "SqliteStore",
    "cover",
    "create_tables",
    "file_damage",
    "is_in_use",
    "pin_database",
    "prepare_database",
    "reading",
]
