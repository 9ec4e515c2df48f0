"""A named set of documents with one embedding model: where the flows and what is derived come together."""

from index.collection.collection import Collection

__all__ = ["Collection"]
