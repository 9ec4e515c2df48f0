"""What is known of a job and of the things that it was asked to take in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from index.errors import LoccitError

JobState = Literal["queued", "running", "embedding", "done", "cancelled", "failed"]
"""``embedding``: every file is stored and can be found by its words, vectors are still to come."""
Outcome = Literal["waiting", "added", "replaced", "unchanged", "refused", "cancelled", "expanded"]
"""``expanded``: an archive, a sitemap or a crawl, whose members are items of their own."""
Kind = Literal["file", "archive", "member", "url", "sitemap", "crawl"]

FINISHED: tuple[JobState, ...] = ("done", "cancelled", "failed")


@dataclass(frozen=True, slots=True)
class NewItem:
    """Something to take in.

    ``name`` is the id that the document will have; the address, of kinds that are fetched; what the file
    is called, of an archive. ``spooled`` is
    the file's name in the job's folder, empty for what is fetched. ``request`` is what the caller said of
    it: title, source, metadata, media_type, password, prefix of an archive, bounds of a crawl. It may hold
    a password, and is in no ``repr``.
    """

    kind: Kind
    name: str
    spooled: str = ""
    bytes: int = 0
    request: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Item:
    """An item as it is kept.

    ``code`` and ``message`` say why it was refused; ``document`` is the id of the document that it became.
    """

    number: int
    kind: Kind
    name: str
    spooled: str
    bytes: int
    request: Mapping[str, Any] = field(repr=False)
    outcome: Outcome
    code: str
    message: str
    passages: int
    document: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Why something was not taken in: an error's code, and its message for people."""

    code: str
    message: str

    @classmethod
    def of(cls, error: LoccitError) -> Refused:
        """An error's."""
        return cls(error.code, error.message)


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of a job's items came to what, and the passages of the documents that were stored."""

    outcomes: Mapping[Outcome, int]
    bytes: int
    passages: int

    @property
    def done(self) -> int:
        """Items that are finished, those that stand for others left out."""
        return sum(n for outcome, n in self.outcomes.items() if outcome not in ("waiting", "expanded"))

    @property
    def total(self) -> int:
        """Items in all, those that stand for others left out once they are expanded."""
        return sum(n for outcome, n in self.outcomes.items() if outcome != "expanded")


@dataclass(frozen=True, slots=True)
class Job:
    """A job. Times are seconds since 1970; ``problem`` says why it failed.

    ``mark`` is the last passage (id) that was stored for it: when no passage up to it waits for its
    vector, the job is embedded. ``revision`` grows with every change of the job or of its items.
    """

    id: str
    collection: str
    state: JobState
    created: float
    started: float | None
    finished: float | None
    cancelling: bool
    problem: str
    mark: int
    revision: int
    counted: Counted
