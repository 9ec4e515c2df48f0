"""Passages that answer a question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from loccit_client.decoding import Reply
from loccit_client.models.citations import Cell, Citation
from loccit_client.models.conflicts import DocumentConflict
from loccit_client.models.state import IndexState, PassageCounts

__all__ = [
    "AskResult",
    "Computed",
    "CutOff",
    "DenseScore",
    "DocumentExplanation",
    "Evidence",
    "ExplainedPassage",
    "ExplainedPlace",
    "Explanation",
    "ExplanationReason",
    "Feedback",
    "FirstSentence",
    "LexicalScore",
    "Note",
    "Passage",
    "ReadCell",
    "SearchedCollection",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(Reply):
    """A sentence of a passage that answers: ``text[start:end]`` of the document's text.

    ``score`` is the probability that a person would mark it, if the passage is the right one. ``cells`` are
    those of a row of a table, ``answering`` those of them that answer. ``amended``: a passage before it has
    the sentence that now holds.
    """

    start: int
    end: int
    score: float
    cells: list[Cell]
    answering: list[Cell] = field(default_factory=list)
    amended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DenseScore(Reply):
    """Rank (from 1) and score in the search by meaning; None if it did not find the passage."""

    rank: int | None
    score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LexicalScore(Reply):
    """Rank (from 1) and score in the search by words, and the words that matched."""

    rank: int | None
    score: float | None
    terms: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation(Reply):
    """Why a passage has its rank; ``sentence`` is the share of the question's words in its best sentence.

    ``read`` is what the cross-encoder says, as a probability; None if it did not read the passage.
    """

    dense: DenseScore
    lexical: LexicalScore
    sentence: float | None
    read: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage(Reply):
    """A passage that may answer the question, with its citation.

    ``score`` is comparable within one reply only. ``probability`` is calibrated: that this passage answers.
    ``also_at`` and ``also_in`` are locators of places that say the same. ``formats`` has the citation in the
    formats that were asked for.
    """

    rank: int
    score: float
    probability: float
    text: str
    evidence: list[Evidence]
    citation: Citation
    also_at: list[str]
    also_in: list[str]
    superseded_by: list[str] = field(default_factory=list)
    metadata: Mapping[str, Any]
    says_of_itself: Mapping[str, Any]
    formats: Mapping[str, Any]
    explain: Explanation

    def sentence(self, evidence: Evidence) -> str:
        """The words of a piece of its evidence."""
        at = self.citation.start
        return self.text[evidence.start - at : evidence.end - at]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCell(Reply):
    """A cell that a value was computed of; ``is_value`` if the value stands in it."""

    locator: str
    text: str
    row: str
    column: str
    start: int
    end: int
    is_value: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed(Reply):
    """A value computed of cells of a table; ``value`` is empty if none could be, for the ``reason``.

    ``of`` is the column or row that was read, ``cells`` all its cells, ``rows`` locators of where the value
    stands.
    """

    operation: Literal["highest", "lowest", "total", "count", "first", "last", "higher", "lower"]
    value: str
    reason: str
    of: str
    document_id: str
    version: int
    collection: str = ""
    cells: list[ReadCell]
    rows: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Reply):
    """Something to know of an answer beside it: a code, and the same in words, with what to do."""

    code: Literal["unknown_language", "no_documents", "filtered_out"]
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSentence(Reply):
    """The sentence that stands first: it most probably answers. ``rank`` is that of its passage.

    ``locator`` names its document, version and span; it is empty where an older service answered.
    ``introduction`` has the words above an item of a list that is not understood alone; mostly it is empty.
    ``answering`` are the cells that answer, of a row of a table. ``superseded_by`` are the documents that
    supersede its own.
    """

    rank: int
    start: int
    end: int
    text: str
    introduction: str
    probability: float
    locator: str = ""
    answering: list[Cell] = field(default_factory=list)
    superseded_by: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchedCollection(Reply):
    """A collection that was searched: the probability that its own passages answer, and its state."""

    name: str
    answerability: float
    index: IndexState


@dataclass(frozen=True, slots=True, kw_only=True)
class AskResult(Reply):
    """The passages that best answer a question, best first.

    ``answerability`` is the calibrated probability that they answer it. ``withheld`` says why passages that
    were found are not in the reply; else it is empty. ``mentioned`` and ``missing`` are the names, numbers
    and dates of the question that the nearest sentences have, and those that they lack. ``read`` is how many
    passages the cross-encoder read, ``read_by`` which one did. ``collections`` are those that were searched,
    ``index`` the state of the one that answers best.
    """

    question: str
    answerability: float
    withheld: str
    mentioned: list[str]
    missing: list[str]
    notes: list[Note] = field(default_factory=list)
    first: FirstSentence | None = None
    passages: list[Passage]
    computed: Computed | None = None
    conflicts: list[DocumentConflict] | None = None
    conflicts_complete: bool | None = None
    read: int = 0
    read_by: str = ""
    index: IndexState
    collections: list[SearchedCollection] = field(default_factory=list)
    timings_ms: Mapping[str, float]

    def at_least(self, probability: float) -> list[Passage]:
        """The passages with at least this probability, the most probable first."""
        likely = [passage for passage in self.passages if passage.probability >= probability]
        return sorted(likely, key=lambda passage: -passage.probability)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationReason(Reply):
    """Why a document is in an answer or not: a code, and the same in words, with what to try."""

    code: Literal[
        "found",
        "folded",
        "retired",
        "no_text",
        "filtered",
        "waiting",
        "no_words",
        "outranked",
        "not_candidate",
    ]
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedPlace(Reply):
    """The result of one search for a passage: its rank (None behind the last candidate) and its score."""

    rank: int | None
    score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedPassage(Reply):
    """A passage of an explained document. ``matched`` are the words of the question that it has."""

    locator: str
    section: list[str]
    text: str
    rank: int | None
    score: float | None
    meaning: ExplainedPlace
    words: ExplainedPlace
    matched: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CutOff(Reply):
    """The least scores that come forward; None where nothing is cut off."""

    score: float | None
    meaning: float | None
    words: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentExplanation(Reply):
    """Why an answer has a document or not; the decisive one of ``reasons`` is the first."""

    question: str
    document_id: str
    groups: list[str]
    index: PassageCounts
    reasons: list[ExplanationReason]
    rank: int | None
    hits: int
    candidates: int
    passages: list[ExplainedPassage]
    cut_off: CutOff
    unmatched: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback(Reply):
    """A verdict that was taken; ``kept`` where administrators turned that on for the collection."""

    kept: bool
