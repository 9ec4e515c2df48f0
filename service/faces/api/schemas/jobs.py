"""Response models: jobs and their progress."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from service.faces.api.schemas.sources import SyncDetails
from service.faces.api.schemas.upgrades import UpgradeDetails, upgrade_seconds_left
from service.faces.api.schemas.values import Json, moment
from service.http.links import document_path, in_collection, job_path
from service.state.jobs.records import Item, Job, JobKind, JobState

FileState = Literal["waiting", "added", "replaced", "unchanged", "refused", "cancelled"]


class FileCounts(BaseModel):
    """Number of files by outcome. `total` grows while archives and sites are expanded."""

    total: int
    done: int
    added: int
    replaced: int
    unchanged: int
    refused: int
    cancelled: int


class JobPassages(BaseModel):
    """Passages of the stored documents, and how many of them are embedded."""

    stored: int
    embedded: int


class JobResponse(BaseModel):
    """A job and its progress."""

    job_id: str
    kind: JobKind
    collection: str
    state: JobState = Field(
        description="queued, running, embedding (all files are stored and can be found by their words), and "
        "finally done, cancelled or failed. An upgrade is never embedding."
    )
    problem: str = Field(
        description="Why the job failed; else empty. For problems of files see `links.files`."
    )
    note: str = Field(
        description="Why nothing happens to an unfinished job now, such as that no process runs jobs; else "
        "empty."
    )
    created: datetime
    started: datetime | None
    finished: datetime | None
    bytes: int = Field(description="Total size of its files.")
    files: FileCounts
    passages: JobPassages
    change: int | None = Field(
        description="A change of the collection that has all that the job has stored so far: "
        "`at_least_change` of a question asks for it, whichever process answers. Null while nothing is "
        "stored, or if the collection cannot be opened."
    )
    unindexed: int = Field(
        description="Documents of the collection that are stored and cannot be found yet, by meaning or by "
        "words, because an index has failed: the service adds them as soon as it works again."
    )
    passages_per_second: float | None = Field(description="Average rate of embedding since the job started.")
    seconds_left: float | None = Field(description="Estimated remaining time; null while it is unknown.")
    upgrade: UpgradeDetails | None = Field(description="Of an upgrade; else null.")
    sync: SyncDetails | None = Field(description="Of a run of a source; else null.")
    links: dict[str, str]


class JobList(BaseModel):
    """A page of jobs, the newest first."""

    jobs: list[JobResponse]
    next: str | None = Field(description="Use it as `before` of the next page; null on the last page.")


class JobFile(BaseModel):
    """A file of a job and its outcome."""

    number: int
    name: str = Field(description="The document id, the fetched URL, or the name of a refused ZIP file.")
    bytes: int
    state: FileState
    code: str = Field(description="Error code of a refused file; else empty.")
    message: str = Field(
        description="The same in words, with what to do. Of a replaced file whose text is the same, that it "
        "made no new version."
    )
    passages: int
    links: dict[str, str]


class JobFiles(BaseModel):
    """A page of a job's files in the order they were sent or found."""

    files: list[JobFile]
    next: int | None = Field(description="Use it as `after` of the next page; null on the last page.")


def job_json(job: Job, waiting: int, unindexed: int, change: int | None, note: str = "") -> Json:
    """A job as :class:`JobResponse`; ``waiting`` is the number of its passages that are not embedded.

    ``change`` was read after the job.
    """
    counts, outcomes = job.counts, job.counts.outcomes
    embedded = counts.passages - min(counts.passages, waiting)
    elapsed = (job.finished or time.time()) - job.started if job.started else 0.0
    self_link = job_path(job.id)
    return {
        "job_id": job.id,
        "kind": job.kind,
        "collection": job.collection,
        "state": job.state,
        "problem": job.problem,
        "note": note,
        "created": moment(job.created),
        "started": None if job.started is None else moment(job.started),
        "finished": None if job.finished is None else moment(job.finished),
        "bytes": counts.bytes,
        "files": {
            "total": counts.total,
            "done": counts.done,
            **{name: outcomes.get(name, 0) for name in _OUTCOMES},
        },
        "passages": {"stored": counts.passages, "embedded": embedded},
        "change": change,
        "unindexed": unindexed,
        "passages_per_second": round(embedded / elapsed, 1) if elapsed and embedded else None,
        "seconds_left": _seconds_left(job, embedded, elapsed),
        "upgrade": dict(job.details) if job.kind == "upgrade" else None,
        "sync": dict(job.details) if job.kind == "sync" else None,
        "links": {"self": self_link, "files": f"{self_link}/files", "events": f"{self_link}/events"},
    }


_OUTCOMES: Sequence[Literal["added", "replaced", "unchanged", "refused", "cancelled"]] = (
    "added",
    "replaced",
    "unchanged",
    "refused",
    "cancelled",
)


def _seconds_left(job: Job, embedded: int, elapsed: float) -> float | None:
    """The remaining time at the present rate, if the remaining files have as many passages as the others."""
    if job.finished is not None:
        return 0.0
    counts = job.counts
    if job.kind == "upgrade":
        return upgrade_seconds_left(job.details)
    if not elapsed or not counts.done:
        return None
    stored = counts.passages * counts.total / counts.done
    if not stored:
        return round(elapsed * (counts.total - counts.done) / counts.done, 1)
    return round(elapsed * (stored - embedded) / embedded, 1) if embedded else None


def item_json(item: Item, collection: str) -> Json:
    """An item as :class:`JobFile`."""
    links = {"document": in_collection(document_path(item.document), collection)} if item.document else {}
    return {
        "number": item.number,
        "name": item.name,
        "bytes": item.bytes,
        "state": item.outcome,
        "code": item.code,
        "message": item.message,
        "passages": item.passages,
        "links": links,
    }
