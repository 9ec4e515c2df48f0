"""Answers: passages with citations, evidence and scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from index.provenance import Provenance
from index.records import VersionRecord
from index.types import Cell, Figure, Metadata

DECLINED = "The documents do not say."
"""Text of an answer that declines."""
Unasked = Literal["", "no_documents", "no_documents_then", "filtered_out"]
"""Why no document was asked; empty if some were."""
NOT_CONFIRMED = "Not confirmed by the documents:"
"""The line before the sentences of a written answer that the documents do not confirm."""
Extent = Literal["sentences", "passage", "section"]
"""The extent of each hit's quote: the sentences that answer, the passage, or the section around it."""
NearDuplicates = Literal["fold", "keep"]
"""Whether a passage in nearly the words of a better one is named with that one, or is a hit of its own."""


@dataclass(frozen=True, slots=True)
class Selector:
    """A W3C Web Annotation selector; offsets in code points.

    ``type`` is ``TextPositionSelector`` (with start and end) or ``TextQuoteSelector`` (with exact,
    prefix and suffix; ``ambiguous`` if the text may contain the three more than once).
    """

    type: str
    start: int | None = None
    end: int | None = None
    exact: str | None = None
    prefix: str | None = None
    suffix: str | None = None
    ambiguous: bool = False


def pages_in_file(
    pages: tuple[int, int] | None, printed: Sequence[str] | None, media_type: str
) -> tuple[int, int] | None:
    """Pages by their place in the file, where that is one with pages, and they bear other numbers."""
    if pages is None or printed is None or media_type != "application/pdf":
        return None
    return None if list(printed) == [str(one) for one in pages] else pages


@dataclass(frozen=True, slots=True)
class Citation:
    """A quote that anyone can verify: ``text[start:end] == quote`` for the text with this hash."""

    locator: str
    quote: str
    document_id: str
    version: int
    title: str
    source: str
    media_type: str
    section: tuple[str, ...]
    pages: tuple[int, int] | None
    start: int
    end: int
    text_sha256: str
    source_sha256: str
    selectors: tuple[Selector, ...]
    links: Mapping[str, str]
    collection: str = ""
    """The collection that it is of; empty where only one is meant."""
    printed_pages: tuple[str, str] | None = None
    """The numbers that the first and the last page bear; None unless both bear one."""
    figure: Figure | None = None
    """The picture whose caption it quotes."""

    @property
    def file_pages(self) -> tuple[int, int] | None:
        """Its pages by their place in the file, where that is one with pages, and they bear other numbers."""
        return pages_in_file(self.pages, self.printed_pages, self.media_type)

    def covers(self, other: Citation) -> bool:
        """Whether the span of another citation is inside this one, in the same text."""
        return self._has_same_text(other) and self.start <= other.start and other.end <= self.end

    def overlaps(self, other: Citation) -> bool:
        """Whether the spans of both citations overlap, in the same text."""
        return self._has_same_text(other) and self.start < other.end and other.start < self.end

    def _has_same_text(self, other: Citation) -> bool:
        own, others = (self.collection, self.document_id), (other.collection, other.document_id)
        return own == others and self.text_sha256 == other.text_sha256


@dataclass(frozen=True, slots=True)
class ConflictingSentence:
    """A sentence that another document disagrees with, and the words that differ.

    ``words`` are those at ``[start, end)`` of the document's text; an empty span stands where the other
    sentence has a negation. ``stored`` is when its version was, in seconds since the epoch.
    """

    citation: Citation
    words: str
    start: int
    end: int
    stored: float


@dataclass(frozen=True, slots=True)
class DocumentConflict:
    """Two sentences of two documents that state different facts of the same subject.

    ``supersedes``: the metadata of the newer document say that it replaces the older one.
    """

    kind: Literal["number", "date", "name", "negation", "direction"]
    newer: ConflictingSentence
    older: ConflictingSentence
    supersedes: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier message of a conversation."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence of a passage that answers the question, as a span of the document's text.

    ``score`` is the probability that a person would mark it, if the passage is the right one.
    If it is a row of a table, ``cells`` are its cells, and ``answering`` those of them that answer, where
    the question tells which. ``is_older``: a mail quotes it of an older one. ``is_amended``: a passage
    before it has the sentence that amends it, in a document that supersedes this one.
    """

    start: int
    end: int
    score: float
    cells: tuple[Cell, ...] = ()
    answering: tuple[Cell, ...] = ()
    is_older: bool = False
    is_amended: bool = False


@dataclass(frozen=True, slots=True)
class SideScore:
    """Rank that one search gave a passage (from 1; None if it is no candidate there), and raw score."""

    rank: int | None
    score: float | None
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """The explanation of a passage's rank."""

    dense: SideScore
    lexical: SideScore
    sentence: float | None = None
    """Share of the question's words in the passage's best sentence; None if sentences were not ranked."""
    read: float | None = None
    """The cross-encoder's probability, not calibrated, that it answers; None if it did not read it."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage of an answer. ``score`` is fused, in [0, 1]; ``also_at`` has locators of equal passages.

    ``also_in`` has locators, best first, of spans elsewhere that say the same as the hit, or as a part of it,
    in nearly or exactly the same words; at most ten.
    ``probability`` is the calibrated probability that this passage answers the question; ``match`` the best
    mean of a sentence's cosine and its share of the question's words.
    """

    rank: int
    score: float
    text: str
    citation: Citation
    explain: Explanation
    version: VersionRecord = field(compare=False)
    """It also has the time at which it was stored: hits that say the same are equal in every record."""
    evidence: tuple[Evidence, ...] = ()
    also_at: tuple[str, ...] = ()
    also_in: tuple[str, ...] = ()
    probability: float = 0.0
    match: float = 0.0
    superseded_by: tuple[str, ...] = ()
    """The ids of documents that supersede its document, by their metadata."""

    @property
    def provenance(self) -> Provenance:
        """The metadata of the document, divided by who said it."""
        return self.version.provenance

    @property
    def metadata(self) -> Metadata:
        """Facts about the document from whoever added or edited it."""
        return self.provenance.metadata


@dataclass(frozen=True, slots=True)
class ReadCell:
    """A cell that a value was computed of: ``text`` is ``[start, end)`` of the document's text.

    ``is_value``: the value stands in it.
    """

    locator: str
    text: str
    start: int
    end: int
    row: str
    column: str
    is_value: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A value that was computed of the cells of a table, such as the highest of a column.

    ``operation`` is ``highest``, ``lowest``, ``total``, ``count``, ``first``, ``last``, ``higher`` or
    ``lower``; ``of`` the column, or the row, that was read. ``value`` is empty if nothing could be computed,
    for the ``reason``. ``cells`` are all cells that were read. ``rows`` are locators of the rows, and of the
    lines of column names, in which the value stands; none if it stands nowhere, as a sum does.
    """

    operation: str
    value: str
    reason: str
    of: str
    document_id: str
    version: int
    cells: tuple[ReadCell, ...]
    rows: tuple[str, ...] = ()
    collection: str = ""
    """The collection of the document; empty where only one is meant."""


@dataclass(frozen=True, slots=True)
class IndexState:
    """State of the collection that answered: fingerprint, change number, share of passages with vectors.

    ``degraded`` names the indexes that have failed, ``dense`` or ``lexical``: the answer is made without
    them, or from their last state.
    """

    fingerprint: str
    change: int
    embedded: float
    degraded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnknownLanguage:
    """The model of a collection does not know the language of a question.

    ``model`` is its name, ``passages`` is how many passages another model would have to embed, and
    ``seconds`` about how long that would take on this machine; both are 0 where the caller may not know.
    """

    model: str
    passages: int
    seconds: float = 0.0
    collection: str = ""
    """Its name; empty where only one is meant."""


@dataclass(frozen=True, slots=True)
class Searched:
    """A collection that was searched with others: its own answerability, and its state."""

    collection: str
    answerability: float
    index: IndexState


@dataclass(frozen=True, slots=True)
class Answer:
    """At most ``k`` passages, best first. ``timings_ms`` has the time of each stage, and ``total``.

    ``answerability`` is the calibrated probability that the passages answer the question. ``withheld`` is
    the reason why passages that were found are not returned, or empty. ``reading`` is what was computed of
    the cells of a table, None where the question asks for nothing of the kind. ``mentioned`` and ``missing``
    are the names, numbers and dates of the question that the best sentence of a passage, its neighbours
    and its headings have, and those that they lack: of the first three passages, the one that lacks least.
    ``unasked`` says why no document was asked: there is or was none, or none that the filter admits.
    """

    question: str
    answerability: float
    hits: tuple[Hit, ...]
    index: IndexState
    withheld: str = ""
    unasked: Unasked = ""
    reading: Reading | None = None
    features: Mapping[str, float] = field(default_factory=dict)
    """Inputs of the answerability; empty if nothing was found."""
    mentioned: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    unknown_language: UnknownLanguage | None = None
    said: str = ""
    """The last answer of the conversation before a follow-up question."""
    resolved: str = ""
    """A follow-up question as it was answered, with what it refers to."""
    read: int = 0
    """Passages that the cross-encoder read."""
    read_by: str = ""
    """The cross-encoder's fingerprint, where it read some."""
    searched: tuple[Searched, ...] = ()
    """The collections, if several were asked: ``index`` is the state of the one that answers best."""
