"""Verdicts on citations, quotes and answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from loccit_client.decoding import Reply
from loccit_client.models.citations import Citation, Edit, Standing
from loccit_client.models.state import IndexState

__all__ = [
    "AnswerSentence",
    "AnswerVerdict",
    "Conflict",
    "QuoteVerdict",
    "StatementVerdict",
    "Threshold",
    "Thresholds",
    "Verdict",
    "VerifyResult",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict(Reply):
    """The result of verifying a quote.

    ``verified``: exactly these words are there. ``repaired``: they differ in typography or place only.
    ``misattributed``: they are in another document, that of ``citation``. ``altered``: ``diff`` leads to the
    nearest words. ``not_found``: no similar words. ``unchecked``: the time for one request was over before.
    ``parts`` and ``inserted`` are of quotes that leave out
    words or insert some in brackets.
    """

    status: Literal["verified", "repaired", "misattributed", "altered", "not_found", "unchecked"]
    quote: str
    reason: str
    similarity: float
    diff: list[Edit]
    citation: Citation | None
    standing: Standing | None
    parts: list[Citation]
    inserted: list[str]

    @property
    def holds(self) -> bool:
        """Whether the document has the words, but at most for typography or their place."""
        return self.status in {"verified", "repaired"}


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteVerdict(Verdict):
    """A verdict on a quote in an answer: ``answer[start:end]``, with the citation marks of its sentence."""

    start: int
    end: int
    marks: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict(Reply):
    """A fact on which a sentence and its source differ; offsets in the answer and in the document."""

    kind: Literal["number", "date", "name", "negation", "direction"]
    claimed: str
    stated: str
    start: int
    end: int
    source_start: int
    source_end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementVerdict(Reply):
    """The verdict on a sentence by the passages; ``conflicts`` are the facts that differ.

    ``unchecked``: the time for one request was over before.
    """

    status: Literal["supported", "contradicted", "unsupported", "unchecked"]
    probability: float
    reason: str
    conflicts: list[Conflict]
    citation: Citation | None
    standing: Standing | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSentence(Reply):
    """A sentence of an answer. ``verdict`` is None where it claims nothing that is judged."""

    start: int
    end: int
    text: str
    marks: list[int]
    verdict: StatementVerdict | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerVerdict(Reply):
    """The result of verifying an answer.

    ``uncited`` are the sentences with neither a known mark nor a quote that was found; ``unknown_marks`` the
    marks that refer to no passage. ``read_by`` is the model that read the sentences, empty if none did;
    ``supported_from`` the least probability of a supported one, None without claims.
    """

    quotes: list[QuoteVerdict]
    sentences: list[AnswerSentence]
    uncited: list[AnswerSentence]
    unknown_marks: list[int]
    read_by: str = ""
    supported_from: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold(Reply):
    """What a threshold gives on a set of claims that people judged: each share with its 95 % interval."""

    supported_from: float
    precision: list[float]
    recall: list[float]
    false_supported: list[float]
    balanced_accuracy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds(Reply):
    """Thresholds by set, for claims that a model read and for claims that were compared."""

    read_by: str
    read: dict[str, list[Threshold]]
    compared: dict[str, list[Threshold]]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyResult(Reply):
    """Verdicts in the order of the request."""

    citations: list[Verdict]
    quotes: list[Verdict]
    answer: AnswerVerdict | None
    index: IndexState
