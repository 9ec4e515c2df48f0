"""Combine the features of each candidate into one score, with fitted weights.

A linear model over features of a passage beside the question's other candidates. The weights are data with
their provenance (``scoring.json``), fitted to the development parts of public sets by
``python -m benchmarks.fitting.ranking``: listwise softmax cross-entropy (Cao et al., "Learning to Rank: From
Pairwise Approach to Listwise Approach", ICML 2007), drawn towards a combination that was chosen by hand.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.config import SearchConfig
from index.errors import StoreDamaged
from index.search.ranking import fusion
from index.search.ranking.candidates import Candidates, RankedCandidates
from index.search.ranking.second_look import SecondLook
from index.types import Ids

FEATURES = (
    "first", "base", "balanced", "meaning", "dense", "nearest", "average", "words", "lexical", "sentence",
    "passage", "elsewhere", "titled", "heading", "together", "rare", "rare_words", "length", "sentences",
    "candidates", "other", "best_three",
)  # fmt: skip
FILE = "scoring.json"
_FITTED = Path(__file__).with_name(FILE)
_BEST_OF_DOCUMENT = 3
_TRUSTED_SHARE = 0.3
"""Chosen by questions in another language than the documents; more moves questions in their language."""
Scores = NDArray[np.float32]
Columns = Mapping[str, Scores]


@dataclass(frozen=True, slots=True)
class Weights:
    """The weight of each feature, and the score of an average candidate (``intercept``)."""

    weights: Mapping[str, float]
    intercept: float
    provenance: Mapping[str, object]

    def scores(self, features: Scores) -> Scores:
        """Compute the score of each candidate, in (0, 1), from features of shape (features, n)."""
        total = np.array([self.weights.get(name, 0.0) for name in FEATURES], np.float32) @ features
        scores: Scores = (1.0 / (1.0 + np.exp(np.float32(self.intercept) - total))).astype(np.float32)
        return scores


def rank_candidates(
    candidates: Candidates,
    config: SearchConfig,
    look: Callable[[Ids], SecondLook],
    *,
    is_spelt: bool,
    k: int,
) -> RankedCandidates:
    """Rank the candidates by both scores, then rerank the best by the second look if it is configured."""
    dense_weight = config.spelt_weight if is_spelt else config.dense_weight
    candidates = candidates.best(dense_weight, max(config.second_look, k) if config.second_look else None)
    if not config.second_look or not len(candidates.ids):
        scores = fusion.convex(candidates.dense, candidates.lexical, dense_weight=dense_weight)
        return RankedCandidates(candidates, scores, None)
    second_look = look(candidates.ids)
    columns = features(candidates, second_look, dense_weight=dense_weight, is_spelt=is_spelt)
    matrix = np.stack(list(map(columns.__getitem__, FEATURES)))
    scores = load().scores(matrix)
    return RankedCandidates(candidates, scores, second_look, matrix).by(scores)


def features(
    candidates: Candidates, look: SecondLook, *, dense_weight: float, is_spelt: bool = False
) -> Columns:
    """Compute the features of candidates and their second look, by name; each has shape (n,).

    ``first`` is the score of the first ranking, ``base`` the convex combination of the second: the mean of
    the passage's and its best sentence's cosine, and the words counted once a sentence. ``balanced`` is
    ``base`` with less weight for the words where hardly any of the question's are found: what matches of a
    question in another language, or in other words, says little. ``passage``,
    ``sentence``, ``titled`` and ``heading`` are shares of the question's words: in the passage, in its best
    sentence without and with the headings, and in the headings; ``elsewhere`` is the share that only other
    candidates of the document have. ``rare`` and ``rare_words`` repeat ``passage`` and ``words`` with
    little weight for words that most candidates have. ``other`` and ``best_three``
    are ``base`` of the document's candidates: the best of the others, and the mean of three.

    Passages without a vector have the scores of their words instead of those of their meaning. Where the
    model does not know the question's language (``is_spelt``), only the scores of the words count.
    """
    words, rare_words, lexical = fusion.min_max_scale(
        np.stack([look.words, look.rare_words, candidates.lexical]), least=0.0
    )
    blind, dense = np.isnan(look.meaning), candidates.dense
    seen = np.stack([(dense + look.meaning) / 2, look.meaning, look.average])
    every = np.vstack([np.where(blind, dense, seen), dense])
    # Of a score that is NaN the score of the words.
    meaning, nearest, average, dense = np.where(np.isnan(every), words, fusion.min_max_scale(every))
    base = _convex(meaning, words, 1.0 - dense_weight)
    length = np.log(np.maximum(look.lengths, 1)).astype(np.float32)
    return {
        "first": fusion.convex(candidates.dense, candidates.lexical, dense_weight=dense_weight),
        "base": base,
        "balanced": _convex(meaning, words, (1.0 - dense_weight) * (1.0 if is_spelt else _word_weight(look))),
        "meaning": meaning,
        "dense": dense,
        "nearest": nearest,
        "average": average,
        "words": words,
        "lexical": lexical,
        "sentence": look.sentence,
        "passage": look.passage,
        "elsewhere": look.document - look.passage,
        "titled": look.titled,
        "heading": look.heading,
        "together": look.together,
        "rare": look.rare,
        "rare_words": rare_words,
        "length": length - length.mean() if len(length) else length,
        "sentences": np.log(np.maximum(look.counts, 1)).astype(np.float32),
        **_of_document(look, base),
    }


def _word_weight(look: SecondLook) -> float:
    """The weight of word scores, 0 to 1: 1 once a passage has a sufficient share of the question's words."""
    return min(1.0, float(look.passage.max(initial=0.0)) / _TRUSTED_SHARE) ** 2


def _convex(meaning: Scores, words: Scores, weight: float) -> Scores:
    """Compute the convex combination with ``weight`` for the words."""
    combined: Scores = ((1.0 - weight) * meaning + weight * words).astype(np.float32)
    return combined


def _of_document(look: SecondLook, base: Scores) -> Columns:
    """Compute the features that come from other candidates of the same document."""
    of = look.documents
    order = np.lexsort((-base, of))
    sizes = np.bincount(of)
    place = np.empty(len(of), np.int64)
    place[order] = np.arange(len(of)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    top = np.zeros((len(sizes), _BEST_OF_DOCUMENT), np.float32)
    some = place < _BEST_OF_DOCUMENT
    top[of[some], place[some]] = base[some]
    several = sizes[of] > 1
    return {
        "candidates": np.log(sizes[of]).astype(np.float32),
        "other": np.where(place == 0, top[of, 1], top[of, 0]),
        "best_three": np.where(several, top.mean(axis=1)[of], np.float32(0.0)),
    }


@cache
def load(path: Path = _FITTED) -> Weights:
    """Load fitted weights, once. Raises :class:`index.errors.StoreDamaged` for an invalid file."""
    try:
        read = json.loads(path.read_text())
        weights = {str(name): float(weight) for name, weight in read["weights"].items()}
        if weights and weights.keys() <= set(FEATURES):
            return Weights(weights, float(read["intercept"]), read["provenance"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreDamaged(f"{path} cannot be read. Install the package again.") from error
    raise StoreDamaged(f"{path} has weights of unknown features. Install the package again.")
