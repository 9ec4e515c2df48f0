"""Documents, their versions and their changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from loccit_client.decoding import Reply
from loccit_client.models.citations import Edit, Standing
from loccit_client.models.state import IndexState, PassageCounts

__all__ = [
    "ChangedCitation",
    "Changes",
    "DeletedDocument",
    "Diff",
    "Document",
    "Event",
    "Hunk",
    "Line",
    "PruneResult",
    "PrunedVersion",
    "PutDocument",
    "RetiredDocument",
    "StoredDocument",
    "Version",
    "VersionList",
]

Purged = Literal["pending", "done"]
"""``pending`` while files of the data folder may still hold bytes of what was erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(Reply):
    """A stored document with its newest version. ``length`` counts code points; ``groups`` may read it."""

    document_id: str
    title: str
    source: str
    media_type: str
    metadata: Mapping[str, Any]
    says_of_itself: Mapping[str, Any]
    groups: list[str]
    version: int
    versions: int
    text_sha256: str
    source_sha256: str
    reader: str
    length: int
    created: datetime
    updated: datetime
    retired: datetime | None
    passages: PassageCounts
    links: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument(Document):
    """A document after a write. ``change`` has it: a question asks for it as ``at_least_change``."""

    change: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PutDocument(StoredDocument):
    """A document after it was put, and whether it was new."""

    status: Literal["added", "replaced", "unchanged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedDocument(Reply):
    """A document that was erased, with this many versions and passages; ``change`` has that."""

    document_id: str
    versions: int
    purged: Purged
    passages: int = 0
    change: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Version(Reply):
    """A version of a document's text; ``replaced`` by a newer one, or retired, at that time."""

    version: int
    title: str
    text_sha256: str
    source_sha256: str
    reader: str
    length: int
    created: datetime
    replaced: datetime | None
    links: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionList(Reply):
    """The versions of a document that are kept, newest first."""

    document_id: str
    retired: datetime | None
    versions: list[Version]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(Reply):
    """A line of a difference. If a similar line replaced it, ``edits`` has the changed words."""

    kind: Literal["equal", "delete", "insert"]
    text: str
    edits: list[Edit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunk(Reply):
    """Changed lines with some context; offsets are code points of the two texts."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int
    lines: list[Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff(Reply):
    """The difference between two versions of a document."""

    document_id: str
    old: Version
    new: Version
    hunks: list[Hunk]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrunedVersion(Reply):
    """A version to erase."""

    document_id: str
    version: int
    replaced: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RetiredDocument(Reply):
    """A retired document to erase, with all its versions."""

    document_id: str
    retired: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneResult(Reply):
    """Versions and documents that are erased, or would be unless ``done``; ``broken`` locators break."""

    done: bool
    versions: list[PrunedVersion]
    retired: list[RetiredDocument]
    broken: list[str]
    purged: Purged
    change: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Reply):
    """One change of a document; ``was`` is the earlier id of a renamed one."""

    change: int
    document_id: str
    kind: Literal["added", "replaced", "updated", "renamed", "retired", "restored", "pruned", "deleted"]
    was: str
    version: int
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedCitation(Reply):
    """The status of a citation; ``deleted`` if its document is, ``lost`` if the cited text is not kept."""

    locator: str
    status: Literal["current", "moved", "reformatted", "changed", "gone", "deleted", "lost"]
    standing: Standing | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes(Reply):
    """Changes after ``since``, up to ``until``: use it as ``since`` of the next request."""

    since: int
    until: int
    more: bool
    documents: list[Event]
    citations: list[ChangedCitation]
    index: IndexState
