"""The dense side in Milvus: passages by meaning."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from index.records import Mark
from index.types import Ids, Ranking, Vectors
from loccit_milvus.server import Hits
from loccit_milvus.side import MilvusSide, best

_MANY = 4000


class MilvusVectors(MilvusSide):
    """Implements :class:`index.protocols.DenseIndex`. Hold the record's write lease for an update."""

    side = "dense"
    kinds = ("vectors",)
    _added = 0

    def update(self, mark: Mark, *, ids: Ids, documents: Ids, vectors: Vectors, removed: Ids) -> None:
        """Add passages (id, document key, vector) and drop ``removed``. Repeating an update is harmless."""
        self._begin()
        name = self._name("vectors")
        rows = zip(ids.tolist(), documents.tolist(), vectors, strict=True)
        self._server.upsert(name, [{"id": id_, "document": key, "vector": row} for id_, key, row in rows])
        self._added += len(ids)
        self._server.delete(name, removed)
        if mark != self.mark:
            self._write(self._advance(mark))

    @property
    def should_index(self) -> bool:
        """Whether enough rows were added that the server should build a graph of them now."""
        return self._added >= _MANY

    def index_now(self) -> None:
        """Let the server build the graph of what was added."""
        self._added = 0
        self._server.index_now(self._name("vectors"))

    def search(self, query: Vectors, n: int, *, documents: Ids | None = None) -> list[Ranking]:
        """For each row of ``query`` the at most ``n`` nearest, among ``documents`` (keys) when given."""
        if n < 1 or not self.change:
            return [Ranking.empty() for _ in query]

        def nearest(vector: Vectors) -> Ranking:
            return self._reading(lambda: best(partial(self._search_rows, vector), n, documents))

        return [nearest(row) for row in query]

    def _search_rows(self, vector: Vectors, expression: str, limit: int) -> Hits:
        return self._server.search(
            self._name("vectors"),
            "vector",
            vector,
            limit=limit,
            expression=expression,
            consistency=self._consistency,
        )

    def scores(self, query: Vectors, ids: Ids) -> NDArray[np.float32]:
        """Inner products of one query row with the named passages; NaN for those not held."""
        scores = np.full(len(ids), np.nan, np.float32)
        if not len(ids) or not self.change:
            return scores
        held = self._reading(lambda: self._vectors(ids))
        for at, id_ in enumerate(ids.tolist()):
            if id_ in held:
                scores[at] = float(np.dot(held[id_], query[0]))
        return scores

    def _vectors(self, ids: Ids) -> dict[int, NDArray[np.float32]]:
        rows = self._server.rows(
            self._name("vectors"), "id", ids.tolist(), ["id", "vector"], self._consistency
        )
        return {int(row["id"]): np.asarray(row["vector"], np.float32) for row in rows}
