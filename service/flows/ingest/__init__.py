"""Ingest documents: receive what callers send, run jobs, embed passages in the background."""
