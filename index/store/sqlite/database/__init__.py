"""SQLite database files: connections, journals, schemas, copies, and what deleted rows leave."""

from index.store.sqlite.database.connections import Database
from index.store.sqlite.database.copying import PinnedDatabase, file_damage, is_in_use, pin_database, reading
from index.store.sqlite.database.journal import check_journal, check_size
from index.store.sqlite.database.schemas import create_tables, prepare_database
from index.store.sqlite.database.whole import cover, is_whole_index

__all__ = [
    "Database",
    "PinnedDatabase",
    "check_journal",
    "check_size",
    "cover",
    "create_tables",
    "file_damage",
    "is_in_use",
    "is_whole_index",
    "pin_database",
    "prepare_database",
    "reading",
]
