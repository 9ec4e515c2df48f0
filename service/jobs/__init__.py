"""Ingest in the background: jobs that are kept on disk, their files, and the thread that does them."""
