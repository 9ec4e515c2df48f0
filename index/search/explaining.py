"""Explain where a question ranks one document, and what keeps it from the answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from index.answers import Hit
from index.citations import parse_locator
from index.filters import Comparison, Compound, Filter
from index.protocols import Snapshot
from index.records import DocumentRecord, PlacedPassage
from index.search.question import Query, Question
from index.search.ranking.candidates import Candidates
from index.search.results import SearchResult
from index.search.search import Search
from index.search.stopwatch import Stopwatch
from index.types import Passage

MOST_PASSAGES = 5
Reason = Literal[
    "found", "folded", "retired", "no_text", "filtered", "waiting", "no_words", "outranked", "not_candidate"
]
"""``found``: it is in the answer. ``folded``: a passage of another document in nearly the same words is.
``waiting``: some passages have no vector yet. ``no_words``: its best passages have no word of the question.
``outranked``: it is a candidate, but others are better. ``not_candidate``: neither search
brings it forward."""


@dataclass(frozen=True, slots=True)
class Place:
    """The score and rank of a passage in one search; the rank is None behind the last candidate."""

    score: float | None
    rank: int | None


@dataclass(frozen=True, slots=True)
class ExplainedPassage:
    """A passage of the document. ``rank`` and ``score`` are those after both searches, if it is a candidate.

    ``matched`` are the words of the question that it has.
    """

    locator: str
    passage: Passage
    text: str
    rank: int | None
    score: float | None
    meaning: Place
    words: Place
    matched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CutOff:
    """The lowest scores that are kept: of the last hit, and of the last candidate of each search.

    None for a search that finds fewer candidates than its limit.
    """

    score: float | None
    meaning: float | None
    words: float | None


@dataclass(frozen=True, slots=True)
class DocumentExplanation:
    """The explanation why an answer has a document or not. ``rank`` is that of its hit, or of its duplicate.

    ``unmatched`` are the words of the question that none of the passages shown has.
    """

    document: DocumentRecord
    reasons: tuple[Reason, ...]
    rank: int | None = None
    hits: int = 0
    candidates: int = 0
    passages: tuple[ExplainedPassage, ...] = ()
    cut_off: CutOff = CutOff(None, None, None)
    unmatched: tuple[str, ...] = ()


class Explaining:
    """Explains documents by a search of one snapshot; each of its sides has ``most`` candidates."""

    def __init__(self, search: Search, moment: Snapshot, most: int) -> None:
        self._search = search
        self._moment = moment
        self._most = most

    def explain(
        self, document: DocumentRecord, question: Question, query: Query, within: Filter | None
    ) -> DocumentExplanation:
        """Search twice: in all documents, and in this one alone.

        ``within`` is the question's filter with that of the caller, who may read the document.
        """
        if document.retired is not None:
            return DocumentExplanation(document, ("retired",))
        if not document.passages:
            return DocumentExplanation(document, ("no_text",))
        every = self._search.find(query, k=question.k, where=within, watch=Stopwatch())
        only = Comparison("eq", "document_id", (document.id,))
        own = self._search.find(query, k=1, where=only, watch=Stopwatch())
        shown = tuple(_passages(self._moment, every, own))
        matched = {word for one in shown for word in one.matched}
        rank, is_own = _hit_of(every.hits, document.id)
        reasons = _reasons(
            document,
            shown,
            rank,
            is_own=is_own,
            is_filtered=self._is_filtered(question.where, only),
            has_words=bool(matched),
        )
        return DocumentExplanation(
            document,
            reasons,
            rank,
            len(every.hits),
            len(every.ranked),
            shown,
            _cut_off(every, self._most),
            tuple(word for word in every.words.every() if word not in matched),
        )

    def _is_filtered(self, where: Filter | None, only: Comparison) -> bool:
        return where is not None and not len(self._moment.select(Compound("and", (where, only))))


def _passages(moment: Snapshot, every: SearchResult, own: SearchResult) -> Iterator[ExplainedPassage]:
    """The best passages of the document, with their places among all candidates."""
    ids = own.ranked.candidates.ids[:MOST_PASSAGES]
    stored = {one.id: one for one in moment.passages(ids)}
    places: dict[int, PlacedPassage] = {one.id: one for one in moment.places(ids)}
    ranks = {id_: at for at, id_ in enumerate(every.ranked.candidates.ids.tolist())}
    look = own.ranked.second_look
    for at, id_ in enumerate(ids.tolist()):
        if id_ not in stored or id_ not in places:
            continue  # erased meanwhile
        passage, version = stored[id_].passage, places[id_].version
        whole = ranks.get(id_)
        yield ExplainedPassage(
            f"{version.document_id}@{version.text_sha256.hex()[:12]}:{passage.start}-{passage.end}",
            passage,
            stored[id_].text,
            None if whole is None else whole + 1,
            None if whole is None else round(float(every.ranked.scores[whole]), 4),
            _place(own.ranked.candidates, "dense", at, every.ranked.candidates),
            _place(own.ranked.candidates, "lexical", at, every.ranked.candidates),
            tuple(every.words.among(look.look(at).terms)) if look else (),
        )


def _place(own: Candidates, side: Literal["dense", "lexical"], at: int, every: Candidates) -> Place:
    score = float(getattr(own, side)[at])
    rank = getattr(every, f"{side}_rank").get(int(own.ids[at]))
    return Place(None if np.isnan(score) else round(score, 4), rank)


def _hit_of(hits: tuple[Hit, ...], document_id: str) -> tuple[int | None, bool]:
    """The rank of a document's first hit, or else of a duplicate of it; whether the hit is its own."""
    own = next((hit.rank for hit in hits if hit.citation.document_id == document_id), None)
    if own is not None:
        return own, True
    for hit in hits:
        if any(parse_locator(one).document_id == document_id for one in (*hit.also_at, *hit.also_in)):
            return hit.rank, False
    return None, False


def _cut_off(every: SearchResult, most: int) -> CutOff:
    candidates = every.ranked.candidates

    def last(side: Literal["dense", "lexical"]) -> float | None:
        ranks: dict[int, int] = getattr(candidates, f"{side}_rank")
        if len(ranks) < most:
            return None
        ranked = np.isin(candidates.ids, list(ranks))
        return round(float(np.nanmin(getattr(candidates, side)[ranked])), 4)

    score = round(every.hits[-1].score, 4) if every.hits else None
    return CutOff(score, last("dense"), last("lexical"))


def _reasons(
    document: DocumentRecord,
    shown: tuple[ExplainedPassage, ...],
    rank: int | None,
    *,
    is_own: bool,
    is_filtered: bool,
    has_words: bool,
) -> tuple[Reason, ...]:
    """The reasons that apply, the decisive one first."""
    if rank is not None:
        return ("found",) if is_own else ("folded",)
    found: list[Reason] = ["filtered"] if is_filtered else []
    if document.embedded < document.passages:
        found.append("waiting")
    if not has_words:
        found.append("no_words")
    if not is_filtered:
        found.append("outranked" if any(one.rank is not None for one in shown) else "not_candidate")
    return tuple(found)
