"""Named collections under one data folder."""

from __future__ import annotations

import shutil
import threading
import uuid
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from index.collection import Collection
from index.config import LibraryConfig
from index.description import DESCRIPTION
from index.errors import CollectionNotFound
from index.naming import checked_collection_name
from index.protocols import Embedder, Reranker
from index.reading import Reading, ReadingHere


class Library:
    """Opens, creates and deletes collections, each once. Safe to use from several threads.

    ``embedder`` may be a function that loads it, called on first need: the names of collections can be
    listed without a model. ``reranker`` loads one likewise. ``reading`` reads files, in this process when
    none is given; it is closed with the library.
    """

    def __init__(
        self,
        data: Path,
        *,
        embedder: Embedder | Callable[[], Embedder],
        config: LibraryConfig | None = None,
        reranker: Callable[[], Reranker] | None = None,
        reading: Reading | None = None,
    ) -> None:
        self.data = data
        self.folder = data / "collections"
        self._given = embedder
        self._config = config or LibraryConfig()
        self._given_reranker = reranker
        self._reading = reading or ReadingHere(self._config.reading)
        self._open: dict[str, Collection] = {}
        self._lock = threading.RLock()

    @cached_property
    def embedder(self) -> Embedder:
        """The one model of all collections, loaded on first use."""
        with self._lock:
            return self._given() if callable(self._given) else self._given

    @cached_property
    def reranker(self) -> Reranker | None:
        """The one reranker of all collections, loaded on first use; None when none is wanted."""
        with self._lock:
            return self._given_reranker() if self._given_reranker else None

    def names(self) -> list[str]:
        """All collections on disk, in order."""
        return sorted(path.parent.name for path in self.folder.glob(f"*/{DESCRIPTION}"))

    def open(self, name: str, *, create: bool = False) -> Collection:
        """Open a collection, the same object each time.

        Raises :class:`index.errors.InvalidCollectionName`, :class:`CollectionNotFound`, and
        :class:`index.errors.CollectionMismatch` when it was built with another model or other settings.
        """
        folder = self.folder / checked_collection_name(name)
        with self._lock:
            there = (folder / DESCRIPTION).exists()
            if not there and (stale := self._open.pop(name, None)):
                stale.close()  # another process deleted it
            if not there and not create:
                raise CollectionNotFound(
                    f"There is no collection {name!r}. Create it with PUT /v1/collections/{name} or "
                    f"loccit ingest FOLDER --collection {name}."
                )
            if name not in self._open:
                self._open[name] = Collection(
                    folder,
                    embedder=self.embedder,
                    config=self._config,
                    reranker=self.reranker,
                    reading=self._reading,
                )
            return self._open[name]

    def delete(self, name: str) -> None:
        """Erase a collection with all its documents. Raises :class:`CollectionNotFound`."""
        folder = self.folder / checked_collection_name(name)
        with self._lock:
            if not (folder / DESCRIPTION).exists():
                raise CollectionNotFound(f"There is no collection {name!r}.")
            if opened := self._open.pop(name, None):
                opened.close()
            # Out of the way in one step, so that nobody opens a collection half erased.
            doomed = folder.with_name(f".{name}.{uuid.uuid4().hex}.deleted")
            folder.rename(doomed)
            shutil.rmtree(doomed)

    def expect_documents(self) -> None:
        """Start what the first document would have to wait for; returns at once."""
        self._reading.prepare()

    def close(self) -> None:
        """Close every open collection."""
        with self._lock:
            while self._open:
                self._open.popitem()[1].close()
            self._reading.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
