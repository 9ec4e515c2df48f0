"""Jobs: what was asked to be taken in, and how far it is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from service.jobs.records import Item, Job, JobState
from service.links import document_path, in_collection
from service.schemas.values import Json, moment

FileState = Literal["waiting", "added", "replaced", "unchanged", "refused", "cancelled"]


class FileCounts(BaseModel):
    """How many files there are, and what became of those that are done. Grows while folders are unpacked."""

    total: int
    done: int
    added: int
    replaced: int
    unchanged: int
    refused: int
    cancelled: int


class JobPassages(BaseModel):
    """Passages of the documents that were stored, and how many of them can be found by their meaning."""

    stored: int
    embedded: int


class JobResponse(BaseModel):
    """A job, and how far it is."""

    job_id: str
    collection: str
    state: JobState = Field(
        description="queued, running, embedding (all files are stored and can be found by their words), and "
        "then done, cancelled or failed."
    )
    problem: str = Field(description="Why it failed; empty otherwise. For one file see `links.files`.")
    created: datetime
    started: datetime | None
    finished: datetime | None
    bytes: int = Field(description="Of all its files.")
    files: FileCounts
    passages: JobPassages
    passages_per_second: float | None = Field(description="Embedded so far, since the job was started.")
    seconds_left: float | None = Field(description="An estimate; null while there is nothing to tell by.")
    links: dict[str, str]


class JobList(BaseModel):
    """Jobs, the newest first."""

    jobs: list[JobResponse]
    next: str | None = Field(description="Give it as `before` for the next page; null on the last.")


class JobFile(BaseModel):
    """A file of a job, and what became of it."""

    number: int
    name: str = Field(
        description="The document's id, the address that was fetched, or a ZIP file that was refused."
    )
    bytes: int
    state: FileState
    code: str = Field(description="Why it was refused, as an error code; empty otherwise.")
    message: str = Field(description="The same for people, with what to do.")
    passages: int
    links: dict[str, str]


class JobFiles(BaseModel):
    """Files of a job in the order they were sent or found."""

    files: list[JobFile]
    next: int | None = Field(description="Give it as `after` for the next page; null on the last.")


def job_json(job: Job, waiting: int) -> Json:
    """A job as :class:`JobResponse`; ``waiting`` is how many passages up to its last have no vector yet."""
    counted, outcomes = job.counted, job.counted.outcomes
    embedded = counted.passages - min(counted.passages, waiting)
    elapsed = (job.finished or time.time()) - job.started if job.started else 0.0
    self_link = f"/v1/jobs/{job.id}"
    return {
        "job_id": job.id,
        "collection": job.collection,
        "state": job.state,
        "problem": job.problem,
        "created": moment(job.created),
        "started": None if job.started is None else moment(job.started),
        "finished": None if job.finished is None else moment(job.finished),
        "bytes": counted.bytes,
        "files": {
            "total": counted.total,
            "done": counted.done,
            **{name: outcomes.get(name, 0) for name in _OUTCOMES},
        },
        "passages": {"stored": counted.passages, "embedded": embedded},
        "passages_per_second": round(embedded / elapsed, 1) if elapsed and embedded else None,
        "seconds_left": _seconds_left(job, embedded, elapsed),
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
    """At the rate so far, if the files to come have as many passages as those that are done."""
    if job.finished is not None:
        return 0.0
    counted = job.counted
    if not elapsed or not counted.done:
        return None
    stored = counted.passages * counted.total / counted.done
    if not stored:
        return round(elapsed * (counted.total - counted.done) / counted.done, 1)
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
