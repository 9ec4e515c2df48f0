"""Merge dense and lexical results into candidates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from index.search.ranking import fusion
from index.search.ranking.second_look import SecondLook
from index.text import Span
from index.types import Ids, Ranking

Scores = NDArray[np.float32]
_LEAST = 1e-6


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
        ids = np.sort(np.concatenate([dense.ids, lexical.ids]))
        is_new = np.ones(len(ids), np.bool_)
        np.not_equal(ids[1:], ids[:-1], out=is_new[1:])
        ids = ids[is_new]
        meaning, words = np.full((2, len(ids)), np.nan, np.float32)
        words[np.searchsorted(ids, lexical.ids)] = lexical.scores
        others = np.ones(len(ids), np.bool_)
        at = np.searchsorted(ids, dense.ids)
        meaning[at], others[at] = dense.scores, False
        meaning[others] = similarity(ids[others])
        dense_rank = dict(zip(dense.ids.tolist(), count(1), strict=False))
        lexical_rank = dict(zip(lexical.ids.tolist(), count(1), strict=False))
        return Candidates(ids, meaning, words, dense_rank, lexical_rank)

    def best(self, weight: float, most: int | None = None) -> Candidates:
        """Order the candidates by the convex combination of both scores, and keep the best."""
        fused = fusion.convex(self.dense, self.lexical, dense_weight=weight)
        return self.reorder(np.lexsort((self.ids, -fused))[:most])

    def reorder(self, order: NDArray[np.int64]) -> Candidates:
        """Return the candidates at these positions, in this order."""
        parts = self.ids[order], self.dense[order], self.lexical[order]
        return Candidates(*parts, self.dense_rank, self.lexical_rank)


@dataclass(frozen=True, slots=True)
class JudgedPassage:
    """The cross-encoder's judgement of the window of a passage, as logits.

    ``sentences`` are those of the window, by their spans in the passage.
    """

    answers: float
    sentences: Mapping[Span, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class RankedCandidates:
    """Candidates in final order, with scores in [0, 1] and the features of the second look, if any.

    ``features`` are those that the scores were made of, shape (features, n), in the order of
    :data:`index.search.ranking.scoring.FEATURES`.
    """

    candidates: Candidates
    scores: Scores
    second_look: SecondLook | None
    features: Scores | None = None
    judged: Mapping[int, JudgedPassage] = field(default_factory=dict)
    """The cross-encoder's judgements of some of the first passages, by their ids."""

    def __len__(self) -> int:
        return len(self.scores)

    def with_judged(self, judged: Mapping[int, JudgedPassage], weight: float) -> RankedCandidates:
        """Order the passages that the cross-encoder judged anew among themselves.

        Their logits, times ``weight``, are added to those of their scores. The places that they take together
        and the scores of these places stay.
        """
        ids = self.candidates.ids.tolist()
        places = np.array([at for at, id_ in enumerate(ids) if id_ in judged], np.int64)
        scores = self.scores[places].astype(np.float64).clip(_LEAST, 1.0 - _LEAST)
        read = np.array([judged[ids[at]].answers for at in places], np.float64)
        order = np.arange(len(ids))
        order[places] = places[np.argsort(-(np.log(scores / (1.0 - scores)) + weight * read), kind="stable")]
        return replace(self.at(order), scores=self.scores, judged=judged)

    def add_to_logits(self, added: Sequence[float]) -> RankedCandidates:
        """Rank anew by scores to whose logits these numbers are added, one for each candidate."""
        scores = self.scores.clip(_LEAST, 1 - _LEAST)
        logits = np.log(scores / (1 - scores)) + np.array(added, np.float32)
        return self.by((1 / (1 + np.exp(-logits))).astype(np.float32))

    def by(self, scores: Scores) -> RankedCandidates:
        """Reorder the first ``len(scores)`` candidates by new scores; drop the others."""
        order = np.lexsort((self.candidates.ids[: len(scores)], -scores))
        return replace(self.at(order), scores=scores[order])

    def at(self, order: NDArray[np.int64]) -> RankedCandidates:
        """Return the candidates at these positions, in this order."""
        second_look = self.second_look.reorder(order) if self.second_look else None
        features = None if self.features is None else self.features[:, order]
        return replace(
            self,
            candidates=self.candidates.reorder(order),
            scores=self.scores[order],
            second_look=second_look,
            features=features,
        )
