"""Record store in PostgreSQL: one schema for each collection."""
