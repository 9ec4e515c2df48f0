"""Views of a record in PostgreSQL: of a transaction, of single statements, and of an earlier change."""
