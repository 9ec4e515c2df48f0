"""What is claimed of quotes, and what was found of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from index.answers import Citation
from index.claims import Quoted, Sentence
from index.differences import Edit
from index.resolution import Today

Status = Literal["verified", "repaired", "misattributed", "altered", "not_found"]


@dataclass(frozen=True, slots=True)
class Claim:
    """Words that are said to stand somewhere: in a document, or anywhere when there is no ``document_id``.

    ``prefix``, ``suffix`` and ``start`` say more closely where, as a W3C selector does.
    """

    quote: str
    document_id: str = ""
    prefix: str = ""
    suffix: str = ""
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of a quote.

    ``verified``: the very words stand where they are said to. ``repaired``: they do but for typography,
    or in another place of the document; ``citation`` has the true ones. ``misattributed``: they stand in
    another document, the citation's. ``altered``: the nearest words, ``edits`` make them of the quoted
    ones. ``not_found``: nothing near enough. ``reason`` says it in words; it is empty for ``verified``.
    """

    status: Status
    quote: str
    reason: str = ""
    citation: Citation | None = None
    today: Today | None = None
    similarity: float = 0.0
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerReport:
    """What was found of an answer: its sentences, and a verdict on each quote in it.

    ``uncited`` are sentences with neither a mark nor a quote that stands; ``unknown_marks`` are numbers
    with no passage.
    """

    sentences: tuple[Sentence, ...]
    quotes: tuple[tuple[Quoted, Verdict], ...]
    uncited: tuple[Sentence, ...]
    unknown_marks: tuple[int, ...]
