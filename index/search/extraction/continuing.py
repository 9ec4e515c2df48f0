"""Prefer what a follow-up question adds to a sentence that was just quoted."""

from __future__ import annotations

from collections.abc import Sequence

from index.search.extraction.wording import is_said, missing_words
from index.search.judged import STRENGTH, JudgedSentence

_LEAST_SHARE = 0.5
"""Least share of the question's words which the quoted sentence lacks that another one has."""


def prefer_new(
    judged: Sequence[JudgedSentence], text: str, at: int, question: str, said: str
) -> list[JudgedSentence]:
    """Strengthen sentences of a hit that have what the question adds to the best one, which was just said.

    After "The guarantee is 36 months" the question "Does it cover limescale?" asks for the sentence about
    limescale. ``text`` is the text around them, from offset ``at`` of the document.
    """
    best = max(judged, key=STRENGTH, default=None)
    if best is None or not is_said(text[best.start - at : best.end - at], said):
        return list(judged)
    missing = missing_words(text[best.start - at : best.end - at], question)
    if not missing:
        return list(judged)

    def is_new(one: JudgedSentence) -> bool:
        own = text[one.start - at : one.end - at]
        lacks = len(missing_words(own, " ".join(missing)))
        return lacks <= (1 - _LEAST_SHARE) * len(missing) and not is_said(own, said)

    # Above the best one, in their order.
    return [
        one._replace(strength=best.strength + 1 / (1 + best.strength - one.strength)) if is_new(one) else one
        for one in judged
    ]
