"""A collection's two indexes, and how they keep up with its store."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import numpy as np

from index.analysis import Analyzer
from index.config import VectorsConfig
from index.errors import CollectionBusy
from index.lexical import TantivyIndex
from index.protocols import RecordStore
from index.vectors import FaissIndex

_DEFAULTS = VectorsConfig()


class Indexes:
    """The dense and the lexical index in a collection's folder. Both are derived: the store fills them."""

    def __init__(
        self,
        folder: Path,
        store: RecordStore,
        analyzer: Analyzer,
        dimension: int,
        vectors: VectorsConfig = _DEFAULTS,
    ) -> None:
        self._store = store
        self._dimension = dimension
        self._locking = threading.RLock()
        self.dense = FaissIndex.open(folder / "vectors", dimension, vectors)
        self.lexical = TantivyIndex.open(folder / "lexical", analyzer)

    def refresh(self, writing: Callable[[], AbstractContextManager[None]]) -> bool:
        """See what other processes committed; whether there was something. Cheap when there was nothing.

        ``writing`` takes the collection's write lock, or raises :class:`CollectionBusy` at once.
        """
        change = self._store.change()
        if self.dense.change >= change and self.lexical.change >= change:
            return False
        self.lexical.refresh()
        if self.lexical.change < change:
            # Whoever committed is bringing its words into the index now, unless it was killed on the way.
            with suppress(CollectionBusy), writing():
                self._catch_up_lexical()
        self._catch_up_dense()
        return True

    def catch_up(self) -> None:
        """Bring both indexes to the store's last change; the caller holds the write lock."""
        self._catch_up_lexical()
        self._catch_up_dense()

    def _catch_up_lexical(self) -> None:
        self.lexical.refresh()
        since, until = self.lexical.change, self._store.change()
        if since < until:
            self.lexical.update(
                until,
                added=self._store.added_texts(since, until),
                removed=self._store.removed(since, until),
            )

    def _catch_up_dense(self) -> None:
        with self._locking:
            self.dense.reload()
            since, until = self.dense.change, self._store.change()
            if since >= until:
                return
            nothing = np.empty(0, np.int64)
            for ids, documents, vectors in self._store.added_vectors(since, until, self._dimension):
                # Complete only with the last batch: until then the index stays at the change before.
                self.dense.update(since, ids=ids, documents=documents, vectors=vectors, removed=nothing)
            self.dense.update(
                until,
                ids=nothing,
                documents=nothing,
                vectors=np.empty((0, self._dimension), np.float32),
                removed=self._store.removed(since, until),
            )

    def close(self) -> None:
        """Release files and memory."""
        self.lexical.close()
        self.dense.close()
