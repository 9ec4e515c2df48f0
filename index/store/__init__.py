"""The system of record: documents, versions, passages, vectors, changes.

:func:`open_catalogue` and :func:`open_memory_store` choose the implementation; nothing outside this folder
names one. It is loaded when it is opened: a process that opens a database of another kind needs none.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import NotSupported
from index.objects import parse_objects

if TYPE_CHECKING:
    from index.protocols import Catalogue, RecordStore

__all__ = ["open_catalogue", "open_memory_store"]


def open_catalogue(data: Path, store: str = "", *, objects: str = "") -> Catalogue:
    """The catalogue of the collections in a data folder, or in a database.

    ``store`` is the address of a PostgreSQL database (``postgresql://user:password@host/name``); files
    derived from its collections are in the data folder. ``objects`` is the address of the place of originals
    (:func:`index.objects.parse_objects`). Raises :class:`index.errors.NotSupported` without psycopg, and
    :class:`index.errors.StoreUnavailable`.
    """
    from index.store.originals import SharedOriginals

    place = parse_objects(objects)
    if store:
        try:
            from index.postgresql import identify, open_server
            from index.store.postgresql import PostgresqlCatalogue
        except ModuleNotFoundError as error:
            raise NotSupported(
                f"A store in PostgreSQL needs {error.name}. Run: pip install 'loccit[postgresql]'"
            ) from error
        server = open_server(store)
        shared = SharedOriginals(place, lambda: identify(server))
        return PostgresqlCatalogue(server, data / "collections", shared)
    from index.store.sqlite import FolderCatalogue

    return FolderCatalogue(data / "collections", SharedOriginals(place))


def open_memory_store() -> RecordStore:
    """An empty record in memory, for documents that are searched once. It survives nothing."""
    from index.store.sqlite.memory import MemoryStore

    return MemoryStore()
