"""Rows of the dense index: vectors with passage ids and document keys."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from index.engine.vectors.approximation import Approximation
from index.engine.vectors.exact import AllowedRows, FlatVectors, Matches, StoredVectors
from index.types import Ids, Vectors


class Rows:
    """Passage ids (distinct), document keys and vectors; position ``i`` is the same row in all of them.

    ``approximation``, if given, finds candidates faster than an exact search.
    """

    def __init__(
        self, ids: Ids, documents: Ids, stored: StoredVectors, approximation: Approximation | None = None
    ) -> None:
        self.ids = ids
        self.documents = documents
        self.stored = stored
        self.approximation = approximation
        self.count = len(ids)

    @staticmethod
    def of(ids: Ids, documents: Ids, vectors: Vectors) -> Rows:
        """Store rows in memory, sorted by id; vectors have shape (n, dimension)."""
        order = np.argsort(ids, kind="stable")
        return Rows(ids[order], documents[order], FlatVectors.of(vectors[order]))

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def dimension(self) -> int:
        return self.stored.dimension

    def vectors(self, positions: Ids) -> Vectors:
        """Return vectors, shape (len(positions), dimension)."""
        return self.stored.at(positions)

    def search(self, query: Vectors, count: int, allowed: AllowedRows) -> Matches:
        """Return, exactly or approximately, the ``count`` nearest allowed rows for each row of ``query``."""
        if self.approximation is not None:
            found = self.approximation.search(query, count, allowed, self.stored)
            if found is not None:
                return found
        return self.stored.search(query, count, allowed)

    def find(self, ids: Ids) -> Ids:
        """Return the position of each id; -1 if it is not here."""
        if self.count == 0:
            return np.full(len(ids), -1, np.int64)
        order, ascending = self._by_id
        places = np.minimum(np.searchsorted(ascending, ids), self.count - 1)
        positions = places if order is None else order[places]
        return np.where(ascending[places] == ids, positions, -1).astype(np.int64)

    def of_documents(self, wanted: Ids) -> Ids:
        """Return the positions of all passages of these documents, whose keys ascend and are distinct."""
        order, keys, starts = self._by_document
        places = np.searchsorted(keys, wanted)
        places = places[places < len(keys)]
        places = places[keys[places] == wanted[: len(places)]]
        first = starts[places]
        counts = starts[places + 1] - first
        # Concatenates the ranges [first, first + count) of all documents without a loop.
        skipped = np.repeat(first - (np.cumsum(counts) - counts), counts)
        positions = skipped + np.arange(len(skipped))
        return positions if order is None else order[positions]

    @cached_property
    def _by_id(self) -> tuple[Ids | None, Ids]:
        """Sorting permutation of the ids (None if they are sorted), and the sorted ids."""
        if np.all(self.ids[1:] > self.ids[:-1]):
            return None, self.ids
        order = np.argsort(self.ids, kind="stable").astype(np.int64)
        return order, np.asarray(self.ids[order])

    @cached_property
    def _by_document(self) -> tuple[Ids | None, Ids, Ids]:
        """Sorting permutation of the documents (None if sorted), their distinct keys, and where each starts.

        The last start is followed by the number of rows.
        """
        order, documents = None, np.asarray(self.documents)
        if not np.all(documents[1:] >= documents[:-1]):
            order = np.argsort(documents, kind="stable").astype(np.int64)
            documents = documents[order]
        keys, starts = np.unique(documents, return_index=True)
        return order, keys, np.append(starts, len(documents))
