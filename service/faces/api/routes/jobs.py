"""List, follow, cancel, retry and delete jobs."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from index import errors
from service.errors import JobNotFound, MayRaise, Overloaded
from service.faces.api.requests.jobs import JobFilesQuery, JobsQuery, RetryRequest
from service.faces.api.schemas.jobs import JobFiles, JobList, JobResponse, item_json, job_json
from service.faces.api.schemas.values import Json
from service.faces.dependencies import (
    Caller,
    Changes,
    Lookups,
    ReadyCollections,
    ReadyCredentials,
    ReadyJobs,
    ReadyPools,
    in_thread,
)
from service.flows.ingest.jobs.jobs import Jobs
from service.http.event_stream import describe_event_stream
from service.http.json_body import JsonBody
from service.http.parameters import FinishedJobId, JobId
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.state.collections import Collections
from service.state.identity import Principal, Scope, access
from service.state.jobs.records import FINISHED, Item, Job, Outcome

router = APIRouter(tags=["jobs"], route_class=ApiRoute)

_LISTED_OUTCOMES: tuple[Outcome, ...] = ("waiting", "added", "replaced", "unchanged", "refused", "cancelled")
_Changing = Annotated[ReadyJobs, MayRaise(errors.DiskFull, errors.DiskReadOnly, errors.ObjectsUnavailable)]
_POLL_SECONDS = 0.25
_CLOCKS = ("seconds_left", "passages_per_second", "change")
_NOBODY_EMBEDS = "Its passages wait, for no process embeds any now. Start `loccit worker`."
_NOBODY_RUNS_JOBS = "It waits, for no process runs jobs now. Start `loccit worker` with LOCCIT_OBJECTS."
_WAITS = "The process that tells this cannot run it now; others may. {}"
_EVENTS = describe_event_stream(
    "`event: progress` with the job as data after each change, and finally `event: finished`. `id` is the "
    "revision."
)


def current_json(collections: Collections, jobs: Jobs, job: Job) -> Json:
    """A job as JSON, with the number of its passages that are not embedded."""
    waiting, unindexed, change = 0, 0, None
    if job.last_passage:
        try:
            collection = collections.library.open(job.collection)
            waiting = 0 if job.state == "done" else collection.archive.waiting(job.last_passage)
            unindexed = collection.unindexed()
            change = collection.last_change()
        except errors.LoccitError:  # it is deleted, or cannot be opened: the job's state tells
            waiting = 0 if job.state == "done" else job.counts.passages
    return job_json(job, waiting, unindexed, change, _waiting_note(collections, jobs, job))


def _waiting_note(collections: Collections, jobs: Jobs, job: Job) -> str:
    """Explain why an unfinished job waits: no process does its work, or this one could not."""
    if job.state in FINISHED:
        return ""
    if job.state != "embedding" and (reason := jobs.runner.waiting.reason(job)):
        return _WAITS.format(reason)
    try:
        if job.state == "embedding" and collections.library.attendants() == 0:
            return _NOBODY_EMBEDS
        return _NOBODY_RUNS_JOBS if jobs.store.attendants() == 0 else ""
    except errors.LoccitError:  # who asks again will know
        return ""


@router.get("/v1/jobs", summary="List jobs", response_model=JobList)
@access(Scope.WRITE, "jobs")
@in_thread(Lookups)
def list_jobs(
    query: Annotated[JobsQuery, Query()],
    caller: Caller,
    collections: ReadyCollections,
    jobs: ReadyJobs,
) -> Response:
    """Lists jobs of the collections that the key may use, the newest first, page by page."""
    page, following = job_page(jobs, caller, query)
    return json_reply({"jobs": [current_json(collections, jobs, job) for job in page], "next": following})


def job_page(jobs: Jobs, caller: Principal, query: JobsQuery) -> tuple[list[Job], str | None]:
    """The jobs of a page that the caller may see, and where the next page begins; blocks."""
    names = caller.collections
    if query.collection:
        names = frozenset([query.collection] if caller.may_use(query.collection) else ())
    found = jobs.store.jobs(limit=query.limit + 1, before=query.before, collections=names)
    page = found[: query.limit]
    following = page[-1].id if len(found) > len(page) else None
    return [job for job in page if job.is_visible_to(caller)], following


@router.get("/v1/jobs/{job_id}", summary="Look up a job", response_model=JobResponse)
@access(Scope.WRITE, "jobs")
@in_thread(Lookups)
def get_job(job_id: JobId, caller: Caller, collections: ReadyCollections, jobs: ReadyJobs) -> Response:
    """Progress of a job: files, passages, rate and remaining time."""
    return json_reply(current_json(collections, jobs, jobs.get(caller, job_id)))


@router.get(
    "/v1/jobs/{job_id}/files",
    summary="List a job's files",
    response_model=JobFiles,
)
@access(Scope.WRITE, "jobs")
@in_thread(Lookups)
def list_files(
    job_id: JobId,
    query: Annotated[JobFilesQuery, Query()],
    caller: Caller,
    collections: ReadyCollections,
    jobs: ReadyJobs,
) -> Response:
    """Lists files in the order they were sent or found; refused files have a reason."""
    job, items, following = item_page(collections, jobs, caller, job_id, query)
    return json_reply({"files": [item_json(item, job.collection) for item in items], "next": following})


def item_page(
    collections: Collections, jobs: Jobs, caller: Principal, job_id: str, query: JobFilesQuery
) -> tuple[Job, list[Item], int | None]:
    """A job, a page of its items that the caller may see, and where the next page begins; blocks."""
    job = jobs.get(caller, job_id)
    outcomes = (query.state,) if query.state else _LISTED_OUTCOMES
    found = jobs.store.items(job_id, limit=query.limit + 1, after=query.after, outcomes=outcomes)
    page = found[: query.limit]
    following = page[-1].number if len(found) > len(page) else None
    return job, page if caller.groups is None else _readable_items(collections, caller, job, page), following


def _readable_items(
    collections: Collections, caller: Principal, job: Job, items: Sequence[Item]
) -> list[Item]:
    """The items of a job that have no document, or one that the caller may read today."""
    find = collections.open(caller, job.collection).archive.find_document
    return [item for item in items if not item.document or find(item.document) is not None]


async def job_to_follow(
    job_id: JobId, caller: Caller, jobs: ReadyJobs, pools: ReadyPools
) -> AsyncIterator[str]:
    """Check that the job exists and hold a permit, before the response starts."""
    await pools.lookups.run(jobs.get, caller, job_id)
    with jobs.followers.acquire(caller.holder):
        yield job_id


@router.get(
    "/v1/jobs/{job_id}/events",
    summary="Follow a job",
    response_class=EventSourceResponse,
    responses=_EVENTS,
)
@access(Scope.WRITE, "jobs")
async def follow_job(
    job_id: Annotated[str, Depends(job_to_follow), MayRaise(Overloaded)],
    caller: Caller,
    credentials: ReadyCredentials,
    collections: ReadyCollections,
    jobs: ReadyJobs,
    pools: ReadyPools,
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events: the job after each change, until it is finished or the caller's key is revoked."""
    last: Json = {}
    while credentials.are_current(caller):
        try:
            job = await pools.lookups.run(jobs.store.job, job_id)
        except JobNotFound:  # it was finished and deleted between two polls
            return
        finished = job.state in FINISHED
        data = await pools.lookups.run(current_json, collections, jobs, job)
        if finished or _stable_fields(data) != _stable_fields(last):
            name = "finished" if finished else "progress"
            yield ServerSentEvent(data=data, event=name, id=str(job.revision))
            last = data
        if finished:
            return
        await asyncio.sleep(_POLL_SECONDS)


def _stable_fields(job: Json) -> Json:
    """The fields of a job whose changes are sent as events: all but remaining time, rate and last change."""
    return {name: value for name, value in job.items() if name not in _CLOCKS}


@router.post(
    "/v1/jobs/{job_id}/cancel",
    summary="Cancel a job",
    response_model=JobResponse,
)
@access(Scope.WRITE, "jobs")
@in_thread(Changes)
def cancel_job(job_id: JobId, caller: Caller, collections: ReadyCollections, jobs: _Changing) -> Response:
    """Documents that are already stored are kept. Has no effect on a finished job.

    What an upgrade has prepared is dropped.
    """
    return _change_job(collections, jobs, caller, jobs.store.cancel, job_id)


@router.post(
    "/v1/jobs/{job_id}/retry",
    summary="Retry refused files",
    response_model=JobResponse,
)
@access(Scope.WRITE, "jobs")
@in_thread(Changes)
def retry_job(
    job_id: FinishedJobId,
    caller: Caller,
    collections: ReadyCollections,
    jobs: _Changing,
    body: Annotated[RetryRequest, Depends(JsonBody(RetryRequest, required=False))],
) -> Response:
    """Queues a finished job again for its refused and cancelled files; other files are not changed.

    A password opens files that were refused as encrypted; `same_bytes` adds copies that were left out.
    """
    jobs.require_room()
    password = body.password.get_secret_value()
    retry = partial(jobs.store.retry, password=password, same_bytes=body.same_bytes)
    return _change_job(collections, jobs, caller, retry, job_id)


def _change_job(
    collections: Collections, jobs: Jobs, caller: Principal, move: Callable[[str], Job], job_id: str
) -> Response:
    job = move(jobs.get(caller, job_id).id)
    jobs.runner.wake()
    return json_reply(current_json(collections, jobs, job))


@router.delete(
    "/v1/jobs/{job_id}",
    summary="Delete a job",
    status_code=204,
)
@access(Scope.WRITE, "jobs")
@in_thread(Changes)
def delete_job(job_id: FinishedJobId, caller: Caller, jobs: _Changing) -> None:
    """Deletes the job and its refused and cancelled files. Documents that it stored are kept."""
    delete_job_of(jobs, caller, job_id)


def delete_job_of(jobs: Jobs, caller: Principal, job_id: str) -> None:
    """Delete a finished job that the caller may see, and its files; blocks."""
    jobs.get(caller, job_id)
    jobs.store.delete(job_id)
    jobs.spool.clear(job_id)
