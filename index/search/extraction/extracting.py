"""Make an extractive answer: sentences of the documents, word for word, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from index.answers import Answer, Citation
from index.citations import Locator
from index.citations.resolution import Resolution
from index.errors import CitationNotFound
from index.search.extraction.parts import Part
from index.search.extraction.selection import Selected, best, in_reading_order, repeats


@dataclass(frozen=True, slots=True)
class ExtractedSentence:
    """A sentence of a document, word for word; its citation names exactly it.

    ``probability`` that it answers; ``part`` is the index of the part of the question that it answers.
    """

    citation: Citation
    probability: float
    part: int


@dataclass(frozen=True, slots=True)
class Extract:
    """The sentences that answer a question, in reading order; none if the documents do not say.

    ``first`` is the index of the most probable one. ``unanswered`` are the parts of the question that no
    sentence answers: all of them, if it declines.
    """

    sentences: tuple[ExtractedSentence, ...]
    first: int
    unanswered: tuple[int, ...]

    @property
    def declines(self) -> bool:
        """Whether the documents do not say."""
        return not self.sentences


def extracted(
    resolution: Resolution,
    parts: Sequence[Part],
    answers: Sequence[Answer],
    *,
    most: int,
    least: float,
) -> Extract:
    """Choose at most ``most`` sentences that answer, where the answerability is at least ``least``.

    ``answers`` has the answer to the whole question, and then, if there are several parts, one to each. Each
    part gets its best sentence; a part that is too improbable gets none. Sentences of a document that was
    erased since the search are left out.
    """
    whole, *of_parts = answers
    if len(parts) > 1:
        chosen = [one for part, answer in enumerate(of_parts) for one in _likely(answer, 1, least, part)]
        answered = {one.part for one in chosen}
        chosen = _distinct(chosen)[:most]
        if not chosen:  # what the parts ask may only be found together
            chosen = _likely(whole, most, least)
            answered = set(range(len(parts))) if chosen else set()
    else:
        chosen = _likely(whole, most, least)
        answered = {0} if chosen else set()
    cited = _cited(resolution, in_reading_order(chosen))
    if not cited:
        answered = set()
    first = max(range(len(cited)), key=lambda at: cited[at].probability, default=0)
    unanswered = tuple(part for part in range(len(parts)) if part not in answered)
    return Extract(tuple(cited), first, unanswered)


def _likely(answer: Answer, most: int, least: float, part: int = 0) -> list[Selected]:
    return best(answer, most, part) if answer.answerability >= least else []


def _distinct(chosen: Sequence[Selected]) -> list[Selected]:
    """The sentences, without those that repeat an earlier one: one sentence may answer two parts."""
    kept: list[Selected] = []
    for one in chosen:
        if not repeats(one, kept):
            kept.append(one)
    return kept


def _cited(resolution: Resolution, chosen: Iterable[Selected]) -> list[ExtractedSentence]:
    found = []
    for one in chosen:
        passage = one.hit.citation
        locator = Locator(passage.document_id, passage.text_sha256, one.start, one.end)
        try:
            citation = resolution.cite(locator)
        except CitationNotFound:
            continue  # erased since the search
        found.append(ExtractedSentence(citation, round(one.probability, 4), one.part))
    return found
