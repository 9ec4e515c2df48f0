"""Merge dense and lexical results into candidates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from index.search import fusion
from index.search.second_look import SecondLook
from index.types import Ids, Ranking

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The passages found by either index; scores are aligned with ``ids``, NaN if unknown."""

    ids: Ids
    dense: Scores
    lexical: Scores
    dense_rank: dict[int, int]
    lexical_rank: dict[int, int]

    @staticmethod
    def of(dense: Ranking, lexical: Ranking, similarity: Callable[[Ids], Scores]) -> Candidates:
        """Merge two rankings. ``similarity`` returns dense scores for passages found only by words."""
        ids = np.unique(np.concatenate([dense.ids, lexical.ids]))
        meaning, words = np.full((2, len(ids)), np.nan, np.float32)
        words[np.searchsorted(ids, lexical.ids)] = lexical.scores
        others = np.ones(len(ids), np.bool_)
        at = np.searchsorted(ids, dense.ids)
        meaning[at], others[at] = dense.scores, False
        meaning[others] = similarity(ids[others])
        return Candidates(ids, meaning, words, _ranks(dense), _ranks(lexical))

    def best(self, weight: float) -> Candidates:
        """Order the candidates by the convex combination of both scores."""
        fused = fusion.convex(self.dense, self.lexical, dense_weight=weight)
        return self.reorder(np.lexsort((self.ids, -fused)))

    def reorder(self, order: NDArray[np.int64]) -> Candidates:
        """Return the candidates at these positions, in this order."""
        parts = self.ids[order], self.dense[order], self.lexical[order]
        return Candidates(*parts, self.dense_rank, self.lexical_rank)


@dataclass(frozen=True, slots=True, eq=False)
class RankedCandidates:
    """Candidates in final order, with scores in [0, 1] and the features of the second look, if any.

    ``features`` are those that the scores were made of, shape (features, n), in the order of
    :data:`index.search.ranking.FEATURES`.
    """

    candidates: Candidates
    scores: Scores
    second_look: SecondLook | None
    features: Scores | None = None

    def __len__(self) -> int:
        return len(self.scores)

    def by(self, scores: Scores) -> RankedCandidates:
        """Reorder the first ``len(scores)`` candidates by new scores; drop the others."""
        order = np.lexsort((self.candidates.ids[: len(scores)], -scores))
        return replace(self.at(order), scores=scores[order])

    def at(self, order: NDArray[np.int64]) -> RankedCandidates:
        """Return the candidates at these positions, in this order."""
        second_look = self.second_look.reorder(order) if self.second_look else None
        features = None if self.features is None else self.features[:, order]
        return RankedCandidates(self.candidates.reorder(order), self.scores[order], second_look, features)


def _ranks(ranking: Ranking) -> dict[int, int]:
    return {id_: rank for rank, id_ in enumerate(ranking.ids.tolist(), 1)}
