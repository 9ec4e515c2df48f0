"""Rows of the dense index: vectors with what they are the vectors of."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from index.types import Ids, Vectors
from index.vectors.approximation import Approximation
from index.vectors.exact import Allowed, FlatVectors, Found, StoredVectors


class Rows:
    """Vectors with their passage ids and document keys. Position ``i`` means the same in all.

    No id is there twice. ``approximation`` finds candidates faster than going through all rows.
    """

    def __init__(
        self, ids: Ids, documents: Ids, stored: StoredVectors, approximation: Approximation | None = None
    ) -> None:
        self.ids = ids
        self.documents = documents
        self.stored = stored
        self.approximation = approximation

    @staticmethod
    def of(ids: Ids, documents: Ids, vectors: Vectors) -> Rows:
        """In memory, from arrays in any order; vectors have shape (n, dimension)."""
        order = np.argsort(ids, kind="stable")
        return Rows(ids[order], documents[order], FlatVectors.of(vectors[order]))

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def dimension(self) -> int:
        return self.stored.dimension

    def vectors(self, positions: Ids) -> Vectors:
        """Shape (len(positions), dimension)."""
        return self.stored.at(positions)

    def search(self, query: Vectors, count: int, allowed: Allowed) -> Found:
        """For each row of ``query`` the ``count`` nearest of the allowed rows, or nearly those."""
        if self.approximation is not None:
            found = self.approximation.search(query, count, allowed, self.stored)
            if found is not None:
                return found
        return self.stored.search(query, count, allowed)

    def find(self, ids: Ids) -> Ids:
        """The position of each id, -1 where it is not here."""
        if len(self) == 0:
            return np.full(len(ids), -1, np.int64)
        order, ascending = self._by_id
        places = np.minimum(np.searchsorted(ascending, ids), len(self) - 1)
        positions = places if order is None else order[places]
        return np.where(ascending[places] == ids, positions, -1).astype(np.int64)

    def of_documents(self, wanted: Ids) -> Ids:
        """Positions of all passages of these documents; their keys ascend and are distinct."""
        order, keys, starts = self._by_document
        places = np.searchsorted(keys, wanted)
        places = places[places < len(keys)]
        places = places[keys[places] == wanted[: len(places)]]
        first = starts[places]
        counts = starts[places + 1] - first
        # Each document's run [first, first + count), laid end to end without a loop.
        skipped = np.repeat(first - (np.cumsum(counts) - counts), counts)
        positions = skipped + np.arange(len(skipped))
        return positions if order is None else order[positions]

    @cached_property
    def _by_id(self) -> tuple[Ids | None, Ids]:
        """An order in which the ids ascend, None for that in which they are, and the ids so."""
        if np.all(self.ids[1:] > self.ids[:-1]):
            return None, self.ids
        order = np.argsort(self.ids, kind="stable").astype(np.int64)
        return order, np.asarray(self.ids[order])

    @cached_property
    def _by_document(self) -> tuple[Ids | None, Ids, Ids]:
        """An order in which the documents ascend (None: the one they are in), their keys, where each starts.

        After the last start comes the end.
        """
        order, documents = None, np.asarray(self.documents)
        if not np.all(documents[1:] >= documents[:-1]):
            order = np.argsort(documents, kind="stable").astype(np.int64)
            documents = documents[order]
        keys, starts = np.unique(documents, return_index=True)
        return order, keys, np.append(starts, len(documents))
