"""The schema of store.sqlite: the tables of the base format, and the migrations to the newest."""

from index.store.sqlite.migrations.base import BASE
from index.store.sqlite.migrations.migrations import FORMAT, MIGRATIONS, is_newest, migrate, require_known

__all__ = ["BASE", "FORMAT", "MIGRATIONS", "is_newest", "migrate", "require_known"]
