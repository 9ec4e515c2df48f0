"""SQLite database files: connections, locks, formats, journals, and what deleted rows leave."""

from index.store.sqlite.database.connections import Database
from index.store.sqlite.database.formats import create_tables
from index.store.sqlite.database.journal import check_journal, check_size, remove_journal
from index.store.sqlite.database.whole import cover, is_whole_index

__all__ = [
    "Database",
    "check_journal",
    "check_size",
    "cover",
    "create_tables",
    "is_whole_index",
    "remove_journal",
]
