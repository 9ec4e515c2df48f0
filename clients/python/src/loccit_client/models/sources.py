"""Sources of collections, and their runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from loccit_client.decoding import Reply

__all__ = ["RemovedSource", "Source", "SourceRun", "SyncDetails", "SyncProgress"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRun(Reply):
    """A run of a source: ``problem`` says why it failed, or why documents were kept that may be gone."""

    began: datetime
    seconds: float
    counts: Mapping[str, int]
    problem: str
    code: str
    is_complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncProgress(Reply):
    """Entries that have been looked at, of all that are listed."""

    entries: int
    done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncDetails(Reply):
    """The source that a job synchronizes, its progress, and what it did."""

    source: str
    progress: SyncProgress | None
    result: SourceRun | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(Reply):
    """A place in another application whose documents a collection has, and its last run.

    One in a list that is stored in a form that cannot be read has its name and an ``error`` only.
    """

    name: str
    kind: str = ""
    place: str = ""
    url: str = ""
    user: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    groups: Sequence[str] | None = None
    group_prefixes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    takes_readers: bool = False
    owner: str = ""
    every_seconds: float = 0.0
    erases: bool = False
    secret: Literal["kept", "environment", "none"] = "none"  # noqa: S105
    next: datetime | None = None
    last: SourceRun | None = None
    error: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedSource(Reply):
    """A source that was removed, and how many of its documents were retired."""

    name: str
    retired: int
