"""A named set of documents with one embedding model: where the flows and what is derived come together."""

from index.collection.collection import Collection
from index.collection.conflicts import ConflictPage, Place
from index.collection.connections import Connections, warn_once
from index.collection.text_verification import GivenVerification, TextVerifier

__all__ = [
    "Collection",
    "ConflictPage",
    "Connections",
    "GivenVerification",
    "Place",
    "TextVerifier",
    "warn_once",
]
