"""Record store in PostgreSQL: one schema for each collection."""

from index.store.postgresql.catalogue import PostgresqlCatalogue
from index.store.postgresql.store import PostgresqlStore

__all__ = ["PostgresqlCatalogue", "PostgresqlStore"]
