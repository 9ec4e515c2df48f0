"""Record store in SQLite: one folder with one database file per collection.

The record store is loaded when it is first used, so that a process that opens a database of another kind does
not load what a record needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from index.store.sqlite.database import (
    Database,
    PinnedDatabase,
    cover,
    create_tables,
    file_damage,
    is_in_use,
    pin_database,
    prepare_database,
    reading,
)

if TYPE_CHECKING:
    from index.store.sqlite.catalogue import FolderCatalogue
    from index.store.sqlite.store import SqliteStore

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

_MODULES = {"FolderCatalogue": "catalogue", "SqliteStore": "store"}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
