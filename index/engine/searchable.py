"""Search a dense and a lexical index together."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import perf_counter
from typing import ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from index.filters import Filter
from index.protocols import DenseIndex, LexicalIndex, Noted, Rankings, Side, untimed
from index.types import Ids, Importance, Ranking, Vectors

P = ParamSpec("P")
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
        noted: Noted = untimed,
    ) -> Rankings:
        documents: Ids | None = None
        if where is not None:
            began = perf_counter()
            documents = self._select(where)
            noted("filter", began)
            if not len(documents):
                return Rankings(Ranking.empty(), Ranking.empty(), self.degraded)
        began = perf_counter()
        (dense,) = self._attempt(
            "dense",
            lambda: [Ranking.empty()],
            self.dense.search,
            vector.reshape(1, -1),
            n,
            documents=documents,
        )
        noted("dense", began)
        began = perf_counter()
        lexical = self._attempt(
            "lexical",
            Ranking.empty,
            self.lexical.search,
            question,
            n,
            documents=documents,
            context=context,
        )
        noted("lexical", began)
        return Rankings(dense, lexical, self.degraded)

    def search_words(self, text: str, n: int, *, where: Filter | None = None) -> Ids:
        return self.lexical.search(text, n, documents=None if where is None else self._select(where)).ids

    def scores(self, vector: Vectors, ids: Ids) -> NDArray[np.float32]:
        unknown = partial(np.full, len(ids), np.nan, np.float32)
        return self._attempt("dense", unknown, self.dense.scores, vector.reshape(1, -1), ids)

    def importance(self, question: str, context: Sequence[tuple[str, float]] = ()) -> Importance:
        equal = partial(self.lexical.equal_importance, question, context)
        return self._attempt("lexical", equal, self.lexical.importance, question, context)

    def terms(self, prefix: str) -> Mapping[str, int]:
        return self._attempt("lexical", dict[str, int], self.lexical.terms, prefix)

    def _attempt(
        self, side: Side, instead: Callable[[], T], search: Callable[P, T], *of: P.args, **how: P.kwargs
    ) -> T:
        """Search one index. An engine that can go on without it gives what to answer ``instead``."""
        return search(*of, **how)
