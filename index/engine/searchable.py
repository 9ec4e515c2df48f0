"""Search a dense and a lexical index together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from index.filters import Filter
from index.protocols import DenseIndex, LexicalIndex, Rankings, Side, Stage, untimed
from index.types import Ids, Importance, Ranking, Vectors

T = TypeVar("T")


class IndexPair:
    """Implements :class:`index.protocols.Searchable` over two indexes.

    ``select`` returns the keys of the documents that match a filter.
    """

    def __init__(self, dense: DenseIndex, lexical: LexicalIndex, select: Callable[[Filter], Ids]) -> None:
        self.dense = dense
        self.lexical = lexical
        self._select = select

    @property
    def degraded(self) -> tuple[Side, ...]:
        return ()

    def search(
        self,
        question: str,
        vector: Vectors,
        n: int,
        *,
        where: Filter | None = None,
        context: Sequence[tuple[str, float]] = (),
        stage: Stage = untimed,
    ) -> Rankings:
        documents: Ids | None = None
        if where is not None:
            with stage("filter"):
                documents = self._select(where)
            if not len(documents):
                return Rankings(Ranking.empty(), Ranking.empty(), self.degraded)
        with stage("dense"):
            dense = self._attempt(
                "dense",
                lambda: self.dense.search(vector.reshape(1, -1), n, documents=documents)[0],
                Ranking.empty,
            )
        with stage("lexical"):
            lexical = self._attempt(
                "lexical",
                lambda: self.lexical.search(question, n, documents=documents, context=context),
                Ranking.empty,
            )
        return Rankings(dense, lexical, self.degraded)

    def search_words(self, text: str, n: int, *, where: Filter | None = None) -> Ids:
        return self.lexical.search(text, n, documents=None if where is None else self._select(where)).ids

    def scores(self, vector: Vectors, ids: Ids) -> NDArray[np.float32]:
        return self._attempt(
            "dense",
            lambda: self.dense.scores(vector.reshape(1, -1), ids),
            lambda: np.full(len(ids), np.nan, np.float32),
        )

    def importance(self, question: str, context: Sequence[tuple[str, float]] = ()) -> Importance:
        return self._attempt(
            "lexical",
            lambda: self.lexical.importance(question, context),
            lambda: self.lexical.equal_importance(question, context),
        )

    def terms(self, prefix: str) -> Mapping[str, int]:
        def none() -> Mapping[str, int]:
            return {}

        return self._attempt("lexical", lambda: self.lexical.terms(prefix), none)

    def _attempt(self, side: Side, search: Callable[[], T], instead: Callable[[], T]) -> T:
        """Search one index. An engine that can go on without it gives what to answer ``instead``."""
        return search()
