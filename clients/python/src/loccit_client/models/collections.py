"""Collections, and upgrades of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from loccit_client.decoding import Reply
from loccit_client.models.documents import Purged
from loccit_client.models.state import PassageCounts

__all__ = [
    "Collection",
    "DeletedCollection",
    "Lag",
    "RefusedMirror",
    "UpgradeDetails",
    "UpgradePlan",
    "UpgradeProgress",
    "UpgradeResult",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedMirror(Reply):
    """A folder that was last mirrored in vain."""

    collection: str
    folder: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag(Reply):
    """The lag of the replying process behind the record: changes, and at most so many seconds."""

    changes: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection(Reply):
    """A collection and its size. One in a list that cannot be opened has its name and an ``error`` only."""

    name: str
    title: str = ""
    fingerprint: str = ""
    model: str = ""
    precision: str = ""
    outdated: list[str] = field(default_factory=list)
    documents: int = 0
    passages: PassageCounts | None = None
    characters: int = 0
    original_bytes: int = 0
    change: int = 0
    lag: Lag | None = None
    refused_mirrors: list[RefusedMirror] = field(default_factory=list)
    purged: Purged = "done"
    error: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedCollection(Reply):
    """A collection that was erased."""

    name: str
    purged: Purged


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradePlan(Reply):
    """The plan of an upgrade, with estimated seconds and bytes of disk; no ``changes``: nothing to do."""

    changes: list[str]
    model: str
    documents: int
    passages: int
    seconds: float
    bytes: int
    free_bytes: int
    begun: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeProgress(Reply):
    """The progress of an upgrade: versions split into passages, then passages embedded."""

    versions: int
    staged: int
    passages: int
    embedded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeResult(Reply):
    """The result of a finished upgrade."""

    fingerprint: str
    calibration_outdated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeDetails(Reply):
    """The model that was asked for, the plan, the progress and the result of an upgrade."""

    model: str
    plan: UpgradePlan
    progress: UpgradeProgress | None
    result: UpgradeResult | None
