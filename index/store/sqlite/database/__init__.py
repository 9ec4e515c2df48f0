"""SQLite database files: connections, locks, what a journal tells, what deleted rows leave, and damage."""

from index.store.sqlite.database.connections import Database
from index.store.sqlite.database.damage import undecodable
from index.store.sqlite.database.journal import check_journal, check_size, remove_journal
from index.store.sqlite.database.leases import FileLeases

__all__ = ["Database", "FileLeases", "check_journal", "check_size", "remove_journal", "undecodable"]
