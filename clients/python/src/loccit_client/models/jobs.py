"""Jobs: many documents ingested in the background, and upgrades."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from loccit_client.decoding import Reply
from loccit_client.models.collections import UpgradeDetails
from loccit_client.models.sources import SyncDetails

__all__ = [
    "FileCounts",
    "Job",
    "JobFile",
    "JobPassages",
]

FINISHED = frozenset({"done", "cancelled", "failed"})
FileState = Literal["waiting", "added", "replaced", "unchanged", "refused", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCounts(Reply):
    """Number of files by outcome. ``total`` grows while archives and sites are expanded."""

    total: int
    done: int
    added: int
    replaced: int
    unchanged: int
    refused: int
    cancelled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPassages(Reply):
    """Passages of the stored documents, and how many of them are embedded."""

    stored: int
    embedded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Reply):
    """A job and its progress. ``problem`` says why it failed; problems of files are in their list.

    ``change`` has what it has stored so far: a question asks for it as ``at_least_change``. ``unindexed``
    documents of the collection cannot be found yet, because an index has failed. ``note`` says why nothing
    happens to an unfinished one, such as that no process runs jobs.
    """

    job_id: str
    kind: Literal["ingest", "upgrade", "sync"]
    collection: str
    state: Literal["queued", "running", "embedding", "done", "cancelled", "failed"]
    problem: str
    note: str = ""
    created: datetime
    started: datetime | None
    finished: datetime | None
    bytes: int
    files: FileCounts
    passages: JobPassages
    change: int | None = None
    unindexed: int
    passages_per_second: float | None
    seconds_left: float | None
    upgrade: UpgradeDetails | None
    sync: SyncDetails | None = None
    links: Mapping[str, str]

    @property
    def is_finished(self) -> bool:
        """Whether the job is done, cancelled or failed."""
        return self.state in FINISHED


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFile(Reply):
    """A file of a job and its outcome: for a refused one the ``code`` of the error and a ``message``."""

    number: int
    name: str
    bytes: int
    state: FileState
    code: str
    message: str
    passages: int
    links: Mapping[str, str]
