"""Ingest many documents, and follow jobs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict

from loccit_client.calls import Call, Events, Pages, nothing, one, page, without_defaults
from loccit_client.decoding import decode
from loccit_client.errors import InvalidReply
from loccit_client.models import Job, JobFile
from loccit_client.models.jobs import FileState
from loccit_client.sse import ServerEvent
from loccit_client.uploading import File, Progress, form

_JOB = "/v1/jobs/{job_id}"


@dataclass(frozen=True, slots=True)
class JobEvent:
    """``progress`` or ``finished``, with the job as it is then."""

    name: str
    job: Job


class TextDocument(TypedDict):
    """A document as text, with its id."""

    document_id: str
    text: str
    title: NotRequired[str]
    source: NotRequired[str]
    metadata: NotRequired[Mapping[str, Any]]
    groups: NotRequired[Sequence[str]]
    media_type: NotRequired[str]


class Crawl(TypedDict):
    """A site to crawl: from this page, links on the same host below its folder."""

    url: str
    max_pages: NotRequired[int]
    max_depth: NotRequired[int]


def ingest(
    files: Iterable[File],
    *,
    prefix: str = "",
    metadata: Mapping[str, Any] | None = None,
    groups: Sequence[str] | None = None,
    password: str = "",
    same_bytes: Literal["keep", "skip"] = "keep",
    collection: str | None = None,
    on_progress: Progress | None = None,
) -> Call[Job]:
    """Upload files, folders, ZIP files or named bytes; the job ingests them in the background.

    The id of a document is ``prefix`` and the file's name, or its path below the folder. ``metadata`` are
    those of all files; ``password`` opens encrypted ones; ``same_bytes="skip"`` leaves out files whose bytes
    a document has under another id. Raises :class:`FileNotFoundError`.
    """
    return Call(
        method="POST",
        path="/v1/ingest",
        query={
            "prefix": prefix or None,
            "groups": None if groups is None else ",".join(groups),
            "same_bytes": None if same_bytes == "keep" else same_bytes,
        },
        upload=form(files, metadata=metadata, password=password, on_progress=on_progress),
        read=one(Job),
        collection=collection,
        repeatable=False,
    )


def ingest_texts(
    documents: Sequence[TextDocument],
    *,
    prefix: str = "",
    groups: Sequence[str] | None = None,
    collection: str | None = None,
) -> Call[Job]:
    """Ingest documents as texts, in the background."""
    return _from_json({"documents": list(documents)}, prefix=prefix, groups=groups, collection=collection)


def ingest_web(
    urls: Sequence[str] = (),
    *,
    sitemaps: Sequence[str] = (),
    crawls: Sequence[Crawl] = (),
    metadata: Mapping[str, Any] | None = None,
    groups: Sequence[str] | None = None,
    collection: str | None = None,
) -> Call[Job]:
    """Let the service fetch pages or files, all pages of sitemaps, and sites, in the background."""
    body = without_defaults(
        urls=list(urls), sitemaps=list(sitemaps), crawls=list(crawls), metadata=dict(metadata or {})
    )
    return _from_json(body, prefix="", groups=groups, collection=collection)


def _from_json(
    body: dict[str, Any], *, prefix: str, groups: Sequence[str] | None, collection: str | None
) -> Call[Job]:
    given = {} if groups is None else {"groups": list(groups)}
    return Call(
        method="POST",
        path="/v1/ingest",
        query={"prefix": prefix or None},
        json={**body, **given},
        read=one(Job),
        collection=collection,
        repeatable=False,
    )


def list_all(*, collection: str = "", page_size: int = 20) -> Pages[Job]:
    """All jobs, the newest first, read page by page; of one collection or of all."""
    call: Call[Any] = Call(
        method="GET",
        path="/v1/jobs",
        query={"limit": page_size, "collection": collection or None},
        read=page(Job, "jobs"),
        has_collection=False,
    )
    return Pages(call=call, cursor="before")


def get(job_id: str) -> Call[Job]:
    """A job and its progress."""
    return Call(method="GET", path=_JOB, named={"job_id": job_id}, read=one(Job), has_collection=False)


def files(job_id: str, *, state: FileState | None = None, page_size: int = 100) -> Pages[JobFile]:
    """The files of a job and their outcomes, read page by page; all, or those in one state."""
    call: Call[Any] = Call(
        method="GET",
        path=f"{_JOB}/files",
        named={"job_id": job_id},
        query={"state": state, "limit": page_size},
        read=page(JobFile, "files"),
        has_collection=False,
    )
    return Pages(call=call, cursor="after")


def events(job_id: str) -> Events[JobEvent]:
    """The job after each change, until it is finished."""
    call = Call(
        method="GET",
        path=f"{_JOB}/events",
        named={"job_id": job_id},
        read=nothing,
        has_collection=False,
    )
    return Events(call=call, read=_event)


def cancel(job_id: str) -> Call[Job]:
    """Cancel what is not done yet of a job."""
    return Call(
        method="POST",
        path=f"{_JOB}/cancel",
        named={"job_id": job_id},
        read=one(Job),
        has_collection=False,
    )


def retry(job_id: str, *, password: str = "", same_bytes: bool = False) -> Call[Job]:
    """Queue the refused files of a finished job again, with a password for encrypted ones.

    ``same_bytes`` adds files that were left out because a document has their bytes.
    """
    return Call(
        method="POST",
        path=f"{_JOB}/retry",
        named={"job_id": job_id},
        json=without_defaults(password=password, same_bytes=same_bytes) or None,
        read=one(Job),
        has_collection=False,
        repeatable=False,
    )


def delete(job_id: str) -> Call[None]:
    """Delete a finished job; documents that it stored are kept."""
    return Call(method="DELETE", path=_JOB, named={"job_id": job_id}, read=nothing, has_collection=False)


def _event(event: ServerEvent) -> JobEvent:
    try:
        return JobEvent(event.name, decode(Job, json.loads(event.data)))
    except ValueError:
        raise InvalidReply("An event of a job is not JSON. Is this a Loccit service?") from None
