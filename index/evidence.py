"""The sentences of a passage that answer the question."""

from __future__ import annotations

import math
from collections.abc import Iterable

from index.answers import Evidence
from index.second_look import Look

MOST = 3
_LEAST = 0.6
"""A sentence is shown when its score is at least so much of the best one's."""


def evidence(looks: Iterable[tuple[int, Look]]) -> tuple[Evidence, ...]:
    """At most three sentences, best first, of passages given with the offsets at which they start.

    A score in [0, 1] is the mean of the sentence's cosine with the question and of its share of the
    question's words.
    """
    scores: dict[tuple[int, int], float] = {}
    for offset, look in looks:
        # A dozen sentences at most times: arrays would take longer.
        seen = zip(look.spans.tolist(), look.meaning.tolist(), look.coverage.tolist(), strict=True)
        both = [(_score(meaning, coverage), span) for span, meaning, coverage in seen]
        for score, (start, end) in sorted(both, key=lambda one: -one[0])[:MOST]:
            # Passages that overlap have the same sentence twice.
            span = (offset + start, offset + end)
            scores[span] = max(score, scores.get(span, 0.0))
    ranked = sorted(scores.items(), key=lambda one: (-one[1], one[0]))[:MOST]
    best = ranked[0][1] if ranked else 0.0
    return tuple(
        Evidence(start, end, round(min(score, 1.0), 4))
        for (start, end), score in ranked
        if score > 0.0 and score >= _LEAST * best
    )


def _score(meaning: float, coverage: float) -> float:
    # Without a vector there is only the coverage.
    return coverage if math.isnan(meaning) else (max(meaning, 0.0) + coverage) / 2
