"""The passages that may answer a question, and the order of the best of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index import fusion
from index.config import SearchConfig
from index.second_look import SecondLook
from index.types import Ids, Ranking

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """What both sides found. Entry i of the scores is passage ``ids[i]``; NaN where a side knows none."""

    ids: Ids
    dense: Scores
    lexical: Scores
    dense_rank: dict[int, int]
    lexical_rank: dict[int, int]

    @staticmethod
    def of(dense: Ranking, lexical: Ranking, similarity: Callable[[Ids], Scores]) -> Candidates:
        """Unite two rankings. ``similarity`` gives the dense scores also of those that the words found."""
        ids = np.unique(np.concatenate([dense.ids, lexical.ids]))
        meaning, words = np.full((2, len(ids)), np.nan, np.float32)
        words[np.searchsorted(ids, lexical.ids)] = lexical.scores
        others = np.ones(len(ids), np.bool_)
        at = np.searchsorted(ids, dense.ids)
        meaning[at], others[at] = dense.scores, False
        meaning[others] = similarity(ids[others])
        return Candidates(ids, meaning, words, _ranks(dense), _ranks(lexical))

    def best(self, weight: float) -> Candidates:
        """These in the order of the convex combination of both sides."""
        fused = fusion.convex(self.dense, self.lexical, dense_weight=weight)
        return self.ordered(np.lexsort((self.ids, -fused)))

    def ordered(self, order: NDArray[np.int64]) -> Candidates:
        """Those at these positions, in this order."""
        parts = self.ids[order], self.dense[order], self.lexical[order]
        return Candidates(*parts, self.dense_rank, self.lexical_rank)


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """Candidates in their final order, with scores in [0, 1] and what the second look saw of each."""

    candidates: Candidates
    scores: Scores
    seen: SecondLook | None

    def __len__(self) -> int:
        return len(self.scores)

    def by(self, scores: Scores) -> Ranked:
        """The first of them, as many as there are scores, in the order of these."""
        order = np.lexsort((self.candidates.ids[: len(scores)], -scores))
        seen = self.seen.ordered(order) if self.seen else None
        return Ranked(self.candidates.ordered(order), scores[order], seen)


def ranked(
    candidates: Candidates,
    config: SearchConfig,
    look: Callable[[Ids], SecondLook],
    *,
    dense_weight: float,
    k: int,
) -> Ranked:
    """The best candidates in order: by both sides, and by a second look if the settings want one."""
    candidates = candidates.best(dense_weight)
    if not config.second_look or not len(candidates.ids):
        scores = fusion.convex(candidates.dense, candidates.lexical, dense_weight=dense_weight)
        return Ranked(candidates, scores, None)
    candidates = candidates.ordered(np.arange(min(len(candidates.ids), max(config.second_look, k))))
    seen = look(candidates.ids)
    scores = combined(candidates, seen, config, dense_weight=dense_weight)
    order = np.lexsort((candidates.ids, -scores))
    return Ranked(candidates.ordered(order), scores[order], seen.ordered(order))


def combined(
    candidates: Candidates, seen: SecondLook, config: SearchConfig, *, dense_weight: float
) -> Scores:
    """Final scores: the convex combination again, of what the second look knows better, and its shares."""
    meaning = np.where(np.isnan(seen.meaning), candidates.dense, (candidates.dense + seen.meaning) / 2)
    fused = fusion.convex(meaning, seen.words, dense_weight=dense_weight, least_word=0.0)
    shares = config.sentence_weight * seen.sentence + config.document_weight * seen.document
    total = 1.0 + config.sentence_weight + config.document_weight
    scores: Scores = ((fused + shares) / total).astype(np.float32)
    return scores


def _ranks(ranking: Ranking) -> dict[int, int]:
    return {id_: rank for rank, id_ in enumerate(ranking.ids.tolist(), 1)}
