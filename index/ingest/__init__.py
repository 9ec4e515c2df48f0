"""Ingest: turn a file into a document with passages, and embed the passages."""

from index.ingest.preparation import Source

__all__ = [
    "Source",
]
