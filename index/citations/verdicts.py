"""Quotes to verify, and the results of verification."""

from dataclasses import dataclass
from typing import Literal

from index.answers import Citation
from index.citations.claims import Quoted, Sentence
from index.citations.quotes.adaptations import Adaptation
from index.citations.resolution import Today
from index.citations.statements import Conflict, Status as ClaimStatus
from index.text.differences import Edit

Status = Literal["verified", "repaired", "misattributed", "altered", "not_found", "unchecked"]
QuoteCause = (
    Adaptation | Literal["part", "place", "parts", "document", "words", "absent", "unresolved", "time"]
)
"""The code of a quote's ``reason``: how its sentence changes the source's words; it is a part of
the cited words, stands at another place, leaves out or inserts words, is from another document, has other
words, is absent, what it is said to be from names nothing, or the time was over."""
StatementCause = Literal["", "conflict", "missing", "elsewhere", "around", "doubt", "near", "nothing", "time"]
"""The code of a sentence's ``reason``: facts conflict, numbers or names are missing, another passage
says it, the cited words say it with those around them, something shows that the nearest sentences do not say
it, they are too far, none is near, or the time was over."""
NOT_CHECKED = "The time for one request was over before this was checked. Send it in a request of its own."


@dataclass(frozen=True, slots=True)
class Claim:
    """A quote attributed to a document, or to any document when ``document_id`` is empty.

    ``prefix``, ``suffix`` and ``start`` narrow the location, as a W3C selector does.
    """

    quote: str
    document_id: str = ""
    prefix: str = ""
    suffix: str = ""
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of verifying a quote.

    ``verified``: the exact words stand where claimed. ``repaired``: only typography or the place in the
    document differs; ``citation`` has the correct ones. ``misattributed``: the words stand in another
    document, that of ``citation``. ``altered``: ``citation`` has the most similar words, and ``edits`` turn
    the quoted words into them. ``not_found``: nothing similar enough. ``unchecked``: the time for the request
    was over. ``reason`` explains the status; it is
    empty for ``verified``, unless the quote leaves out or inserts words: then it says so, ``parts`` are the
    citations of the source's words in it, and ``citation`` is that of the text from the first to the last.
    ``causes`` are the codes of what it says.
    """

    status: Status
    quote: str
    reason: str = ""
    citation: Citation | None = None
    today: Today | None = None
    similarity: float = 0.0
    edits: tuple[Edit, ...] = ()
    parts: tuple[Citation, ...] = ()
    inserted: tuple[str, ...] = ()
    causes: tuple[QuoteCause, ...] = ()


@dataclass(frozen=True, slots=True)
class StatementVerdict:
    """The verdict on a sentence of an answer by the passages.

    ``supported``: its words and facts match. ``contradicted``: but for the facts in ``conflicts``, whose
    offsets are code points of the answer (``start``, ``end``) and of the document (``at``, ``to``).
    ``unsupported``: neither. ``unchecked``: the time for the request was over. ``probability`` of a match, in
    [0, 1]. ``citation`` has the sentences that speak for or against, of an unsupported one the nearest, if
    any are near. ``reason`` explains the status, and ``cause`` is its code; both are empty for ``supported``.
    ``missing`` are numbers and names that the passages do not have.
    """

    status: ClaimStatus | Literal["unchecked"]
    probability: float
    reason: str = ""
    citation: Citation | None = None
    today: Today | None = None
    conflicts: tuple[Conflict, ...] = ()
    cause: StatementCause = ""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JudgedSentence:
    """A sentence of an answer with the verdicts on its quotes, and on what it claims, as in a report."""

    sentence: Sentence
    quotes: tuple[tuple[Quoted, Verdict], ...]
    statement: StatementVerdict | None


@dataclass(frozen=True, slots=True)
class AnswerReport:
    """The result of verifying an answer: its sentences, and a verdict on each quote.

    ``statements`` are the verdicts on what the sentences claim, in their order: None for one that is only a
    quote, a question or too short, and for all if claims were not to be judged.

    ``uncited`` are sentences with neither a citation mark nor a verified or repaired quote;
    ``unknown_marks`` are numbers without a passage. ``read_by`` is the fingerprint of the model that read the
    claims, empty without one; ``supported_from`` the least probability of a supported one, None if claims
    were not to be judged.
    """

    sentences: tuple[Sentence, ...]
    quotes: tuple[tuple[Quoted, Verdict], ...]
    uncited: tuple[Sentence, ...]
    unknown_marks: tuple[int, ...]
    statements: tuple[StatementVerdict | None, ...]
    read_by: str = ""
    supported_from: float | None = None
