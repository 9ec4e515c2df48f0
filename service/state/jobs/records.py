"""Jobs and their items, as every job store records them."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, get_args

from index.errors import LoccitError
from service.advice import message_with_advice
from service.state.erasures import is_erased_since
from service.state.identity.principal import Principal, Scope

JobState = Literal["queued", "running", "embedding", "done", "cancelled", "failed"]
"""``embedding``: all files are stored and can be found by their words; some vectors are still missing."""
Outcome = Literal["waiting", "added", "replaced", "unchanged", "refused", "cancelled", "expanded"]
"""``expanded``: an archive, a sitemap or a crawl whose members are items of their own."""
JobKind = Literal["ingest", "upgrade", "sync"]
"""Kind of a job: ingest documents, make a collection's passages and vectors anew, or synchronize a source."""
Kind = Literal["file", "archive", "member", "url", "sitemap", "crawl"]

SAME_TEXT = "Its text is the same: the original is new, and there is no new version."
"""Message of a replaced item whose document got no new version."""
SAME_BYTES = "same_bytes"
"""Code of an item that was left out because a document has its bytes under another id."""
STATES: tuple[JobState, ...] = get_args(JobState)
UNSETTLED: tuple[Outcome, ...] = ("waiting", "refused", "cancelled")
"""Outcomes of items that became no documents, and may become some still."""
EXPANDED: tuple[Kind, ...] = ("archive", "sitemap", "crawl")
"""Kinds of items that expand into others."""
UPLOADED: tuple[Kind, ...] = ("file", "member")
"""Kinds of items whose documents were sent, and whose names are those of the documents."""
FINISHED: tuple[JobState, ...] = ("done", "cancelled", "failed")


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item to be added to a job.

    ``name`` is the future document id of a file or member, the URL of what is fetched, and the file name of
    an archive. ``spooled`` is the file's name in the spool, empty for what is fetched. ``request`` holds the
    caller's fields, as JSON values: title, source, metadata, media_type, password, prefix of an archive,
    limits of a crawl. It may hold a password and so is left out of every ``repr``.
    """

    kind: Kind
    name: str
    spooled: str = ""
    bytes: int = 0
    request: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a job.

    ``code`` and ``message`` say why it was refused. ``document`` is the id of the document made from it.
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


CLAIM_WINDOW = 1024
"""At most so many of the first waiting items are looked at to claim some: full batches for 32 processes."""


class Claimable(Protocol):
    """The fields of an item that decide whether it may be claimed."""

    @property
    def number(self) -> int: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def name(self) -> str: ...
    @property
    def bytes(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why an item was refused: an error's code, and its message for people."""

    code: str
    message: str

    @classmethod
    def of(cls, error: LoccitError) -> Rejection:
        """The rejection with an error's code and message."""
        return cls(error.code, message_with_advice(error))


@dataclass(frozen=True, slots=True)
class ItemCounts:
    """How many items of a job have each outcome, their bytes, and the passages of their documents."""

    outcomes: Mapping[Outcome, int]
    bytes: int
    passages: int

    @property
    def done(self) -> int:
        """Items that are finished; expanded ones do not count, their members do."""
        return sum(n for outcome, n in self.outcomes.items() if outcome not in ("waiting", "expanded"))

    @property
    def total(self) -> int:
        """All items; expanded ones do not count, their members do."""
        return sum(n for outcome, n in self.outcomes.items() if outcome != "expanded")


@dataclass(frozen=True, slots=True)
class Access:
    """Access to a job: who may see it, and which documents it may replace.

    ``groups`` are those that its documents get, none for everyone. ``sender`` are those of the caller that
    sent it, None for all: a document that the caller may not read is not replaced.
    """

    groups: tuple[str, ...] = ()
    sender: frozenset[str] | None = None

    def is_open_to(self, groups: Collection[str] | None) -> bool:
        """Whether a caller in these groups (None for all) may see the job."""
        return groups is None or not self.groups or not set(groups).isdisjoint(self.groups)


@dataclass(frozen=True, slots=True)
class Job:
    """A job. Times are seconds since 1970; ``problem`` says why it failed.

    ``last_passage`` is the highest passage id stored for it: the job is embedded when no passage up to it
    lacks its vector. ``revision`` grows with every change of the job or of its items. ``details`` of an
    upgrade are JSON values: the model asked for, its plan, progress and result.
    """

    id: str
    collection: str
    state: JobState
    created: float
    started: float | None
    finished: float | None
    cancelling: bool
    problem: str
    last_passage: int
    revision: int
    counts: ItemCounts
    access: Access = Access()
    kind: JobKind = "ingest"
    details: Mapping[str, Any] = field(default_factory=dict)

    def is_visible_to(self, caller: Principal) -> bool:
        """True if a caller may see and change the job; only administrators may for upgrades."""
        is_for_caller = self.kind == "ingest" or caller.scope is Scope.ADMIN
        return caller.may_use(self.collection) and self.access.is_open_to(caller.groups) and is_for_caller


ERASED = "erased/"
"""Beginning of the name of an item whose document was erased."""


def is_concerned(item: Item, queued: float, documents: Mapping[str, float] | None, *, now: float) -> bool:
    """True if an erasure applies to an item of a job queued at this time; see :meth:`JobStore.erase`."""
    if item.name.startswith(ERASED) or item.outcome == "waiting":
        return False
    if documents is None:
        return True
    return item.kind != "archive" and any(
        is_erased_since(queued, id_, documents, now=now) for id_ in (item.document, item.name) if id_
    )


def erased_item(item: Item) -> Item:
    """The remains of an item whose document was erased."""
    # A retry looks for this member, and finds nothing.
    request = {"member": ""} if item.kind == "member" else {}
    message = "Its document was erased." if item.outcome == "refused" else ""
    return replace(item, name=f"{ERASED}{item.number}", request=request, message=message, document="")


def request_to_keep(request: Mapping[str, Any], outcome: Outcome, code: str) -> dict[str, Any]:
    """The part of an item's request that is kept with an outcome; see :meth:`JobStore.settle`."""
    # It is needed again only for a retry, and a password that proved wrong not even then. The name in an
    # archive is needed for an erasure.
    kept = ("member",) if outcome != "refused" else tuple(request)
    dropped = "password" if code == "encrypted_document" else ""
    return {key: value for key, value in request.items() if key in kept and key != dropped}


def choose_claimable(
    waiting: Iterable[Claimable], claimed: Container[int], *, limit: int, max_bytes: int, fetches: bool
) -> list[int]:
    """Choose which of the first waiting items of a job may be claimed; see :meth:`Session.claim`.

    ``claimed`` are the numbers of those that are. Returns numbers.
    """
    chosen: list[int] = []
    names: set[str] = set()
    size = 0
    for item in waiting:
        if item.kind not in UPLOADED:
            is_first = fetches and not names and item.kind == "url" and item.number not in claimed
            return [item.number] if is_first else chosen
        name = unicodedata.normalize("NFC", item.name)
        if item.number not in claimed and name not in names and len(chosen) < limit and size < max_bytes:
            chosen.append(item.number)
            size += item.bytes
        names.add(name)
    return chosen


def lease_to_run(job: Job) -> str:
    """The lease of whoever runs the jobs of the same kind for the same collection."""
    return f"{job.kind}/{job.collection}"


def new_job_id() -> str:
    """Make an id that cannot be guessed."""
    return uuid.uuid4().hex
