"""What a collection in PostgreSQL costs as it grows to millions of passages."""
