"""The system of record: documents, versions, passages, vectors, changes.

:func:`open_catalogue` chooses the implementation; nothing outside this folder names one.
"""

from __future__ import annotations

from pathlib import Path

from index.protocols import Catalogue

__all__ = ["open_catalogue"]


def open_catalogue(data: Path) -> Catalogue:
    """The catalogue of the collections in a data folder."""
    from index.store.sqlite import FolderCatalogue

    return FolderCatalogue(data / "collections")
