"""Documents that disagree."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from loccit_client.decoding import Reply
from loccit_client.models.citations import Citation
from loccit_client.models.state import IndexState

__all__ = ["ConflictingSentence", "Conflicts", "ConflictsPlace", "DocumentConflict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictingSentence(Reply):
    """A sentence of a document, and the ``words`` at ``[start, end)`` in which it differs from the other.

    They are empty where only the other sentence has some, as a negation. ``stored`` is when this version of
    the document was.
    """

    citation: Citation
    words: str
    start: int
    end: int
    stored: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentConflict(Reply):
    """Two sentences of two documents that state different facts of the same subject.

    ``supersedes``: metadata say that the newer document replaces the older.
    """

    kind: Literal["number", "date", "name", "negation", "direction"]
    newer: ConflictingSentence
    older: ConflictingSentence
    supersedes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictsPlace(Reply):
    """A place in a collection from which to go on."""

    document_id: str
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflicts(Reply):
    """Documents that disagree, and where to go on; None at the end.

    ``sentences`` is how many were compared; ``complete`` is False if the time was over before all were.
    """

    conflicts: list[DocumentConflict]
    sentences: int
    complete: bool
    next: ConflictsPlace | None
    index: IndexState
