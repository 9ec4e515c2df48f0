"""SQLite database files: connections, locks, formats, journals, and what deleted rows leave."""

from index.store.sqlite.database.connections import Database
from index.store.sqlite.database.formats import create_tables
from index.store.sqlite.database.journal import check_journal, check_size, remove_journal

__all__ = [
    "Database",
    "check_journal",
    "check_size",
    "create_tables",
    "remove_journal",
]
