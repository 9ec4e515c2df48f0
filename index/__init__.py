"""The library: documents, search and citations, without HTTP.

These names are the public door. They are loaded when they are first used, so that a process that only reads
files does not load the indexes.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index.answers import Answer, Citation, Hit, Turn
    from index.collection import Collection
    from index.config import LibraryConfig
    from index.embedding import load_embedder
    from index.errors import LoccitError
    from index.filters import parse_filter
    from index.ingest import Source
    from index.library import Library
    from index.records import Put

__all__ = [
    "Answer",
    "Citation",
    "Collection",
    "Hit",
    "Library",
    "LibraryConfig",
    "LoccitError",
    "Put",
    "Source",
    "Turn",
    "load_embedder",
    "parse_filter",
]

_MODULES = {
    "Answer": "answers",
    "Citation": "answers",
    "Collection": "collection",
    "Hit": "answers",
    "Library": "library",
    "LibraryConfig": "config",
    "LoccitError": "errors",
    "Put": "records",
    "Source": "ingest",
    "Turn": "answers",
    "load_embedder": "embedding",
    "parse_filter": "filters",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
