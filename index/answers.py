"""What a question is answered with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from index.types import Metadata


@dataclass(frozen=True, slots=True)
class Selector:
    """A W3C Web Annotation selector; offsets in code points.

    ``type`` is ``TextPositionSelector`` (with start and end) or ``TextQuoteSelector`` (with exact,
    prefix and suffix, and whether the three may stand in the text more than once).
    """

    type: str
    start: int | None = None
    end: int | None = None
    exact: str | None = None
    prefix: str | None = None
    suffix: str | None = None
    ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class Citation:
    """A quote that anyone can check: ``text[start:end] == quote`` in the text that the hash names."""

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


@dataclass(frozen=True, slots=True)
class Turn:
    """Something said earlier in a conversation."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence inside a passage that answers, ``[start, end)`` in code points of the document's text."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class SideScore:
    """Where one side ranked a passage (1 is first, None below its candidates), and its raw score."""

    rank: int | None
    score: float | None
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a passage stands where it does."""

    dense: SideScore
    lexical: SideScore
    sentence: float | None = None
    """Share of the question's words in the passage's best sentence; None when that was not looked at."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that answers. ``score`` is fused, in [0, 1]; ``also_at`` are locators of equal passages."""

    rank: int
    score: float
    text: str
    citation: Citation
    explain: Explanation
    metadata: Metadata
    evidence: tuple[Evidence, ...] = ()
    also_at: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexState:
    """What answered: the collection's fingerprint, its change number, and the share with vectors."""

    fingerprint: str
    change: int
    embedded: float


@dataclass(frozen=True, slots=True)
class Answer:
    """At most ``k`` passages, best first. ``timings_ms`` has a time for each stage, and ``total``.

    ``answerability`` is the calibrated probability that the passages answer the question. ``withheld``
    says why there are none although some were found; it is empty otherwise.
    """

    question: str
    answerability: float
    hits: tuple[Hit, ...]
    index: IndexState
    withheld: str = ""
    features: Mapping[str, float] = field(default_factory=dict)
    """What the answerability was made of; empty when nothing was found."""
    timings_ms: Mapping[str, float] = field(default_factory=dict)
