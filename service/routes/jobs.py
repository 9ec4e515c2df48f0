"""Jobs: how far they are, what became of their files, and to cancel, repeat and forget them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from index import errors
from service.errors import BodyTooLarge, InvalidRequest, JobNotFinished, JobNotFound, NotReady, Overloaded
from service.jobs.records import FINISHED, Job, Outcome
from service.openapi import json_body, responses
from service.replies import json_reply
from service.requests.base import read_json
from service.requests.jobs import JobFilesQuery, JobsQuery, RetryRequest
from service.runtime import ReadyRuntime, Runtime
from service.schemas.jobs import JobFiles, JobList, JobResponse, item_json, job_json
from service.schemas.values import Json

router = APIRouter(tags=["jobs"])

JobId = Annotated[str, Path(description="The job's id.")]
_ERRORS = (InvalidRequest, NotReady)
_ONE = (*_ERRORS, JobNotFound)
_SHOWN: tuple[Outcome, ...] = ("waiting", "added", "replaced", "unchanged", "refused", "cancelled")
_LOOK_SECONDS = 0.25
_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "`event: progress` with the job as its data whenever something changed, and "
        "`event: finished` at last. `id` is the revision.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


def shown(runtime: Runtime, job: Job) -> Json:
    """A job with the passages of it that wait for their vectors."""
    waiting = 0
    if job.mark and job.state != "done":
        try:
            waiting = runtime.library.open(job.collection).waiting(job.mark)
        except errors.LoccitError:  # it is deleted, or cannot be opened: the job's state tells
            waiting = job.counted.passages
    return job_json(job, waiting)


@router.get("/v1/jobs", summary="List jobs", response_model=JobList, responses=responses(*_ERRORS))
async def list_jobs(query: Annotated[JobsQuery, Query()], runtime: ReadyRuntime) -> Response:
    """The newest first, page by page."""
    return await runtime.read(_listed, runtime, query)


def _listed(runtime: Runtime, query: JobsQuery) -> Response:
    jobs = runtime.jobs.store.jobs(limit=query.limit + 1, before=query.before, collection=query.collection)
    page = jobs[: query.limit]
    following = page[-1].id if len(jobs) > len(page) else None
    return json_reply({"jobs": [shown(runtime, job) for job in page], "next": following})


@router.get(
    "/v1/jobs/{job_id}", summary="How far a job is", response_model=JobResponse, responses=responses(*_ONE)
)
async def get_job(job_id: JobId, runtime: ReadyRuntime) -> Response:
    """Files, passages, rate and time left."""
    return await runtime.read(_job, runtime, job_id)


def _job(runtime: Runtime, job_id: str) -> Response:
    return json_reply(shown(runtime, runtime.jobs.store.job(job_id)))


@router.get(
    "/v1/jobs/{job_id}/files",
    summary="What became of a job's files",
    response_model=JobFiles,
    responses=responses(*_ONE),
)
async def list_files(
    job_id: JobId, query: Annotated[JobFilesQuery, Query()], runtime: ReadyRuntime
) -> Response:
    """In the order they were sent or found; those that were refused with the reason."""
    return await runtime.read(_files, runtime, job_id, query)


def _files(runtime: Runtime, job_id: str, query: JobFilesQuery) -> Response:
    job = runtime.jobs.store.job(job_id)
    outcomes = (query.state,) if query.state else _SHOWN
    found = runtime.jobs.store.items(job_id, limit=query.limit + 1, after=query.after, outcomes=outcomes)
    page = found[: query.limit]
    following = page[-1].number if len(found) > len(page) else None
    return json_reply({"files": [item_json(item, job.collection) for item in page], "next": following})


async def followed(job_id: JobId, runtime: ReadyRuntime) -> AsyncIterator[str]:
    """A job that is there, and a permit to follow it; asked before the answer begins."""
    await runtime.read(runtime.jobs.store.job, job_id)
    with runtime.following.one():
        yield job_id


@router.get(
    "/v1/jobs/{job_id}/events",
    summary="Follow a job",
    response_class=EventSourceResponse,
    responses={**_EVENTS, **responses(*_ONE, Overloaded)},
)
async def follow_job(
    job_id: Annotated[str, Depends(followed)], runtime: ReadyRuntime
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events: the job again whenever something changed, until it is finished."""
    last: Json = {}
    while True:
        try:
            job = await runtime.read(runtime.jobs.store.job, job_id)
        except JobNotFound:  # it was finished and forgotten between two looks
            return
        finished = job.state in FINISHED
        data = await runtime.read(shown, runtime, job)
        if finished or _news(data) != _news(last):
            name = "finished" if finished else "progress"
            yield ServerSentEvent(data=data, event=name, id=str(job.revision))
            last = data
        if finished:
            return
        await asyncio.sleep(_LOOK_SECONDS)


def _news(job: Json) -> Json:
    """What of a job is told when it changes: not its clocks, which always do."""
    return {name: value for name, value in job.items() if name not in ("seconds_left", "passages_per_second")}


@router.post(
    "/v1/jobs/{job_id}/cancel",
    summary="Cancel a job",
    response_model=JobResponse,
    responses=responses(*_ONE),
)
async def cancel_job(job_id: JobId, runtime: ReadyRuntime) -> Response:
    """What is stored already stays; the rest is left. One that is finished stays as it is."""
    return await runtime.write(_moved, runtime, runtime.jobs.store.cancel, job_id)


@router.post(
    "/v1/jobs/{job_id}/retry",
    summary="Try again what was refused",
    response_model=JobResponse,
    responses=responses(*_ONE, JobNotFinished, BodyTooLarge),
    openapi_extra={"requestBody": {**json_body(RetryRequest)["requestBody"], "required": False}},
)
async def retry_job(job_id: JobId, request: Request, runtime: ReadyRuntime) -> Response:
    """Queues a finished job again for its files that were refused or cancelled; others are not touched.

    With a password, files that were refused as encrypted are opened by it.
    """
    body = await request.body()
    wanted = read_json(RetryRequest, body) if body else RetryRequest()
    retry = partial(runtime.jobs.store.retry, password=wanted.password.get_secret_value())
    return await runtime.write(_moved, runtime, retry, job_id)


def _moved(runtime: Runtime, move: Callable[[str], Job], job_id: str) -> Response:
    job = move(job_id)
    runtime.jobs.wake()
    return json_reply(shown(runtime, job))


@router.delete(
    "/v1/jobs/{job_id}",
    summary="Forget a job",
    status_code=204,
    responses=responses(*_ONE, JobNotFinished),
)
async def delete_job(job_id: JobId, runtime: ReadyRuntime) -> None:
    """And the files of it that were refused or cancelled. Documents that it stored stay."""
    await runtime.write(_delete, runtime, job_id)


def _delete(runtime: Runtime, job_id: str) -> None:
    runtime.jobs.store.delete(job_id)
    runtime.jobs.spool.clear(job_id)
